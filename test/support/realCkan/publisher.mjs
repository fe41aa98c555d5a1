// A small publisher on loopback: PUBLISHER_PORT, request log (one line a request) in PUBLISHER_LOG.
//   /csv/N.csv /json/N.json /zip/N.zip /geojson/N.geojson   a file, with ETag and Last-Modified, answers 304
//   /plain/N.csv      a file without validators
//   /redirect/N       302 to /csv/N.csv;  /loop/N  302 to itself
//   /missing/N 404, /gone/N 410, /error/N 500, /login/N 403
//   /page/N           an HTML page (200) where a file was promised
//   /empty/N.csv      200 with no bytes;   /slow/N.csv  answers after 3 s;   /big/N.csv  5 MB
//   /dead/N           closes the connection without an answer
//   anything else below /u/  a CSV whose name is the path (unicode, long URLs)

import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { deflateRawSync, crc32 as nodeCrc } from 'node:zlib';

const port = Number(process.env.PUBLISHER_PORT ?? 30511);
const log = process.env.PUBLISHER_LOG;
const crc32 =
  nodeCrc ??
  ((buf) => {
    let c = ~0;
    for (const b of buf) {
      c ^= b;
      for (let k = 0; k < 8; k += 1) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    }
    return ~c >>> 0;
  });
const zip = (name, data) => {
  const packed = deflateRawSync(data);
  const file = Buffer.from(name);
  const head = Buffer.alloc(26);
  head.writeUInt16LE(20, 0);
  head.writeUInt16LE(8, 4);
  head.writeUInt16LE(0x5821, 8);
  head.writeUInt32LE(crc32(data), 10);
  head.writeUInt32LE(packed.length, 14);
  head.writeUInt32LE(data.length, 18);
  head.writeUInt16LE(file.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), head, file, packed]);
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), head, Buffer.alloc(14), file]);
  central.writeUInt32LE(0, 42);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
};
const csv = (key, rows) => {
  let text = 'id;name;value\n'.replaceAll(';', ',');
  for (let i = 0; i < rows; i += 1) text += `${i},${key}-${i},${(i * 7919) % 1000}\n`;
  return Buffer.from(text);
};
const geo = (key) =>
  JSON.stringify({
    type: 'FeatureCollection',
    name: key,
    features: Array.from({ length: 50 }, (_, i) => ({
      type: 'Feature',
      properties: { id: i },
      geometry: { type: 'Point', coordinates: [i / 10, 50 + i / 10] },
    })),
  });
const modified = new Date(Date.UTC(2026, 0, 15, 12)).toUTCString();
const body = (kind, key) =>
  ({
    csv: () => ['text/csv', csv(key, 500)],
    plain: () => ['text/csv', csv(`plain${key}`, 500)],
    u: () => ['text/csv; charset=utf-8', csv(`u${key.length}`, 100)],
    slow: () => ['text/csv', csv(`slow${key}`, 100)],
    empty: () => ['text/csv', Buffer.alloc(0)],
    big: () => ['text/csv', csv(`big${key}`, 230_000)],
    json: () => [
      'application/json',
      Buffer.from(JSON.stringify({ key, values: Array.from({ length: 300 }, (_, i) => i * 3) })),
    ],
    geojson: () => ['application/geo+json', Buffer.from(geo(key))],
    zip: () => ['application/zip', zip(`${key}.csv`, csv(key, 800))],
    page: () => [
      'text/html; charset=utf-8',
      Buffer.from(`<!doctype html><title>Dataset ${key}</title><h1>Dataset ${key}</h1><p>Choose a file.</p>`),
    ],
  })[kind]?.();

createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://x');
  const [, kind, ...rest] = pathname.split('/');
  const key = rest.join('/').replace(/\.\w+$/, '');
  if (log)
    appendFileSync(
      log,
      `${Date.now()} ${request.method} ${request.url.slice(0, 120)} ${request.headers.authorization ? 'AUTH ' : ''}${request.headers['user-agent'] ?? ''}\n`,
    );
  const status = { missing: 404, gone: 410, error: 500, login: 403 }[kind];
  if (status) return void response.writeHead(status, { 'content-type': 'text/plain' }).end(`status ${status}\n`);
  if (kind === 'redirect') return void response.writeHead(302, { location: `/csv/r${key}.csv` }).end();
  if (kind === 'loop') return void response.writeHead(302, { location: request.url }).end();
  if (kind === 'dead') return void request.socket.destroy();
  const made = body(kind, key);
  if (!made) return void response.writeHead(404, { 'content-type': 'text/plain' }).end('no such file\n');
  const [type, data] = made;
  const headers = { 'content-type': type, 'content-length': data.length };
  if (!['plain', 'page', 'empty'].includes(kind)) {
    headers.etag = `"${createHash('md5').update(data).digest('hex').slice(0, 16)}"`;
    headers['last-modified'] = modified;
    if (request.headers['if-none-match'] === headers.etag)
      return void response.writeHead(304, { etag: headers.etag }).end();
  }
  const send = () => response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : data);
  if (kind === 'slow') setTimeout(send, 3000);
  else send();
}).listen(port, '127.0.0.1', () => console.log(`publisher on http://127.0.0.1:${port}`));
