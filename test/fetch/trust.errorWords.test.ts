import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attempt } from '../../plugin/model/attempt.ts';
import { fetchOnce } from '../support/fetching.ts';
import { answer, OddServer } from '../support/oddServer.ts';

async function fetched(path: string, body: string, type: string): Promise<Attempt> {
  return fetchOnce(await OddServer.start({ '*': answer(200, { 'content-type': type }, Buffer.from(body)) }), path);
}

describe('words of an error', () => {
  const columns: readonly (readonly [string, string])[] = [
    ['figures', 'Unauthorised encampments\n12\n7\n9\n'],
    ['one figure', 'Error rate\n0.25\n'],
    ['names', 'Forbidden substances\nasbestos\nlead paint\n'],
    ['dates', 'Error date\n2024-01-02\n2024-02-03\n'],
  ];
  for (const [rows, body] of columns) {
    it(`are the header of a column over ${rows}`, async () => {
      const { kind, format, reason } = await fetched('/data.csv', body, 'text/csv');
      assert.deepEqual([kind, format], ['fetched', 'CSV'], reason);
    });
  }

  for (const body of [
    'Unauthorized',
    'Error\n500\n',
    '404 Not Found\nnginx\nproxy\n',
    'Access denied\nThe token has expired.\nAsk the owner for a new one.\n',
    'File not found.',
  ]) {
    it(`are a message where they are all there is: ${JSON.stringify(body)}`, async () =>
      assert.equal((await fetched('/data.csv', body, 'text/csv')).code, 'not-data'));
  }
});

describe('JSON with a member of an error', () => {
  const data: readonly (readonly [string, string])[] = [
    ['beside a list', '{"error":{"code":0,"message":"OK"},"data":[{"id":1},{"id":2}]}'],
    ['beside a list further down', '{"error":{"code":0,"message":"OK"},"result":{"records":[{"id":1}]}}'],
    ['that is a title and a status of something else', '{"title":"Roads","status":404,"owner":"city"}'],
    ['that is a code of a list of codes', '{"code":"AX","description":"Invalid or forbidden goods"}'],
  ];
  for (const [what, body] of data) {
    it(`is data ${what}`, async () => {
      const { kind, format, reason } = await fetched('/data.json', body, 'application/json');
      assert.deepEqual([kind, format], ['fetched', 'JSON'], reason);
    });
  }

  const errors: readonly (readonly [string, string, string?])[] = [
    ['beside an empty list', '{"error":{"code":498,"message":"Invalid token."},"features":[]}'],
    ['beside details of the error', '{"error":{"code":400,"message":"Bad"},"errors":[{"reason":"bad"}]}'],
    ['of a problem and no others', '{"type":"about:blank","title":"Not Found","status":404,"detail":"no table"}'],
    ['of a problem by its type', '{"title":"Gone","status":410,"trace":"x"}', 'application/problem+json'],
    ['and a code of an exception', '{"code":"InvalidParameterValue","description":"no such layer"}'],
  ];
  for (const [what, body, type = 'application/json'] of errors) {
    it(`is an error report ${what}`, async () =>
      assert.equal((await fetched('/data.json', body, type)).code, 'service-error'));
  }
});
