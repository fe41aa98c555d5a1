import type { Resource } from '../model/resource.ts';
import type { Catalog } from '../portal/Portal.ts';
import type { Copies } from '../record/Records.ts';

/** What places copies. */
export interface PlaceDeps {
  readonly catalog: Pick<Catalog, 'getDataset' | 'describeDataset'>;
  readonly copies: Pick<Copies, 'listByResource'>;
  /** Moves the bytes of a key to the public or the private side; false when they lie there already. */
  place(key: string, isPrivate: boolean, mediaType: string | null): Promise<boolean>;
  /** Writes the address of the newest copy to the portal's resource. */
  writeAddress(resourceId: string, key: string, isPrivate: boolean): Promise<void>;
}

/**
 * Says who may see a resource, and puts its copies where that audience finds them and no other: those of a dataset that
 * turned private leave the public place before anything else happens to the resource, and the portal's address follows.
 */
export async function placeCopies(resource: Resource, deps: PlaceDeps): Promise<Resource> {
  const { catalog, copies, place, writeAddress } = deps;
  const { datasetId } = resource;
  const dataset = await (catalog.describeDataset?.(datasetId) ?? catalog.getDataset(datasetId));
  const isPrivate = dataset?.private ?? true;
  const known = await copies.listByResource(resource.id);
  let moved = 0;
  for (const { key, mediaType } of known) if (await place(key, isPrivate, mediaType)) moved += 1;
  const [newest] = known;
  if (moved > 0 && newest) await writeAddress(resource.id, newest.key, isPrivate);
  return { ...resource, isPrivate };
}
