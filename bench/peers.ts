import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchDatabase } from './workers.ts';

/** What a peer fetches: the file at `path` is what `url` answers. */
export interface Published {
  readonly url: string;
  readonly path: string;
}

export interface PeerPlace {
  readonly scratch: string;
  readonly parallel: number;
}

const execute = promisify(execFile);

/** curl alone, into one new folder: nothing is hashed, nothing waits for the disk. Answers the folder. */
export async function curl(files: readonly Published[], { scratch, parallel }: PeerPlace): Promise<string> {
  const folder = mkdtempSync(join(scratch, 'curl-'));
  const list = join(folder, 'curl.txt');
  writeFileSync(list, files.map(({ url }, index) => `url=${url}\noutput=${folder}/${index}\n`).join(''));
  await execute('curl', ['--silent', '--parallel', '--parallel-max', String(parallel), '--config', list]);
  return folder;
}

/** Both digests of all files in a folder that curl filled, by the two tools that every system has. */
export async function digests(folder: string): Promise<void> {
  for (const tool of ['md5sum', 'sha256sum']) {
    const files = `find '${folder}' -type f -name '[0-9]*' -print0`;
    await execute('sh', ['-c', `${files} | xargs -0 ${tool} > '${folder}/${tool}.txt'`]);
  }
}

/** The durable work of a journey by plain tools: fetched, both digests, on the disk, and one row a file in PostgreSQL. */
export async function plainTools(
  files: readonly Published[],
  { knex }: BenchDatabase,
  place: PeerPlace,
): Promise<string> {
  const folder = await curl(files, place);
  await digests(folder);
  await execute('sync', ['--file-system', folder]);
  // Both lists are in the order of `find`; what COPY reads must be readable for the server's account.
  const rows = `paste -d ' ' '${folder}/md5sum.txt' '${folder}/sha256sum.txt' | tr -s ' ' '\\t' > '${folder}/rows.txt'`;
  await execute('sh', ['-c', rows]);
  chmodSync(folder, 0o755);
  await knex.raw('create table fetched (md5 text, path text primary key, sha256 text, same_path text)');
  await knex.raw(`copy fetched from '${join(folder, 'rows.txt')}'`);
  return folder;
}

/** Throws where a file in `folder`, named by its number, is not what was published. */
export function requireSame(files: readonly Published[], folder: string): void {
  for (const [index, { path }] of files.entries()) requireEqual(path, join(folder, String(index)));
}

/** Throws unless the bytes of both files are equal. */
export function requireEqual(published: string, fetched: string): void {
  if (!readFileSync(published).equals(readFileSync(fetched))) throw new Error(`${fetched} is not what was published.`);
}

/** As {@link requireSame}, of files too large to be read whole. */
export async function requireSameLarge(files: readonly Published[], folder: string): Promise<void> {
  for (const [index, { path }] of files.entries()) await execute('cmp', [path, join(folder, String(index))]);
}
