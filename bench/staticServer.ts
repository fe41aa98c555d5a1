import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { addressOf } from './addresses.ts';

// The file server of a benchmark on a system without nginx: `staticServer.ts <root> <port> <addresses>`. It answers GET
// and nothing else, straight on the socket and small files from memory, so that it is not what is measured.
const [root = '.', port = '0', addresses = '1'] = process.argv.slice(2);
const SMALL_BYTES = 256 * 1024;

interface File {
  readonly path: string;
  readonly etag: string;
  /** The whole answer for a small file, the head alone for a larger one. */
  readonly answer: Buffer;
  readonly whole: boolean;
  readonly unchanged: Buffer;
}

const files = new Map<string, File | null>();

function fileAt(target: string): File | null {
  const known = files.get(target);
  if (known !== undefined) return known;
  const path = join(root, new URL(target, 'http://localhost').pathname);
  const found = statSync(path, { throwIfNoEntry: false });
  const file = found?.isFile() ? openFile(path, found) : null;
  files.set(target, file);
  return file;
}

function openFile(path: string, { size, mtimeMs }: { readonly size: number; readonly mtimeMs: number }): File {
  const etag = `"${size.toString(16)}-${Math.floor(mtimeMs).toString(16)}"`;
  const head = `HTTP/1.1 200 OK\r\netag: ${etag}\r\ncontent-length: ${size}\r\ncontent-type: text/csv\r\n\r\n`;
  const whole = size <= SMALL_BYTES;
  const answer = whole ? Buffer.concat([Buffer.from(head), readWhole(path, size)]) : Buffer.from(head);
  return { path, etag, answer, whole, unchanged: Buffer.from(`HTTP/1.1 304 Not Modified\r\netag: ${etag}\r\n\r\n`) };
}

function readWhole(path: string, size: number): Buffer {
  const body = Buffer.alloc(size);
  const file = openSync(path, 'r');
  readSync(file, body, 0, size, 0);
  closeSync(file);
  return body;
}

const MISSING = Buffer.from('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');

function answer(socket: Socket, request: string): Promise<void> | null {
  const file = fileAt(/^GET (\S+)/.exec(request)?.[1] ?? '/');
  if (!file) {
    socket.write(MISSING);
    return null;
  }
  if (/^if-none-match: *(.*)$/im.exec(request)?.[1]?.trim() === file.etag) {
    socket.write(file.unchanged);
    return null;
  }
  socket.write(file.answer);
  if (file.whole) return null;
  return new Promise((resolve) => {
    createReadStream(file.path, { highWaterMark: 512 * 1024 })
      .on('end', resolve)
      .pipe(socket, { end: false });
  });
}

for (let host = 0; host < Number(addresses); host++) {
  createServer({ noDelay: true }, (socket) => {
    let pending = '';
    let answering: Promise<void> = Promise.resolve();
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1');
      for (let end = pending.indexOf('\r\n\r\n'); end >= 0; end = pending.indexOf('\r\n\r\n')) {
        const request = pending.slice(0, end);
        pending = pending.slice(end + 4);
        answering = answering.then(() => answer(socket, request) ?? undefined);
      }
    });
  }).listen(Number(port), addressOf(host));
}
