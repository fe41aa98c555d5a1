import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Command, Option } from 'commander';
import { ArchiverError, messageOf } from '../../errors.ts';
import type { Portal } from '../../portal/Portal.ts';
import { loadConfig } from '../../settings/loadConfig.ts';
import { version } from '../../wiring/version.ts';
import type { CommandContext } from './CommandContext.ts';

/** The options of every command that works inside a portal. */
export interface PortalOptions {
  readonly portal?: string;
  readonly portalUrl?: string;
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
    .addOption(
      new Option(
        '--portal-url <url>',
        'absolute URL of the portal, for the tables behind DATABASE_URL (variable ARCHIVER_PORTAL_URL)',
      ),
    )
    .option('--json', 'print JSON');
}

const namedPortal = (options: PortalOptions, context: CommandContext): string | undefined =>
  options.portal ?? context.environment.ARCHIVER_PORTAL;

/** Whether a portal was named, by option or variable. */
export const namesPortal = (options: PortalOptions, context: CommandContext): boolean =>
  Boolean(namedPortal(options, context));

/** A portal, and how to close what was opened for it. */
export interface LoadedPortal {
  readonly portal: Portal;
  close(): Promise<void>;
}

/** Throws `ArchiverError('invalid-request')`, or `settings-invalid` where the tables are the portal. */
export async function loadPortal(options: PortalOptions, context: CommandContext): Promise<LoadedPortal> {
  const module = namedPortal(options, context);
  if (module) return importPortal(module);
  const config = loadConfig({ environment: context.environment });
  const { openDefaultPortal } = await import('../../wiring/defaultPortal.ts');
  const site = portalUrl(options, context) ?? 'http://localhost';
  return openDefaultPortal(config, { site, version, log: context.errors });
}

/** Absolute URL of the portal that the tables are; null when nobody gave one. Throws `ArchiverError('invalid-request')`. */
export function portalUrl(options: PortalOptions, context: CommandContext): string | null {
  const given = options.portalUrl ?? context.environment.ARCHIVER_PORTAL_URL;
  if (!given) return null;
  if (/^https?:\/\//.test(given) && URL.canParse(given)) return given;
  throw new ArchiverError('invalid-request', `The URL of the portal is no absolute URL: ${given}`);
}

/** The portal was made for this command, so its database connection ends with it. */
async function importPortal(module: string): Promise<LoadedPortal> {
  const portal = await makePortal(module);
  if (isPortal(portal)) return { portal, close: async () => portal.database?.destroy() };
  throw new ArchiverError(
    'invalid-request',
    `The default export of ${module} makes no portal: see the Portal contract.`,
  );
}

async function makePortal(module: string): Promise<unknown> {
  try {
    const { default: made }: { default?: unknown } = await import(pathToFileURL(resolve(module)).href);
    return typeof made === 'function' ? await made() : made;
  } catch (error) {
    const message = `The portal ${module} cannot be loaded: ${messageOf(error)}`;
    throw new ArchiverError('invalid-request', message, { cause: error });
  }
}

const isPortal = (value: unknown): value is Portal =>
  typeof value === 'object' && value !== null && ['info', 'urls', 'catalog'].every((part) => part in value);
