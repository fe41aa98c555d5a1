import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

// The file server of a benchmark on a system without nginx: `staticServer.ts <root> <port>`.
const [root = '.', port = '0'] = process.argv.slice(2);

createServer((request, response) => {
  const path = join(root, new URL(request.url ?? '/', 'http://localhost').pathname);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) {
    response.writeHead(404).end();
    return;
  }
  const etag = `"${found.size.toString(16)}-${Math.floor(found.mtimeMs).toString(16)}"`;
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, { etag }).end();
    return;
  }
  response.writeHead(200, { etag, 'content-length': found.size, 'content-type': 'text/csv' });
  createReadStream(path, { highWaterMark: 256 * 1024 }).pipe(response);
}).listen(Number(port), '127.0.0.1');
