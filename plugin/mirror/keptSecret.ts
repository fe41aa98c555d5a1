import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArchiverError, messageOf } from '../errors.ts';

/** Below the folder of a mirror: what is ours beside the copies. */
export const OWN_FOLDER = '.portal-archiver';

/** Made once, readable for its owner alone; answers the secret and where it lies. Throws `ArchiverError('store-failed')`. */
export async function keptSecret(
  folder: string,
  name: string,
): Promise<{ readonly secret: string; readonly path: string }> {
  const path = join(folder, OWN_FOLDER, name);
  const made = randomBytes(24).toString('base64url');
  try {
    await mkdir(join(folder, OWN_FOLDER), { recursive: true });
    const isNew = await writeFile(path, `${made}\n`, { mode: 0o600, flag: 'wx' }).then(
      () => true,
      (error: NodeJS.ErrnoException) => (error.code === 'EEXIST' ? false : Promise.reject(error)),
    );
    return { path, secret: isNew ? made : (await readFile(path, 'utf8')).trim() };
  } catch (error) {
    throw new ArchiverError('store-failed', `${path} cannot be kept: ${messageOf(error)}`, { cause: error });
  }
}
