import { type OpenServer, openServer, type ServerAddress } from '../show/openServer.ts';
import { keptSecret } from './keptSecret.ts';
import type { MirrorOptions, MirrorSurroundings } from './MirrorOptions.ts';

/** A server for a mirror's routes, and what the mirror must know of it. */
export interface MirrorServer extends Pick<OpenServer, 'mount' | 'close'> {
  readonly options: Pick<MirrorOptions, 'archiverUrl' | 'accessToken'>;
}

/** Listens, and says where, and where the token lies that opens what the public does not see. */
export async function serveMirror(
  address: ServerAddress,
  { folder }: Pick<MirrorOptions, 'folder'>,
  { say }: Pick<MirrorSurroundings, 'say'>,
): Promise<MirrorServer> {
  const { secret: accessToken, path } = await keptSecret(folder, 'access-token');
  const { archiverUrl, mount, close } = await openServer(address);
  say(`Serving ${archiverUrl}; the token for private datasets lies in ${path}`);
  return { options: { archiverUrl, accessToken }, mount, close };
}
