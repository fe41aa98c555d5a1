import { ArchiverError } from '../errors.ts';
import type { Role } from '../model/role.ts';
import type { Portal } from '../portal/Portal.ts';
import { poolSizeOf } from '../record/database/connectionOf.ts';

/** The relay reads the catalogue while it holds the saves that it read; everything else needs one at a time. */
const NEEDED_BY_WORKER = 2;

/** Throws `ArchiverError('host-unsuitable')` with the number of connections that is needed: the work would stand still. */
export function refuseSmallPool({ database }: Pick<Portal, 'database'>, roles: readonly Role[]): void {
  const size = database ? poolSizeOf(database) : null;
  if (size === null || size >= NEEDED_BY_WORKER || !roles.includes('worker')) return;
  const message = `The portal's knex has a pool of ${size} connection; a worker needs at least ${NEEDED_BY_WORKER} (pool.max).`;
  throw new ArchiverError('host-unsuitable', message);
}
