import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { openApi } from '../../plugin/show/openapi.ts';
import { ROUTES } from '../../plugin/show/routes.ts';
import { AdminPortal, mayDo, type Role } from '../support/adminPortal.ts';
import { DocumentCheck, type Operation } from '../support/documentCheck.ts';
import { type Call, goodCall, isByToken, type Things } from '../support/operationCalls.ts';

const ROLES: readonly Role[] = ['anonymous', 'reader', 'editor', 'administrator'];
const { operations } = new DocumentCheck(Object(openApi('http://x')));
const actionOf = ({ operationId }: Operation) => ROUTES.find(({ id }) => id === operationId)?.action ?? null;

/** What one may not see is not there. */
const isHidden = (action: string | null) => action === 'archive.read' || action === 'archive.download';

/** Whose answer depends on more than on the role: nothing is proposed, and no mail has the token. */
const isNothingToDo = (operation: Operation) => operation.path.includes('/proposal/') || isByToken(operation);

/** About one dataset, and so for those alone who may see it. */
const isOfDataset = ({ path, operationId }: Operation) =>
  /^\/(resources|datasets|archive|runs)\//.test(path) || /^(archiver|taskStatus)/.test(operationId);

describe('every route', () => {
  let admin: AdminPortal;
  let seen: Things;
  let secret: Things;
  before(async () => {
    admin = await AdminPortal.open();
    admin.portal.files.set('/one.csv', { body: 'a,b\n1,2\n' });
    seen = await thingsOf('one', 'd1');
    secret = await thingsOf('hidden', 'secret');
  });
  after(() => admin.close());
  // What is cancelled or ended by one call is there for the next.
  beforeEach(() => admin.portal.database.knex('archiver.run').where({ id: seen.run }).update({ state: 'done' }));

  async function thingsOf(id: string, datasetId: string): Promise<Things> {
    const { portal } = admin;
    await portal.archived(id, '/one.csv', datasetId);
    const asked = await portal.archiver.archive.requestResource(id);
    assert.ok(asked.kind === 'accepted');
    await portal.ended(asked.run.id);
    const [copy] = await portal.database.knex('archiver.copy').where({ resource_id: id });
    const key = String(copy.key).replace('archive/', '');
    return { run: asked.run.id, resource: id, dataset: datasetId, host: new URL(portal.urlOf('/')).host, key };
  }

  /** The browser of an administrator, and the token of a form in it. */
  async function formOf(): Promise<{ readonly cookie: string; readonly token: string }> {
    const page = await admin.ask(`/admin/hosts/${seen.host}`, 'administrator');
    const [, token = ''] = /name="token" value="([^"]+)"/.exec(await page.text()) ?? [];
    return { cookie: page.headers.getSetCookie()[0]?.split(';')[0] ?? '', token };
  }

  async function statusOf(operation: Operation, role: Role, things: Things, headers: Call['headers'] = {}) {
    const call = goodCall(operation, things);
    assert.ok(call, `test/support/operationCalls.ts does not say how ${operation.operationId} is asked for`);
    const isForm = operation.requestBody?.content['application/x-www-form-urlencoded'] !== undefined;
    const { cookie, token } = isForm ? await formOf() : { cookie: '', token: '' };
    const sent = new Headers({ ...call.headers, Cookie: `login=${role}; ${cookie}` });
    if (sent.has('Origin')) sent.set('Origin', admin.site);
    for (const [name, value] of Object.entries(headers)) sent.set(name, value);
    const answer = await admin.ask(`${call.path}${call.query === '' ? '' : `?${call.query}`}`, role, {
      method: operation.method.toUpperCase(),
      headers: Object.fromEntries(sent),
      ...(isForm ? { body: new URLSearchParams({ token }) } : call.body === undefined ? {} : { body: call.body }),
    });
    await answer.body?.cancel();
    return answer.status;
  }

  it('is answered to those alone who may have it: the anonymous, readers, editors, administrators', async () => {
    const wrong: string[] = [];
    for (const operation of operations)
      for (const role of ROLES) {
        const action = actionOf(operation);
        const status = await statusOf(operation, role, seen);
        const isAllowed = action === null || mayDo(role, action);
        const denied = isHidden(action) ? 404 : 403;
        const isRight = isAllowed ? status < 400 || (isNothingToDo(operation) && status === 404) : status === denied;
        if (!isRight) wrong.push(`${operation.operationId} answered ${status} to ${role}`);
      }
    assert.deepEqual(wrong, []);
  });

  it('that is about a private dataset says to others that it is not there', async () => {
    const wrong: string[] = [];
    for (const operation of operations.filter((one) => isHidden(actionOf(one)) && isOfDataset(one)))
      for (const role of ROLES) {
        const status = await statusOf(operation, role, secret);
        const isSeen = role === 'editor' || role === 'administrator';
        if (isSeen ? status >= 400 : status !== 404)
          wrong.push(`${operation.operationId} answered ${status} to ${role}`);
      }
    assert.deepEqual(wrong, []);
  });

  // Who holds the token of a mail needs nothing else, from whatever site (RFC 8058).
  it('that takes a form or anything else refuses it from pages of other sites, and nothing changes', async () => {
    const { runs, hosts } = admin.portal.archiver.archive;
    const state = async () => ({ runs: await runs.list(1000), host: await hosts.get(seen.host) });
    const earlier = await state();
    const wrong: string[] = [];
    for (const operation of operations.filter((one) => one.method !== 'get' && !isByToken(one)))
      for (const [name, value] of [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Origin', 'https://evil.example'],
        ['Origin', 'null'],
      ] as const) {
        const status = await statusOf(operation, 'administrator', seen, { [name]: value });
        if (status !== 403) wrong.push(`${operation.operationId} answered ${status} to ${name}: ${value}`);
      }
    assert.deepEqual(wrong, []);
    assert.deepEqual(await state(), earlier);
  });
});
