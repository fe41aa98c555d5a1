import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { runCli } from '../../plugin/cli/runCli.ts';
import { MirrorStage } from '../support/mirrorStage.ts';
import { until } from '../support/until.ts';

describe('a mirror that is served', () => {
  let stage: MirrorStage;
  let base = '';
  let accessToken = '';
  let exitCode = 0;
  let running: Promise<unknown> = Promise.resolve();
  const ending = new AbortController();
  before(async () => {
    stage = await MirrorStage.open();
    stage.ckan.datasets = [stage.linked(1), stage.linked(2, { private: true })];
    const errors = new PassThrough();
    let said = '';
    errors.on('data', (chunk) => (said += chunk));
    const output = new PassThrough();
    const read = text(output);
    running = runCli(['ckan', stage.ckan.site, '--to', stage.folder, '--json', '--token', 'good', '--serve', '0'], {
      environment: stage.environment({ ARCHIVER_SWEEP_CRON: '' }),
      input: Readable.from([]),
      output,
      errors,
      signal: ending.signal,
      setExitCode: (code) => {
        exitCode = code;
      },
    }).then(() => output.end());
    await until(() => said.includes('Serving '));
    base = /Serving (\S+);/.exec(said)?.[1] ?? '';
    await until(async () => (await stage.index().catch(() => new Map())).size === 2);
    accessToken = (await readFile(join(stage.folder, '.portal-archiver', 'access-token'), 'utf8')).trim();
    void read;
  });
  after(async () => {
    ending.abort();
    await running;
    await stage.close();
  });
  const get = (path: string, headers = {}) => fetch(`${base}${path}`, { headers });
  const keyOf = async (id: string) => (await stage.index()).get(id)?.key ?? '';

  it('gives the public the copies of public datasets', async () => {
    const copy = await get(`/${await keyOf('resource-1')}`);
    assert.equal(copy.status, 200);
    assert.equal(await copy.text(), stage.publisher.body('resource-1'));
    assert.equal((await get('/resources/resource-1')).status, 200);
  });

  it('hides private ones from all but the holder of its own token', async () => {
    const path = `/${await keyOf('resource-2')}`;
    assert.equal((await get(path)).status, 404);
    assert.equal((await get('/resources/resource-2')).status, 404);
    assert.equal((await get(path, { authorization: 'good' })).status, 404);
    assert.equal((await get(path, { authorization: `Bearer ${accessToken}` })).status, 200);
  });

  it('starts nothing for the public', async () => {
    const archive = (headers = {}) => fetch(`${base}/resources/resource-1/archive`, { method: 'POST', headers });
    assert.equal((await archive()).status, 403);
    assert.equal((await get('/runs')).status, 403);
    assert.equal((await archive({ authorization: accessToken })).status, 202);
  });

  it('ends with 130 when it is stopped', async () => {
    ending.abort();
    await running;
    assert.equal(exitCode, 130);
    await assert.rejects(get('/health/live'));
  });
});
