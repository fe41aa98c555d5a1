import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { openApi } from '../../plugin/show/openapi.ts';
import { ROUTES } from '../../plugin/show/routes.ts';
import { SCHEMAS } from '../../plugin/show/schemas.ts';

const document: {
  paths: Record<string, Record<string, { operationId: string; security: unknown; responses: object }>>;
} = Object(openApi('https://data.example/archiver'));
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

describe('the OpenAPI document', () => {
  test('describes every route under an id of its own', () => {
    const ids = operations.map(({ operationId }) => operationId);
    assert.deepEqual(ids.sort(), ROUTES.map(({ id }) => id).sort());
    assert.equal(new Set(ids).size, ids.length);
  });

  test('says of every operation who may use it', () => {
    const open = operations.filter(({ security }) => Array.isArray(security) && security.length === 0);
    assert.deepEqual(open.map(({ operationId }) => operationId).sort(), [
      'adminAgendashScript',
      'adminAgendashStyle',
      'adminIcon',
      'adminScript',
      'adminStyle',
      'beginMail',
      'describe',
      'endMail',
      'isLive',
      'isReady',
      'showMailSubscription',
      'statusScript',
    ]);
    for (const { operationId, security } of operations) assert.ok(Array.isArray(security), operationId);
  });

  test('leaves no object open to members that it does not describe', () => {
    const open = Object.entries(SCHEMAS)
      .filter(([, { type, additionalProperties }]) => type === 'object' && additionalProperties !== false)
      .map(([name]) => name);
    assert.deepEqual(open, ['OpenApi']);
  });

  test('keeps the recommended rules of Redocly', async () => {
    const config = await createConfig({ extends: ['recommended'] });
    const source = JSON.stringify(document);
    const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
    // These routes take nothing that a client could get wrong.
    const pathsWithout4xx = [
      'archive-status',
      'admin~1agendash.css',
      'admin~1agendash.js',
      'admin~1icon.svg',
      'admin~1script.js',
      'admin~1style.css',
      'feed.atom',
      'feed.json',
      'health~1live',
      'health~1ready',
      'openapi.json',
    ];
    const found = problems
      .map(({ ruleId, message, location: [place] }) => `${ruleId}: ${message} ${place?.pointer}`)
      // A form of a page leads back to the page.
      .filter((line) => !/^operation-2xx-response: .*~1admin~1.*\/post\//.test(line))
      .filter((line) => !pathsWithout4xx.some((path) => line.startsWith('operation-4xx') && line.includes(path)));
    assert.deepEqual(found, []);
  });

  test('refers to no schema that is not there, and holds none that nobody refers to', () => {
    const text = JSON.stringify(document);
    const named = new Set([...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name));
    assert.deepEqual([...named].sort(), Object.keys(SCHEMAS).sort());
  });
});
