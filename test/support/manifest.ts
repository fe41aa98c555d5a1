import { readFileSync } from 'node:fs';
import { settingsSchema, settingsTable } from '../../plugin/settings/describeConfig.ts';
import { patternOf, ROUTES } from '../../plugin/show/routes.ts';

export const readJson = (path: string): Record<string, unknown> => JSON.parse(readFileSync(path, 'utf8'));

const ROUTE_LINES = ROUTES.map(({ method, path, action }) => ({
  method: method.toUpperCase(),
  path: patternOf(path),
  action,
}));

/** The manifest as it should be: what it repeats of package.json and of the tables of settings and routes is taken from there. */
export function wantedManifest(): Record<string, unknown> {
  const { version, engines } = readJson('package.json');
  const permissions = [...new Set(ROUTE_LINES.flatMap(({ action }) => action ?? []))];
  const said = { version, engines, routes: ROUTE_LINES, permissions, settings: settingsSchema() };
  // Through JSON, so that it compares with what was read from a file.
  return JSON.parse(JSON.stringify({ ...readJson('plugin.json'), ...said }));
}

/** The README as it should be: with the tables of settings and routes. */
export function wantedReadme(): string {
  const rows = ROUTE_LINES.map(
    ({ method, path, action }) => `| \`${method} ${path}\` | ${action ? `\`${action}\` ` : ''}|`,
  );
  const routes = ['| route | action |', '|---|---|', ...rows].join('\n');
  return filled(filled(readFileSync('README.md', 'utf8'), 'settings', settingsTable()), 'routes', routes);
}

function filled(readme: string, name: string, table: string): string {
  const place = new RegExp(`(<!-- ${name} -->)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!place.test(readme)) throw new Error(`README.md has no place for the table of ${name}`);
  return readme.replace(place, (_, before, after) => `${before}\n\n${table}\n\n${after}`);
}
