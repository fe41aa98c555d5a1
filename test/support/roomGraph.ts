import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { filledPage } from './filledPage.ts';
import { importsOf } from './importGraph.ts';

/** An import from one room into another; `typesOnly`: no code is used. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly typesOnly: boolean;
}

/** What every room may use would hide the rest of a picture. */
const EVERYWHERE: ReadonlySet<string> = new Set(['model', 'errors.ts', 'http', 'outcome']);

/** docs/architecture.md as it should be: with the pictures and tables that the imports of `plugin/` make. */
export function wantedArchitecture(text: string): string {
  const rooms = arrowsIn('plugin', (path) => path.split('/')[1] ?? '');
  const inside = ['fetch', 'record', 'cli'].map((step) => [`${step}-rooms`, picture(arrowsInside(step))] as const);
  const parts = [['rooms', picture(rooms)], ['types', typesTable(rooms)], ...inside] as const;
  return parts.reduce((whole, [name, part]) => filledPage(whole, name, part), text);
}

/** Those between the rooms of one step; the files that lie in the step itself are one room with its name. */
function arrowsInside(step: string): Arrow[] {
  return arrowsIn(`plugin/${step}`, (path) => path.split('/').slice(2, -1)[0] ?? step);
}

/** One arrow for each pair of rooms of which one imports from the other, in alphabetical order. */
export function arrowsIn(folder: string, roomOf: (path: string) => string): Arrow[] {
  const arrows = new Map<string, Arrow>();
  for (const from of sourcesIn(folder)) {
    for (const { path, typesOnly } of importsOf(from)) {
      const arrow = { from: roomOf(from), to: roomOf(path), typesOnly };
      if (!path.startsWith(`${folder}/`) || arrow.from === arrow.to) continue;
      const name = `${arrow.from} ${arrow.to}`;
      arrows.set(name, { ...arrow, typesOnly: typesOnly && (arrows.get(name)?.typesOnly ?? true) });
    }
  }
  return [...arrows.keys()].sort().flatMap((name) => arrows.get(name) ?? []);
}

/** In mermaid: an arrow where code of another room is used. */
function picture(arrows: readonly Arrow[]): string {
  const shown = arrows.filter(({ from, to, typesOnly }) => !typesOnly && !EVERYWHERE.has(from) && !EVERYWHERE.has(to));
  const lines = shown.map(({ from, to }) => `  ${nameOf(from)} --> ${nameOf(to)}`);
  return ['```mermaid', 'flowchart TD', ...lines, '```'].join('\n');
}

/** A row for each room that uses types of others and none of their code. */
function typesTable(arrows: readonly Arrow[]): string {
  const shown = arrows.filter(({ to, typesOnly }) => typesOnly && !EVERYWHERE.has(to));
  const rooms = [...new Set(shown.map(({ from }) => from))];
  const used = (room: string) => shown.filter(({ from }) => from === room).map(({ to }) => `\`${to}\``);
  return [
    '| room | uses the types of |',
    '|---|---|',
    ...rooms.map((room) => `| \`${room}\` | ${used(room).join(', ')} |`),
  ].join('\n');
}

/** Mermaid takes a dot for the end of a name. */
function nameOf(room: string): string {
  return room.endsWith('.ts') ? `${room.slice(0, -3)}([${room}])` : room;
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(folder, path).replaceAll(sep, '/'))
    .sort();
}
