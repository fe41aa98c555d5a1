import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import express, { type Express } from 'express';

/** Data files of the package `vega-datasets`, public-domain or openly licensed by its `datapackage.json`. */
export const FILES = fileURLToPath(new URL('../data', import.meta.resolve('vega-datasets')));

const TOO_LARGE = 8 * 2 ** 40;
const SLOW_MS = 2500;

/** Somebody else's web server: good files, and one of everything that goes wrong with links. */
export function createPublisher(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use('/data', express.static(FILES, { index: false }));
  app.get('/old/seattle-weather.csv', (_request, response) => response.redirect(301, '/data/seattle-weather.csv'));
  app.get('/about', (_request, response) => response.send(PAGE));
  app.get('/slow/weekly-weather.json', async (_request, response) => {
    response.type('json').flushHeaders();
    for await (const chunk of createReadStream(join(FILES, 'weekly-weather.json'), { highWaterMark: 256 })) {
      response.write(chunk);
      await wait(SLOW_MS / 5);
    }
    response.end();
  });
  app.get('/everything.zip', (_request, response) => {
    response.set({ 'Content-Type': 'application/zip', 'Content-Length': String(TOO_LARGE) });
    Readable.from(zeros())
      .on('error', () => undefined)
      .pipe(response);
    response.on('close', () => response.destroy());
  });
  app.use((_request, response) => response.status(404).type('text').send('No such file.\n'));
  return app;
}

function* zeros(): Generator<Buffer> {
  const block = Buffer.alloc(65_536);
  for (let sent = 0; sent < TOO_LARGE; sent += block.length) yield block;
}

const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>About our data</title></head>
<body><h1>About our data</h1><p>Please choose a file from the list.</p></body></html>
`;
