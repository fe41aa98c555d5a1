import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DocumentCheck, type Operation } from '../support/documentCheck.ts';
import { ExampleFolder, type RunningPortal } from '../support/examplePortal.ts';
import { type Call, callFor, ELSEWHERE, isProvoked, type Things, USED_KEYS } from '../support/operationCalls.ts';
import { until } from '../support/until.ts';

describe('every operation of the OpenAPI document', () => {
  let folder: ExampleFolder;
  let portal: RunningPortal;
  let check: DocumentCheck;
  let things: Things;
  before(async () => {
    folder = await ExampleFolder.create();
    portal = await folder.start();
    check = new DocumentCheck(Object(await jsonOf('/openapi.json')));
    things = await thingsOf();
  });
  after(async () => {
    await portal?.stop();
    await folder.remove();
  });

  const urlOf = (path: string) => `${portal.site}/archiver${path}`;
  const ask = (path: string, init: RequestInit = {}) => fetch(urlOf(path), { redirect: 'manual', ...init });
  const asAdministrator = () => ({ Authorization: portal.admin });
  const jsonOf = async (path: string) => (await ask(path, { headers: asAdministrator() })).json();

  /** A resource with a copy, and a run of it that has ended. */
  async function thingsOf(): Promise<Things> {
    const shown = async () => Object(await jsonOf('/datasets/weather')).resources[0];
    await until(async () => Object(await shown())?.copies?.length > 0, 60);
    const { id, datasetId, url, copies } = await shown();
    const archive = (path: string, key: string) =>
      ask(`${path}/archive`, { method: 'POST', headers: { ...asAdministrator(), 'Idempotency-Key': key } });
    await archive(`/datasets/${datasetId}`, USED_KEYS.dataset);
    const { id: run } = Object(await (await archive(`/resources/${id}`, USED_KEYS.resource)).json());
    await until(async () => Object(await jsonOf(`/runs/${run}`)).state === 'done', 60);
    const key = new URL(copies[0].url).pathname.replace('/archiver/archive/', '');
    return { run, resource: id, dataset: datasetId, host: new URL(url).host, key };
  }

  /** The cookie of a browser and the token of its form, as a page for operators has them. */
  async function formOf(): Promise<{ readonly cookie: string; readonly token: string }> {
    const page = await ask(`/admin/hosts/${things.host}`, { headers: asAdministrator() });
    const [, token = ''] = /name="token" value="([^"]+)"/.exec(await page.text()) ?? [];
    return { cookie: page.headers.getSetCookie()[0]?.split(';')[0] ?? '', token };
  }

  async function initOf(operation: Operation, { headers, body, role }: Call): Promise<RequestInit> {
    const isForm = operation.requestBody?.content['application/x-www-form-urlencoded'] !== undefined;
    const { cookie, token } = isForm ? await formOf() : { cookie: '', token: '' };
    return {
      method: operation.method.toUpperCase(),
      headers: {
        ...(role === 'administrator' ? asAdministrator() : {}),
        ...(cookie === '' ? {} : { Cookie: cookie }),
        ...headers,
        ...(headers['Origin'] === undefined ? {} : { Origin: portal.site }),
      },
      ...(body === undefined ? (isForm ? { body: new URLSearchParams({ token }) } : {}) : { body }),
    };
  }

  async function answerTo(operation: Operation, call: Call): Promise<Response> {
    const init = await initOf(operation, call);
    const path = call.query === '' ? call.path : `${call.path}?${call.query}`;
    if (!call.conditional) return ask(path, init);
    const first = await ask(path, init);
    await first.body?.cancel();
    const etag = first.headers.get('etag') ?? '';
    return ask(path, { ...init, headers: { ...asAdministrator(), 'If-None-Match': etag } });
  }

  /** What is wrong with the answer to a request that should lead to `status`; null: nothing. */
  async function faultOf(operation: Operation, status: string): Promise<string | null> {
    const call = callFor(operation, status, things);
    if (!call) return 'test/support/operationCalls.ts does not say how it is asked for';
    const answer = await answerTo(operation, call);
    const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
    // Events go on as long as somebody listens.
    const isText = !/event-stream/.test(type) && answer.status !== 304;
    const body = isText ? await answer.text() : null;
    if (!isText) await answer.body?.cancel();
    if (String(answer.status) !== status) return `${call.path} answered ${answer.status}: ${body?.slice(0, 300)}`;
    return check.faultOf(operation, { status: answer.status, type, body });
  }

  it('answers with each status that it describes, as it describes it', async () => {
    const faults: string[] = [];
    for (const operation of check.operations)
      for (const status of Object.keys(operation.responses).filter((one) => isProvoked(operation, one))) {
        const fault = await faultOf(operation, status);
        if (fault !== null) faults.push(`${operation.operationId} ${status}: ${fault}`);
      }
    assert.deepEqual(faults, []);
  });

  it('that another test provokes is one', () => {
    const described = check.operations.flatMap(({ operationId, responses }) =>
      Object.keys(responses).map((status) => `${operationId} ${status}`),
    );
    assert.deepEqual(
      Object.keys(ELSEWHERE).filter((one) => !described.includes(one)),
      [],
    );
  });
});
