import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { FakeResource } from '../support/fakeCkan.ts';
import { MirrorStage, summaryOf } from '../support/mirrorStage.ts';

const COPIES = 'https://copies.example/mirror';

function withoutTime(value: unknown) {
  const { lastAttempt, ...rest } = JSON.parse(String(value));
  const { at, ...last } = lastAttempt;
  assert.ok(Date.parse(at) > 0);
  return { ...rest, lastAttempt: last };
}

describe('writing back into the portal', () => {
  let stage: MirrorStage;
  beforeEach(async () => {
    stage = await MirrorStage.open();
    stage.ckan.datasets = [stage.linked(1), stage.linked(2)];
  });
  afterEach(() => stage.close());

  const write = (token = 'good', more = {}) =>
    stage.run(['--write-back', '--token', token], { ARCHIVER_PUBLIC_COPIES_URL: COPIES, ...more });
  const resource = (number: number): FakeResource => {
    const found = stage.ckan.datasets[number]?.resources[0];
    if (!found) throw new Error('no resource');
    return found;
  };
  const patches = () => stage.ckan.callsOf('resource_patch').map(({ parameters }) => parameters);

  it('says where the copy is and since when, in a time without zone, once', async () => {
    assert.equal((await write()).exitCode, 0);
    const { key, storedAt } = (await stage.index()).get('resource-1') ?? {};
    assert.equal(resource(0).cache_url, `${COPIES}/${key}`);
    assert.equal(resource(0).cache_last_updated, storedAt?.slice(0, 19));
    assert.deepEqual(Object.keys(patches()[0] ?? {}), ['id', 'cache_url', 'cache_last_updated']);
    assert.equal(stage.ckan.activities.length, 2);
    // Our own writes come back with the next listing, and are known.
    await write();
    await write();
    assert.equal(stage.ckan.activities.length, 2);
  });

  it('replaces what another archiver wrote, and clears its own word when the link changed and leads nowhere', async () => {
    resource(1).cache_url = 'https://other.example/cache/1';
    await write();
    assert.match(String(resource(1).cache_url), /^https:\/\/copies\.example\//);
    const [, second] = stage.ckan.datasets;
    resource(1).url = stage.publisher.url('gone');
    if (second) second.metadata_modified = '2026-12-01T10:00:00';
    stage.publisher.answer = (id, _, response) => id === 'gone' && Boolean(response.writeHead(404).end());
    await write();
    assert.deepEqual([resource(1).cache_url, resource(1).cache_last_updated], ['', null]);
    assert.equal(stage.ckan.activities.length, 3);
  });

  it('never clears what another archiver wrote', async () => {
    stage.publisher.answer = (_id, _request, response) => Boolean(response.writeHead(404).end());
    resource(0).cache_url = 'https://other.example/cache/1';
    await write();
    assert.deepEqual(patches(), []);
  });

  it('leaves a dataset that refuses it alone for a day, and says so once', async () => {
    resource(0).cache_url = null;
    stage.ckan.datasets[0]?.resources.push({ id: 'more', url: stage.publisher.url('more') });
    const body = { success: false, error: { __type: 'Validation Error', tags: ['Missing value'] } };
    stage.ckan.intercept = ({ action, parameters }) =>
      action === 'resource_patch' && parameters.id !== 'resource-2' ? { status: 409, body } : null;
    const end = await write();
    assert.equal(end.exitCode, 0);
    assert.equal(end.errors.split('left alone for a day').length, 2, end.errors);
    assert.match(end.errors, /tags: Missing value/);
    assert.equal(patches().length, 2);
    assert.match(String(resource(0).cache_url ?? ''), /^$/);
    await write();
    assert.equal(patches().length, 2);
    await stage.database.knex('archiver_ckan.dataset').update({ write_paused_until: new Date(0) });
    stage.ckan.intercept = () => null;
    await write();
    assert.equal(patches().length, 4);
  });

  it('ends with 1 where the portal does not answer', async () => {
    stage.ckan.intercept = ({ action }) =>
      action === 'resource_patch' ? { status: 502, body: '<html>Bad gateway</html>' } : null;
    const end = await write();
    assert.equal(end.exitCode, 1);
    assert.match(end.errors, /did not answer resource_patch/);
    assert.equal(summaryOf(end).copies, 2);
  });

  it('writes hash, size and mimetype where the settings name them, and says what that starts', async () => {
    const end = await write('good', { ARCHIVER_WRITE_BACK_FIELDS: 'hash,size,mimetype' });
    assert.match(end.errors, /xloader/);
    const { md5, bytes } = (await stage.index()).get('resource-1') ?? {};
    assert.deepEqual([resource(0).hash, resource(0).size, resource(0).mimetype], [md5, bytes, 'text/csv']);
    await write('good', { ARCHIVER_WRITE_BACK_FIELDS: 'hash,size,mimetype' });
    assert.equal(stage.ckan.activities.length, 2);
  });

  it('tells a portal whose sysadmin it works for the outcomes, without a sentence that strangers could read', async () => {
    stage.publisher.answer = (id, _, response) => id === 'resource-2' && Boolean(response.writeHead(404).end());
    await write('root');
    const byResource = stage.ckan.taskStatuses.toSorted((one, other) =>
      String(one['entity_id']).localeCompare(String(other['entity_id'])),
    );
    const rows = byResource.map(({ last_updated, ...row }) => ({
      ...row,
      value: withoutTime(row.value),
      isTimed: /^[\d-]+T[\d:]+$/.test(String(last_updated)),
    }));
    const common = { entity_type: 'resource', task_type: 'archiver', key: 'status', isTimed: true };
    assert.deepEqual(rows, [
      {
        ...common,
        entity_id: 'resource-1',
        value: {
          code: 'archived',
          status: 'Archived successfully',
          attempts: 1,
          is_broken: false,
          lastAttempt: { code: 'archived', status: 'Archived successfully' },
        },
        state: 'success',
        error: '',
      },
      {
        ...common,
        entity_id: 'resource-2',
        value: {
          code: 'gone',
          status: 'Download error',
          attempts: 1,
          is_broken: null,
          lastAttempt: { code: 'gone', status: 'Download error' },
        },
        state: 'failure',
        error: 'Download error (gone)',
      },
    ]);
    await write('root');
    assert.equal(stage.ckan.taskStatuses.length, 2);
  });

  it('tells the portal of what is confirmed: one failure of a link that worked changes nothing but the last attempt', async () => {
    await write('root');
    stage.publisher.answer = (id, _, response) => id === 'resource-2' && Boolean(response.writeHead(404).end());
    await stage.database.knex('archiver.archival').update({ next_check_at: new Date(0), fresh_until: null });
    await write('root');
    const told = stage.ckan.taskStatuses.at(-1);
    const { code, is_broken, lastAttempt } = JSON.parse(String(told?.value));
    assert.deepEqual(
      [told?.entity_id, told?.state, told?.error, code, is_broken, lastAttempt.code],
      ['resource-2', 'success', '', 'archived', null, 'gone'],
    );
  });

  it('does not start without a token, or without a public URL of the copies', async () => {
    const without = await stage.run(['--write-back'], { ARCHIVER_PUBLIC_COPIES_URL: COPIES });
    assert.deepEqual([without.exitCode, /needs a token/.test(without.errors)], [2, true]);
    const nowhere = await stage.run(['--write-back', '--token', 'good']);
    assert.deepEqual([nowhere.exitCode, /ARCHIVER_PUBLIC_COPIES_URL/.test(nowhere.errors)], [2, true]);
    assert.deepEqual(stage.ckan.calls, []);
  });
});
