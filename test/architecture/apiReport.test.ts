import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { API_REPORT, apiReport } from '../support/apiReport.ts';

describe('the public API', () => {
  const report = apiReport();

  it('is the one that was committed', () => {
    const isCommitted = report === readFileSync(API_REPORT, 'utf8');
    assert.ok(isCommitted, 'run `npm run api` and look at what changed');
  });

  it('names each setting with the type that it is read as', () => {
    const from = report.indexOf('export type Config = {');
    const config = report.slice(from, report.indexOf('\n};', from));
    assert.match(config, /\n {4}readonly maxBytes: number;\n/);
    assert.match(config, /\n {4}readonly deletePolicy: "keep" \| "remove";\n/);
    assert.match(config, /\n {4}readonly proxy: string \| null;\n/);
    assert.doesNotMatch(config, /: (never|any|unknown);/);
  });

  it('hands out no query of ours', () => {
    assert.doesNotMatch(report, /interface (Records|Archivals|Outbox|NamedLeases)\b/);
  });
});
