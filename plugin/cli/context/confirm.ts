import { createInterface } from 'node:readline/promises';
import { ArchiverError } from '../../errors.ts';
import type { CommandContext } from './CommandContext.ts';

/** Asks on a terminal; without one only `--yes` will do. Throws `ArchiverError('invalid-request')` unless it is a yes. */
export async function confirm(
  danger: string,
  options: { readonly yes?: true },
  context: CommandContext,
): Promise<void> {
  if (options.yes) return;
  if (!context.output.isTTY) throw new ArchiverError('invalid-request', `${danger} Say --yes if you mean it.`);
  const reader = createInterface({ input: context.input, output: context.errors });
  try {
    const answer = await reader.question(`${danger} Type yes to go on: `, { signal: context.signal });
    if (answer.trim() !== 'yes') throw new ArchiverError('invalid-request', 'Nothing was changed.');
  } finally {
    reader.close();
  }
}
