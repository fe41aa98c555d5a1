import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { HOOK_NAMES } from '../../plugin/model/hook.ts';
import { CODES, type CodeMeaning } from '../../plugin/model/status.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import type { Setting } from '../../plugin/settings/Setting.ts';
import { SETTING_NAMES, SETTINGS } from '../../plugin/settings/settingsTable.ts';

const read = (path: string) => readFileSync(path, 'utf8');

/** The cells of each row of the page's tables whose first cell is a word of code, without its quotes. */
function rowsOf(page: string): string[][] {
  return page
    .split('\n')
    .filter((line) => /^\| `[^`]+` \|/.test(line))
    .map((line) => line.slice(2, -2).split(/ ?\| /))
    .map(([first = '', ...cells]) => [first.replaceAll('`', ''), ...cells]);
}

/** Every member that a value of this JSON Schema may have, however deep. */
function membersOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([keyword, inner]) => [
    ...(keyword === 'properties' ? Object.keys(inner) : []),
    ...membersOf(inner),
  ]);
}

describe('the page of outcomes', () => {
  const [codes = ''] = read('docs/outcomes.md').split('\n## What clients of CKAN read');
  const rows = rowsOf(codes);

  it('has a row for each code, with a meaning and a cure', () => {
    assert.deepEqual(
      rows.map(([code]) => code),
      Object.keys(CODES),
    );
    for (const [code, , , , meaning = '', cure = ''] of rows) {
      assert.match(meaning, /\.$/, code);
      assert.match(cure, /\.$/, code);
    }
  });

  it('says of each what the code says: CKAN’s status, whether it shows a broken link, whether it is tried again', () => {
    const byAttempt = ['http-error', 'dns', 'service-error'];
    const wanted = Object.entries<CodeMeaning>(CODES).map(([code, { status, broken, transient }]) => [
      code,
      status,
      broken === null ? 'unsure' : broken ? 'yes' : 'no',
      byAttempt.includes(code) ? 'at times' : transient ? 'soon' : '',
    ]);
    assert.deepEqual(
      rows.map((row) => row.slice(0, 4)),
      wanted,
    );
  });

  it('names no setting that is none', () => {
    const known: readonly string[] = SETTING_NAMES.map((name) => SETTINGS[name].environment);
    const named = read('docs/outcomes.md').match(/ARCHIVER_[A-Z_]+/g) ?? [];
    assert.deepEqual(
      named.filter((name) => !known.includes(name)),
      [],
    );
  });
});

describe('the page of settings', () => {
  it('says what 0 means wherever it is accepted', () => {
    const silent = SETTING_NAMES.filter((name) => {
      const { kind, description }: Setting<unknown> = SETTINGS[name];
      const parsed = kind.schema['type'] === 'integer' || kind.schema['type'] === 'number' ? kind.parse('0') : null;
      return parsed !== null && 'value' in parsed && !/\b0: /.test(`${kind.accepted} ${description}`);
    });
    assert.deepEqual(silent, []);
  });

  const page = read('docs/settings.md');
  const JSON_SETTINGS = SETTING_NAMES.filter((name) => SETTINGS[name].kind.name === 'JSON');

  it('shows the shape of each setting in JSON', () => {
    const shown = [...page.matchAll(/^### `(\w+)`$/gm)].map(([, variable]) => variable).sort();
    assert.deepEqual(shown, JSON_SETTINGS.map((name) => SETTINGS[name].environment).sort());
  });

  for (const name of JSON_SETTINGS) {
    const { environment, kind }: Setting<unknown> = SETTINGS[name];
    it(`shows a ${environment} that is accepted and has every member that there is`, () => {
      const [, section = ''] = page.split(`### \`${environment}\``);
      const [, example = ''] = /```json\n([\s\S]*?)```/.exec(section) ?? [];
      assert.doesNotThrow(() => loadConfig({ environment: { [environment]: example } }));
      const missing = membersOf(kind.schema).filter((member) => !example.includes(`"${member}"`));
      assert.deepEqual(missing, []);
    });
  }
});

describe("the page of the portal's side", () => {
  const page = read('docs/portal.md');

  it('lists every hook and every member of its event', () => {
    const [, members = ''] = /interface HookEvent \{([\s\S]*?)\n\}/.exec(read('report.api.md')) ?? [];
    const named = [...members.matchAll(/readonly (\w+)\??:/g)].map(([, member = '']) => member);
    assert.ok(named.includes('transaction'), named.join());
    assert.deepEqual(
      rowsOf(page).map(([first]) => first),
      [...HOOK_NAMES, ...named],
    );
  });
});
