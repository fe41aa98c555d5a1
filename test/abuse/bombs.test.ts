import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';

const LONG = Buffer.alloc(16 * 1024 * 1024, 'a,b\n1,2\n');

describe('a publisher whose bodies grow without end when decoded', () => {
  let portal: ShownPortal;
  beforeEach(async () => {
    portal = await ShownPortal.open();
  });
  afterEach(() => portal.close());

  const bombs: readonly (readonly [string, () => Buffer])[] = [
    ['gzip', () => gzipSync(LONG)],
    ['gzip, gzip, gzip', () => gzipSync(gzipSync(gzipSync(LONG)))],
    ['deflate, gzip', () => gzipSync(deflateSync(LONG))],
  ];
  for (const [coding, bomb] of bombs) {
    test(`is asked once, nothing of it is kept, and its copy stays (${coding})`, async () => {
      const body = 'a,b\n1,2\n';
      portal.files.set('/one.csv', { body });
      await portal.archived('r1', '/one.csv');
      portal.files.set('/one.csv', { body: bomb(), headers: { 'Content-Encoding': coding } });
      portal.authorize = () => true;
      const { body: run } = await portal.agent().post('/resources/r1/archive').expect(202);
      await portal.ended(run.id);

      const { taskStatus, copies } = recordsIn(portal.database.knex);
      const { state, value } = (await taskStatus.get('r1')) ?? assert.fail('no task_status');
      const { attempts, lastAttempt } = JSON.parse(value);
      assert.deepEqual([state, lastAttempt.code, attempts], ['success', 'decode', 1]);
      assert.match(lastAttempt.reason, /grows more than 200 times when decoded/);
      assert.deepEqual(portal.requests, ['/one.csv', '/one.csv']);
      const [copy, ...others] = await copies.listByResource('r1');
      assert.equal(others.length, 0);
      assert.equal((await portal.agent().get(`/${copy?.key}`).expect(200)).text, body);
      const kept = await readdir(join(portal.folder, 'archive'), { recursive: true, withFileTypes: true });
      assert.equal(kept.filter((entry) => entry.isFile()).length, 1);
      // On a busy machine a start may warn of what it waits for.
      const errors = portal.logged.filter(({ level }) => level === 'error');
      assert.deepEqual(errors, []);
      await portal.agent().get('/health/ready').expect(200);
    });
  }
});
