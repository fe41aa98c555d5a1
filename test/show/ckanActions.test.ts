import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ShownPortal } from '../support/shownPortal.ts';

const ACTIONS = '/api/3/action';
const NAIVE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}$/;

describe('what clients of CKAN read', () => {
  let portal: ShownPortal;
  beforeEach(async () => {
    portal = await ShownPortal.open({ settings: { confirmFailures: 1 } });
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n', headers: { ETag: '"v1"' } });
  });
  afterEach(() => portal.close());

  const ask = async (action: string, query: object, status = 200) =>
    (await portal.agent().get(`${ACTIONS}/${action}`).query(query).expect(status)).body;
  const post = async (action: string, body: object, status = 200) =>
    (await portal.agent().post(`${ACTIONS}/${action}`).send(body).expect(status)).body;

  it('is how a resource stands, in the envelope and the words of CKAN, by GET and by POST', async () => {
    await portal.archived('r1', '/one.csv');
    const { help, success, result } = await ask('archiver_resource_show', { id: 'r1' });
    const [copy] = (await portal.agent().get('/resources/r1').expect(200)).body.copies;
    assert.equal(success, true);
    assert.match(help, /archiver_resource_show$/);
    assert.match(result.updated, NAIVE);
    assert.match(result.last_success, NAIVE);
    const { updated: _, last_success: __, reason: ___, ...rest } = result;
    assert.deepEqual(rest, {
      id: 'r1',
      package_id: 'd1',
      resource_id: 'r1',
      status_id: 0,
      status: 'Archived successfully',
      is_broken: false,
      is_broken_printable: 'Downloaded OK',
      code: 'archived',
      url_redirected_to: null,
      cache_filepath: copy.key,
      cache_url: copy.url,
      size: 8,
      mimetype: 'text/csv',
      hash: copy.sha256,
      etag: '"v1"',
      last_modified: null,
      first_failure: null,
      failure_count: 0,
    });
    assert.deepEqual(await post('archiver_resource_show', { id: 'r1' }), { help, success, result });
    const chunked = portal.agent().post(`${ACTIONS}/archiver_resource_show`).set('Transfer-Encoding', 'chunked');
    chunked.write('{"id":');
    chunked.write('"r1"}');
    assert.deepEqual((await chunked.expect(200)).body.result, result);
  });

  it('is the worst of a dataset, by its id or name', async () => {
    await portal.archived('r1', '/one.csv');
    await portal.archived('r2', '/none.csv');
    const { result } = await ask('archiver_dataset_show', { id: 'd1' });
    assert.deepEqual(
      [result.status_id, result.status, result.is_broken, result.is_broken_printable, result.code],
      [12, 'Download error', true, 'Broken', 'gone'],
    );
    assert.deepEqual((await post('archiver_dataset_show', { id: 'd1' })).result, result);
  });

  it('is a row of task_status, by its id or by what it is of', async () => {
    await portal.archived('r1', '/one.csv');
    const of = { entity_id: 'r1', task_type: 'archiver', key: 'status' };
    const { result } = await ask('task_status_show', of);
    assert.deepEqual([result.entity_type, result.state, result.error], ['resource', 'success', '']);
    assert.equal(JSON.parse(result.value).code, 'archived');
    assert.match(result.last_updated, NAIVE);
    assert.deepEqual((await ask('task_status_show', { id: result.id })).result, result);
    await ask('task_status_show', { ...of, task_type: 'qa' }, 404);
  });

  it('is nothing of what the caller may not see, is not there, or was never archived', async () => {
    await portal.archived('hidden', '/one.csv', 'secret');
    for (const [action, query] of [
      ['archiver_resource_show', { id: 'hidden' }],
      ['archiver_resource_show', { id: 'none' }],
      ['archiver_dataset_show', { id: 'secret' }],
      ['archiver_dataset_show', { id: 'none' }],
      ['task_status_show', { entity_id: 'hidden', task_type: 'archiver', key: 'status' }],
    ] as const) {
      const { success, error } = await ask(action, query, 404);
      assert.deepEqual([success, error.__type], [false, 'Not Found Error']);
    }
    const seen = portal.agent().get(`${ACTIONS}/archiver_resource_show`).query({ id: 'hidden' });
    await seen.set('Authorization', 'admin').expect(200);
  });

  it('says which parameter is missing or wrong, and refuses a body that is no JSON object', async () => {
    assert.deepEqual((await ask('archiver_resource_show', {}, 409)).error, {
      id: ['Missing value'],
      __type: 'Validation Error',
    });
    assert.deepEqual((await post('archiver_dataset_show', { id: 7 }, 409)).error.id, [
      'Must be a Unicode string value',
    ]);
    assert.deepEqual((await ask('task_status_show', { entity_id: 'r1' }, 409)).error.task_type, ['Missing value']);
    for (const body of ['[]', 'id=r1', '7'])
      await portal.agent().post(`${ACTIONS}/archiver_resource_show`).type('json').send(body).expect(400);
    await portal.agent().get(`${ACTIONS}/package_show`).expect(404);
  });

  it('is open to no page of another site that posts', async () => {
    const foreign = portal.agent().post(`${ACTIONS}/archiver_resource_show`).set('Sec-Fetch-Site', 'cross-site');
    await foreign.send({ id: 'r1' }).expect(403);
  });
});
