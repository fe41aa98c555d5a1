import { ArchiverError } from '../errors.ts';
import type { HostDatabase } from '../portal/HostDatabase.ts';
import type { Portal } from '../portal/Portal.ts';
import { missingRights } from '../record/database/missingRights.ts';
import type { Config } from '../settings/Config.ts';

/** Throws one `ArchiverError('host-unsuitable')` that names, a line each, what the host lacks and the rights that its database does not give. */
export async function requireSuitableHost(portal: Portal, knex: HostDatabase, config: Config): Promise<void> {
  const errors = await suitabilityErrors(portal, knex, config);
  if (errors.length > 0) throw new ArchiverError('host-unsuitable', errors.join('\n'));
}

/** The same, answered. What else the portal's own probe throws is thrown. */
export async function suitabilityErrors(
  portal: Portal,
  knex: HostDatabase,
  config: Config,
): Promise<readonly string[]> {
  const unsuitable = await (portal.check?.(config) ?? Promise.resolve()).then(
    () => [],
    (error: unknown) => {
      if (error instanceof ArchiverError && error.code === 'host-unsuitable') return error.message.split('\n');
      throw error;
    },
  );
  const missing = await missingRights(knex, config);
  return [...unsuitable, ...missing.map((right) => `${right.missing}: ${right.cure}`)];
}
