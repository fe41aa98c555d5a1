import type { Archiver, StartOptions } from '../../Archiver.ts';
import type { Role } from '../../model/role.ts';
import type { Portal } from '../../portal/Portal.ts';
import type { CommandContext } from './CommandContext.ts';
import { loadPortal, type PortalOptions } from './loadPortal.ts';

/**
 * Starts the archiver in these roles (none: only to ask and to tell), does the work, and stops what was started. `signal`: the
 * process is asked to end, or another one uninstalls the archiver.
 */
export async function withArchiver(
  options: PortalOptions & { readonly roles?: readonly Role[] },
  context: CommandContext,
  work: (archiver: Archiver, portal: Portal, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { portal, close } = await loadPortal(options, context);
  // Only now: what probes a link or reads the settings needs neither queue nor database.
  const { createArchiver } = await import('../../plugin.ts');
  const archiver = createArchiver({ environment: context.environment });
  try {
    archiver.register(portal);
    const uninstalled = new AbortController();
    const onUninstall = () => uninstalled.abort();
    await startUnlessEnded(archiver, { roles: options.roles ?? [], onUninstall }, context);
    const signal = AbortSignal.any([context.signal, uninstalled.signal]);
    if (!signal.aborted) await work(archiver, portal, signal);
  } finally {
    await archiver.stop();
    await close();
  }
}

/** From then on the command itself says how it ends. */
async function startUnlessEnded(archiver: Archiver, options: StartOptions, { signal }: CommandContext): Promise<void> {
  const stop = () => void archiver.stop();
  signal.addEventListener('abort', stop);
  try {
    await archiver.start(options);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
