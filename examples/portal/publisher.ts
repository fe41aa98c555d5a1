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
  app.get('/landing', (_request, response) => response.send(LANDING));
  app.get('/licensed/iowa-electricity.csv', (request, response) => {
    if (/(^|; )licence=accepted/.test(request.headers.cookie ?? ''))
      response.sendFile('iowa-electricity.csv', { root: FILES });
    else response.send(LICENCE);
  });
  app.post('/licence', express.urlencoded({ extended: false }), (request, response) => {
    if (request.body?.accept !== 'yes') return response.status(400).type('text').send('Please accept the licence.\n');
    return response
      .cookie('licence', 'accepted', { path: '/licensed' })
      .redirect(303, '/licensed/iowa-electricity.csv');
  });
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

const LANDING = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Stock prices</title></head>
<body><nav><a href="/">Start</a> <a href="/about">About our data</a></nav>
<main><h1>Stock prices</h1><p>Monthly closing prices of five companies.</p>
<h2>Downloads</h2><ul><li><a href="/data/stocks.csv" download>Stock prices (CSV, 12 kB)</a></li></ul></main>
<footer><a href="/terms">Terms of use</a></footer></body></html>
`;

const LICENCE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Licence</title></head>
<body><h1>Licence</h1><p>These data may be used by anybody for anything, under the terms of the Open Data Commons.</p>
<form method="post" action="/licence"><label><input type="checkbox" name="accept" value="yes" required> I accept the
licence</label> <button>Download</button></form></body></html>
`;
