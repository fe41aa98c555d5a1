/** A short form, for a look. */
export const quick = process.argv.includes('--quick');
/** One JSON document on standard output, in place of a table. */
export const asJson = process.argv.includes('--json');

const folderAt = process.argv.indexOf('--folder');
/** `--folder PATH`: what was generated stays there for the next time. */
export const folder = folderAt < 0 ? null : (process.argv[folderAt + 1] ?? null);

/** `--rounds N`, else `usual`. */
export function roundsOr(usual: number): number {
  const at = process.argv.indexOf('--rounds');
  const rounds = at < 0 ? usual : Number(process.argv[at + 1]);
  if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError('--rounds wants a whole number from 1 on.');
  return rounds;
}

const heapAt = process.argv.indexOf('--heap');
/**
 * `--heap MB`: what V8 may take for old objects in processes of ours, as Node sets it by itself to half of what a container may have.
 * Left out: half of the machine's memory, 4 GB at most, and V8 collects the less the more that is.
 */
export const nodeOptions: readonly string[] =
  heapAt < 0 ? [] : [`--max-old-space-size=${Number(process.argv[heapAt + 1])}`];

/** `--only=PART`: that part alone, while working on it. */
export function isWanted(part: string): boolean {
  const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice(7);
  return only === undefined || only === part;
}

/** What happens meanwhile, on standard error. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`);
