import { readFileSync } from 'node:fs';
import { settingsSchema, settingsTable } from '../../plugin/settings/describeConfig.ts';
import { patternOf, ROUTES } from '../../plugin/show/routes.ts';
import { filledPage } from './filledPage.ts';

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

/** Pages that repeat a table of the code, as they should be, by their path. */
export function wantedPages(): Readonly<Record<string, string>> {
  const rows = ROUTE_LINES.map(
    ({ method, path, action }) => `| \`${method} ${path}\` | ${action ? `\`${action}\` ` : ''}|`,
  );
  const routes = ['| route | action |', '|---|---|', ...rows].join('\n');
  const tables = [
    ['docs/settings.md', 'settings', settingsTable()],
    ['docs/routes.md', 'routes', routes],
    ['docs/portal.md', 'module', `\`\`\`js\n${readFileSync('examples/module/portal.js', 'utf8')}\`\`\``],
  ] as const;
  return Object.fromEntries(
    tables.map(([path, name, table]) => [path, filledPage(readFileSync(path, 'utf8'), name, table)]),
  );
}
