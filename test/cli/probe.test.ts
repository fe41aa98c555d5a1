import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { runCommand } from '../support/runCommand.ts';

const run = promisify(execFile);
const BODY = 'id,name\n1,Ada\n2,Grace\n';
const hash = (name: string) => createHash(name).update(BODY).digest('hex');

describe('the probe', () => {
  let server: Server;
  let site = '';
  let environment: Record<string, string> = {};
  let folder = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archiver-probe-'));
    server = createServer((request, response) => {
      if (request.url === '/silent') return;
      if (request.url === '/moved') response.writeHead(301, { location: '/data.csv' }).end();
      else if (request.url !== '/data.csv') response.writeHead(404, { 'x-a': '1' }).end('nothing \u001b[31mhere');
      else if (request.headers['if-none-match'] === '"v1"') response.writeHead(304, { etag: '"v1"' }).end();
      else
        response.writeHead(200, { 'content-type': 'text/csv', etag: '"v1"', 'cache-control': 'max-age=60' }).end(BODY);
    });
    // What is closed below is closed by the probe, not by our patience.
    server.keepAliveTimeout = 0;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(typeof address === 'object' && address);
    site = `http://127.0.0.1:${address.port}`;
    environment = { ARCHIVER_ALLOW_NETWORKS: `127.0.0.1/32:${address.port}`, ARCHIVER_VERIFY_SHARE: '0' };
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  test('prints one JSON object with everything that it found, and ends with 0', async () => {
    const { exitCode, output, errors } = await runCommand(['probe', `${site}/moved`, '--json'], { environment });
    assert.equal(errors, '');
    assert.equal(exitCode, 0);
    const { reason, freshUntil, evidence, ms, ...rest } = JSON.parse(output);
    assert.deepEqual(rest, {
      url: `${site}/moved`,
      kind: 'fetched',
      code: 'archived',
      transient: false,
      status: 200,
      finalUrl: `${site}/data.csv`,
      redirects: [{ status: 301, from: `${site}/moved`, to: `${site}/data.csv` }],
      moved: true,
      bytes: BODY.length,
      md5: hash('md5'),
      sha256: hash('sha256'),
      mediaType: 'text/csv',
      format: 'CSV',
      charset: rest.charset,
      filename: 'data.csv',
      validators: { etag: '"v1"', lastModified: null },
      requests: 2,
      resumed: 0,
      lenient: false,
    });
    assert.equal(output.split('\n').length, 2);
    assert.ok(typeof reason === 'string' && Array.isArray(evidence) && ms >= 0 && Date.parse(freshUntil) > 0);
  });

  test('tells a person the chain, the decision and the hashes', async () => {
    const { exitCode, output } = await runCommand(['probe', `${site}/moved`], { environment });
    assert.equal(exitCode, 0);
    assert.match(output, /301 → http:\/\/127\.0\.0\.1:\d+\/data\.csv\nfetched: archived\n/);
    assert.ok(output.includes(hash('sha256')));
  });

  test('ends with 1 when the link is broken, and keeps the terminal safe from what the server sent', async () => {
    const { exitCode, output } = await runCommand(['probe', `${site}/\u001b[31mgone`], { environment });
    assert.equal(exitCode, 1);
    assert.match(output, /failed: gone/);
    assert.ok(!output.includes('\u001b'));
  });

  test('asks no address that is not public', async () => {
    let connections = 0;
    server.on('connection', () => connections++);
    const { exitCode, output } = await runCommand(['probe', `${site}/data.csv`, '--json']);
    const { kind, code } = JSON.parse(output);
    assert.deepEqual([exitCode, kind, code, connections], [1, 'refused', 'blocked-address', 0]);
  });

  test('takes every setting of fetching as a flag, before the environment', async () => {
    const { exitCode, output } = await runCommand(['probe', `${site}/data.csv`, '--json', '--max-bytes', '5'], {
      environment: { ...environment, ARCHIVER_MAX_BYTES: '5000' },
    });
    assert.equal(exitCode, 1);
    assert.equal(JSON.parse(output).code, 'too-large');
  });

  test('only looks at the head of the answer in check mode, and ends with 0', async () => {
    const { exitCode, output } = await runCommand(['probe', `${site}/data.csv`, '--json', '--mode', 'check'], {
      environment,
    });
    assert.deepEqual([exitCode, JSON.parse(output).code], [0, 'checked-only']);
  });

  test('keeps the bytes where it is told to, and nothing of a link that fails', async () => {
    const file = join(folder, 'kept.csv');
    assert.equal((await runCommand(['probe', `${site}/data.csv`, '--save', file], { environment })).exitCode, 0);
    assert.equal(await readFile(file, 'utf8'), BODY);
    await runCommand(['probe', `${site}/gone`, '--save', join(folder, 'gone.csv')], { environment });
    assert.deepEqual(await readdir(folder), ['kept.csv']);
  });

  test('keeps the bytes behind a link or in a pipe, and says that a folder is no file', async () => {
    const place = await mkdtemp(join(tmpdir(), 'archiver-save-'));
    const save = (name: string) =>
      runCommand(['probe', `${site}/data.csv`, '--save', join(place, name)], { environment });
    await writeFile(join(place, 'target'), 'old');
    await symlink('target', join(place, 'link'));
    await mkdir(join(place, 'folder'));
    await run('mkfifo', [join(place, 'pipe')]);

    assert.equal((await save('link')).exitCode, 0);
    assert.ok((await lstat(join(place, 'link'))).isSymbolicLink());
    assert.equal(await readFile(join(place, 'target'), 'utf8'), BODY);

    const [{ stdout }, { exitCode }] = await Promise.all([run('cat', [join(place, 'pipe')]), save('pipe')]);
    assert.deepEqual([exitCode, stdout], [0, BODY]);
    assert.ok((await lstat(join(place, 'pipe'))).isFIFO());

    const wrong = await save('folder');
    assert.equal(wrong.exitCode, 1);
    assert.match(wrong.errors, /folder cannot be written: it is a folder/);
    assert.deepEqual((await readdir(place)).sort(), ['folder', 'link', 'pipe', 'target']);
    await rm(place, { recursive: true });
  });

  test('ends with 1 when it is interrupted before its input ends', async () => {
    const ending = new AbortController();
    const input = `${JSON.stringify({ id: 'a', url: `${site}/silent` })}\n`;
    const ended = runCommand(['probe', '--stdin'], { environment, input, signal: ending.signal });
    await once(server, 'request');
    ending.abort();
    assert.equal((await ended).exitCode, 1);
  });

  test('forgives the byte-order mark that some shells put before their input', async () => {
    const input = `\u{feff}${JSON.stringify({ id: 'a', url: `${site}/data.csv` })}\n`;
    const { output } = await runCommand(['probe', '--stdin'], { environment, input });
    assert.deepEqual([JSON.parse(output).id, JSON.parse(output).code], ['a', 'archived']);
  });

  test('answers each line of its input with one line that carries its id, and a wrong line with an error', async () => {
    const known = {
      url: `${site}/data.csv`,
      storedAt: new Date().toISOString(),
      status: 200,
      md5: hash('md5'),
      bytes: BODY.length,
    };
    const lines = [
      { id: 'a', url: `${site}/data.csv` },
      { id: 2, url: `${site}/gone`, mode: null, known: null, now: null },
      { id: 'same', url: `${site}/data.csv`, known: { ...known, headers: { ETag: '"v1"' }, sha256: null, ok: true } },
      {
        id: 'fresh',
        url: `${site}/data.csv`,
        mode: 'sweep',
        known: { ...known, headers: { 'Cache-Control': ['max-age=60'], Date: new Date().toUTCString() } },
      },
      { id: 'no URL' },
      { id: 'mode', url: site, mode: 'often' },
      [],
    ];
    const input = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n\nnot JSON\n`;
    const { exitCode, output } = await runCommand(['probe', '--stdin', '--concurrency', '2'], { environment, input });
    assert.equal(exitCode, 1, 'three lines could not be read');
    const results = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(results.map(({ id, code = 'error' }) => `${JSON.stringify(id)} ${code}`).sort(), [
      '"a" archived',
      '"fresh" still-fresh',
      '"mode" error',
      '"no URL" invalid-url',
      '"same" not-modified',
      '2 gone',
      'null error',
      'null error',
    ]);
    for (const { error, code } of results) assert.ok((error === undefined) !== (code === undefined));
  });

  test('closes every connection before it ends', async () => {
    const sockets: Socket[] = [];
    server.on('connection', (socket) => sockets.push(socket));
    await runCommand(['probe', `${site}/moved`], { environment });
    assert.ok(sockets.length > 0);
    await Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')));
  });

  test('says at the terminal which address was refused and which setting lets it through, in JSON neither', async () => {
    const refused = await runCommand(['probe', `${site}/data.csv`]);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.output, /blocked-address/);
    assert.match(refused.output, /127\.0\.0\.1/);
    assert.match(refused.output, /ARCHIVER_ALLOW_NETWORKS lets it through/);
    const { output } = await runCommand(['probe', `${site}/data.csv`, '--json']);
    assert.equal(JSON.parse(output).detail, undefined);
  });
});
