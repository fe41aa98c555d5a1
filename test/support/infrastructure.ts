import { execFileSync } from 'node:child_process';

/** A service that could not be had, and what would bring it. */
export interface Missing {
  readonly missing: string;
}

/**
 * For the `skip` of a suite: false where all is there, else the reason. With `ARCHIVER_REQUIRE_INFRASTRUCTURE=1`, as in
 * `.ci/run`, it throws the reason instead.
 */
export function skipWithout(...needs: readonly (Missing | null)[]): string | false {
  const missing = needs.find((need) => need !== null)?.missing ?? false;
  if (missing && process.env['ARCHIVER_REQUIRE_INFRASTRUCTURE'] === '1') throw new Error(missing);
  return missing;
}

/** null: the program is on the PATH (or among the system's own). */
export function program(name: string, debianPackage: string): Missing | null {
  try {
    execFileSync('which', [name], { stdio: 'ignore', env: { ...process.env, PATH: SEARCHED } });
    return null;
  } catch {
    return { missing: `No ${name}: apt-get install ${debianPackage}` };
  }
}

/** Debian puts servers where the PATH of a user who is not root does not look. */
export const SEARCHED = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

/** null: this process may mount file systems and run programs as other users. */
export const root: Missing | null =
  process.platform === 'linux' && process.getuid?.() === 0 ? null : { missing: 'Needs root on Linux.' };
