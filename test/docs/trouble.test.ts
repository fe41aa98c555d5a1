import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { SETTING_NAMES, SETTINGS } from '../../plugin/settings/settingsTable.ts';
import { healthOf } from '../../plugin/show/health.ts';
import { failingHealthDeps } from '../support/docs/failingHealth.ts';
import { logLines } from '../support/docs/logLines.ts';

const page = readFileSync('docs/trouble.md', 'utf8');

/** The rows between two marks of the page, by their cells. */
function rowsOf(mark: string): readonly (readonly string[])[] {
  const [, section = ''] = new RegExp(`<!-- ${mark} -->([\\s\\S]*?)<!-- /${mark} -->`).exec(page) ?? [];
  const lines = section.split('\n').filter((line) => line.startsWith('| `'));
  return lines.map((line) => line.slice(2, -2).split(' | '));
}

const firstCells = (mark: string) => rowsOf(mark).map(([cell = '']) => cell.slice(1, -1));

describe('the page of trouble', () => {
  it('has an entry for each code of an error, and none for another', () => {
    const [, union = ''] = /export type ErrorCode =([\s\S]*?);/.exec(readFileSync('plugin/errors.ts', 'utf8')) ?? [];
    const codes = [...union.matchAll(/'([a-z-]+)'/g)].map(([, code]) => code);
    assert.ok(codes.length > 20);
    assert.deepEqual(firstCells('codes'), codes);
  });

  it('has an entry for each line that is logged as a warning or an error, and none that nobody logs', () => {
    const lines = logLines();
    assert.ok(lines.length > 40, String(lines.length));
    assert.deepEqual(firstCells('log'), lines);
  });

  it('has an entry for each alert of the example, and none for another', () => {
    const { groups } = parse(readFileSync('examples/monitoring/alerts.yml', 'utf8'));
    const alerts = groups.flatMap(({ rules }: { rules: { alert: string }[] }) => rules.map(({ alert }) => alert));
    assert.deepEqual(firstCells('alerts'), alerts);
  });

  it('has every sentence that readiness says, under the name of its check', async () => {
    const told = rowsOf('readiness').map(([check = '', says = '']) => [check.slice(1, -1), says] as const);
    const said = new Set<string>();
    for (const deps of failingHealthDeps()) {
      const { checks } = await healthOf(deps);
      for (const [check, { detail }] of Object.entries(checks))
        if (detail !== null) said.add(`${check}: ${general(detail)}`);
    }
    assert.deepEqual(told.map(([check, says]) => `${check}: ${says}`).toSorted(), [...said].toSorted());
  });

  it('has a cause and a cure in each row', () => {
    for (const mark of ['codes', 'log', 'alerts', 'readiness'])
      for (const row of rowsOf(mark))
        assert.ok(row.length === 3 && row.every((cell) => cell.trim() !== ''), row.join());
  });

  it('has what doctor tries, and names no setting that is none', () => {
    const [, names = ''] =
      /readonly name:([\s\S]*?);/.exec(readFileSync('plugin/wiring/checks/check.ts', 'utf8')) ?? [];
    for (const [, name] of names.matchAll(/'([a-z ]+)'/g)) assert.ok(page.includes(`\n| \`${name}\` |`), name);
    const known: readonly string[] = SETTING_NAMES.map((name) => SETTINGS[name].environment);
    const named = page.match(/ARCHIVER_[A-Z_]+/g) ?? [];
    assert.deepEqual(
      named.filter((name) => !known.includes(name)),
      [],
    );
  });
});

/** A sentence without its numbers and reasons, as the page writes it. */
const general = (detail: string): string =>
  detail
    .replaceAll(/\b\d+\b(?! Gone)/g, '*n*')
    .replace(/pauses: [^.]+\./, 'pauses: *reason*.')
    .replace('receivers', 'receiver');
