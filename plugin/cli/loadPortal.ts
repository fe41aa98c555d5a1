import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Command, Option } from 'commander';
import { ArchiverError, messageOf } from '../errors.ts';
import type { Portal } from '../portal/Portal.ts';
import type { CommandContext } from './CommandContext.ts';

export interface PortalOptions {
  readonly portal?: string;
  readonly json?: true;
}

/** For every command that works inside a portal. */
export function addPortalOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--portal <module>',
        'ES module whose default export makes the portal; by default the tables behind DATABASE_URL (variable ARCHIVER_PORTAL)',
      ),
    )
    .option('--json', 'print JSON');
}

const namedPortal = (options: PortalOptions, context: CommandContext): string | undefined =>
  options.portal ?? context.environment.ARCHIVER_PORTAL;

export const namesPortal = (options: PortalOptions, context: CommandContext): boolean =>
  Boolean(namedPortal(options, context));

/** The portal, and how to close what was opened for it. Throws `ArchiverError('invalid-request')`. */
export async function loadPortal(
  options: PortalOptions,
  context: CommandContext,
): Promise<{ readonly portal: Portal; close(): Promise<void> }> {
  const module = namedPortal(options, context);
  if (!module) {
    const { openDefaultPortal } = await import('../defaultPortal.ts');
    return openDefaultPortal(context.environment);
  }
  const portal = await importPortal(module);
  return { portal, close: async () => undefined };
}

async function importPortal(module: string): Promise<Portal> {
  try {
    const { default: made }: { default?: unknown } = await import(pathToFileURL(resolve(module)).href);
    const portal: unknown = typeof made === 'function' ? await made() : made;
    if (isPortal(portal)) return portal;
  } catch (error) {
    throw new ArchiverError('invalid-request', `The portal ${module} cannot be loaded: ${messageOf(error)}`, {
      cause: error,
    });
  }
  throw new ArchiverError(
    'invalid-request',
    `The default export of ${module} makes no portal: see the Portal contract.`,
  );
}

const isPortal = (value: unknown): value is Portal =>
  typeof value === 'object' &&
  value !== null &&
  ['info', 'urls', 'catalog', 'authorize', 'logger'].every((part) => part in value);
