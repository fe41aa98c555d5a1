import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { CodeBlock } from './codeBlocks.ts';

/** Run as they are; whatever else a block names is either recorded (`elsewhere.ts`) or an error. */
const PROGRAMS = 'bash cat chmod cp curl date env grep head ls mkdir mv openssl rm sed sleep sort tail tar tee'.split(
  ' ',
);
/** Ends a recorded argument, and a recorded command. */
const [ARGUMENT_END, COMMAND_END] = ['\u001f', '\u001e'];

/** What came of the blocks of a page. */
export interface BlocksEnd {
  readonly exitCode: number | null;
  readonly output: string;
  /** Of programs that cannot run here: the words of each command. */
  readonly recorded: readonly (readonly string[])[];
}

/** An empty project with the package and a portal in it, as a reader of a page has it; and a shell that knows few programs. */
export class WorkPlace {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** `elsewhere`: programs that are recorded rather than run. */
  static async create(elsewhere: readonly string[]): Promise<WorkPlace> {
    const place = new WorkPlace(await mkdtemp(join(tmpdir(), 'archiver-docs-')));
    await place.#addPrograms(elsewhere);
    await mkdir(join(place.folder, 'node_modules'));
    await symlink(resolve('.'), join(place.folder, 'node_modules/portal-archiver'));
    for (const name of ['knex', 'pg', 'express', 'pino'])
      await symlink(resolve('node_modules', name), join(place.folder, 'node_modules', name));
    for (const name of ['examples']) await symlink(resolve(name), join(place.folder, name));
    await copyFile('test/support/docs/portal.js', join(place.folder, 'portal.js'));
    return place;
  }

  /** One shell for all blocks, which stops at the first command that fails. What is in the background is ended at last. */
  async run(blocks: readonly CodeBlock[], variables: Readonly<Record<string, string>>): Promise<BlocksEnd> {
    const script = join(this.folder, '.script');
    const recorded = join(this.folder, '.recorded');
    await writeFile(script, [HEAD, ...blocks.map(withPlace), TAIL].join('\n'));
    const shell = spawn('bash', [script], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: join(this.folder, 'bin'), HOME: this.folder, LANG: 'C.UTF-8', RECORDED: recorded, ...variables },
    });
    const [[exitCode], out, errors] = await Promise.all([once(shell, 'close'), text(shell.stdout), text(shell.stderr)]);
    const kept = await readFile(recorded, 'utf8').catch(() => '');
    const commands = kept.split(COMMAND_END).filter((one) => one !== '');
    return {
      exitCode,
      output: `${out}${errors}`,
      recorded: commands.map((command) => command.split(ARGUMENT_END).slice(0, -1)),
    };
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async #addPrograms(elsewhere: readonly string[]): Promise<void> {
    const bin = join(this.folder, 'bin');
    await mkdir(bin);
    for (const name of PROGRAMS) await symlink(pathOf(name), join(bin, name));
    await symlink(process.execPath, join(bin, 'node'));
    const program = async (name: string, body: string) => {
      await writeFile(join(bin, name), `#!${pathOf('bash')}\n${body}\n`);
      await chmod(join(bin, name), 0o755);
    };
    // As npx does for a program of an installed package; what it takes to find it is npx's own.
    await program('npx', `[ "$1" = portal-archiver ] && exec node "${resolve('dist/cli/main.js')}" "\${@:2}"`);
    for (const name of elsewhere)
      await program(
        name,
        `printf '%s${ARGUMENT_END}' ${name} "$@" >> "$RECORDED"; printf '${COMMAND_END}' >> "$RECORDED"`,
      );
  }
}

const HEAD = `set -euo pipefail
trap 'echo "failed at $AT: $BASH_COMMAND" >&2' ERR`;

/** What still runs is a worker or the like: it ends with 0 when it is asked to, or had no time to listen yet. */
const TAIL = `AT='the end, for what was started in the background'
for job in $(jobs -p); do
  kill -TERM "$job" 2>/dev/null || true
  code=0; wait "$job" || code=$?
  [ $code = 0 ] || [ $code = 143 ] || { echo "what was started in the background ended with $code" >&2; exit 1; }
done`;

const withPlace = ({ page, line, text }: CodeBlock): string => `AT='${page}:${line}'\n${text}`;

/** Throws where a program is missing that the documents take for granted. */
function pathOf(name: string): string {
  const folder = (process.env['PATH'] ?? '').split(delimiter).find((one) => existsSync(join(one, name)));
  if (folder === undefined) throw new Error(`The documents' commands need the program ${name}.`);
  return join(folder, name);
}
