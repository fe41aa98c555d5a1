import { StartError } from './environment.ts';

type Close = () => Promise<unknown>;

/** What was opened, closed in reverse; each a last time only. */
export class Closers {
  readonly #closers: Close[] = [];

  add(close: Close): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) {
      await close().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
    }
  }
}

const PARENT_POLL_MS = 1000;

/** Resolves when somebody wants the process to end. A second signal ends it immediately. */
export function untilAskedToEnd(): Promise<void> {
  return new Promise((resolve) => {
    let isAsked = false;
    const ask = () => {
      if (isAsked) process.exit(130);
      isAsked = true;
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask);
    // npm's shell does not hand signals on: when it is gone nobody can stop us any more.
    const parent = process.ppid;
    if (process.env.npm_lifecycle_event === undefined) return;
    setInterval(() => process.ppid !== parent && !isAsked && ask(), PARENT_POLL_MS).unref();
  });
}

/** Runs to an exit code: what a person must put right is one plain line, anything else its stack. */
export async function runMain(main: (closers: Closers) => Promise<number>): Promise<void> {
  const closers = new Closers();
  let code = 1;
  try {
    code = await main(closers);
  } catch (error) {
    if (error instanceof StartError) code = error.exitCode;
    process.stderr.write(
      `${error instanceof StartError ? error.message : error instanceof Error ? error.stack : error}\n`,
    );
  }
  await closers.close();
  process.exit(code);
}
