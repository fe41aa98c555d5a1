import { readFileSync } from 'node:fs';
import { settingsSchema, settingsTable } from '../../plugin/settings/describeConfig.ts';

export const readJson = (path: string): Record<string, unknown> => JSON.parse(readFileSync(path, 'utf8'));

const TABLE = /(<!-- settings -->)[\s\S]*?(<!-- \/settings -->)/;

/** The manifest as it should be: what it repeats of the settings table and of package.json is taken from there. */
export function wantedManifest(): Record<string, unknown> {
  const { version, engines } = readJson('package.json');
  // Through JSON, so that it compares with what was read from a file.
  return JSON.parse(JSON.stringify({ ...readJson('plugin.json'), version, engines, settings: settingsSchema() }));
}

/** The README as it should be: with the table of settings. */
export function wantedReadme(): string {
  const readme = readFileSync('README.md', 'utf8');
  if (!TABLE.test(readme)) throw new Error('README.md has no place for the table of settings');
  return readme.replace(TABLE, (_, before, after) => `${before}\n\n${settingsTable()}\n\n${after}`);
}
