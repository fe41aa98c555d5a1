import { readFile, stat } from 'node:fs/promises';
import { ArchiverError } from '../../errors.ts';

/** Of the system, by number. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const NOBODY: Account = { uid: 65_534, gid: 65_534 };

/**
 * Who runs PostgreSQL, which refuses to run as root: null is the user of this process. As root it is the owner of the
 * data that is there, else the system's `postgres`, else `nobody`; no account is added to the system.
 */
export async function accountFor(dataFolder: string): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  if (process.platform !== 'linux') {
    throw new ArchiverError(
      'settings-invalid',
      'PostgreSQL refuses to run as root: start as another user, or give DATABASE_URL.',
    );
  }
  const found = await stat(dataFolder).catch(() => null);
  if (found && found.uid !== 0) return { uid: found.uid, gid: found.gid };
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return named(accounts, 'postgres') ?? named(accounts, 'nobody') ?? NOBODY;
}

function named(accounts: string, name: string): Account | null {
  const [, uid, gid] = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(accounts) ?? [];
  return uid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}
