import { createServer } from 'node:http';
import { addressOf } from './addresses.ts';

// A publisher that takes its time, and whose files never change: `slowPublisher.ts <port> <delay in ms> <addresses>`.
const [port = '0', delay = '0', addresses = '1'] = process.argv.slice(2);
const delayMs = Number(delay);

for (let host = 0; host < Number(addresses); host++) {
  const server = createServer((request, response) => {
    const answer = () => {
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304, { etag: '"1"' }).end();
      else response.writeHead(200, { etag: '"1"', 'content-type': 'text/csv' }).end(`id,url\n1,${request.url}\n`);
    };
    if (delayMs > 0) setTimeout(answer, delayMs);
    else answer();
  });
  server.keepAliveTimeout = 60_000;
  server.listen(Number(port), addressOf(host));
}
