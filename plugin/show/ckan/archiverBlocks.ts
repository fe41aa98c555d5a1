import { type ResourceBlock, resourceBlock } from '../../decide/ckan/archiverBlock.ts';
import { CopyUrls } from '../copyUrls.ts';
import type { HandlerDeps } from '../HandlerDeps.ts';

type BlockDeps = Pick<HandlerDeps, 'records' | 'catalog' | 'copyUrl' | 'confirmFailures'>;

/** The `archiver` blocks of resources, by id; one of which no attempt has ended has none. */
export async function archiverBlocks(
  { records, catalog, copyUrl, confirmFailures }: BlockDeps,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ResourceBlock>> {
  const archivals = await records.archivals.getMany(ids);
  const newest = await records.copies.newestByResources(ids, 1);
  const urls = new CopyUrls({ catalog, copyUrl });
  const blocks = new Map<string, ResourceBlock>();
  for (const archival of archivals) {
    const [copy] = newest.get(archival.resourceId) ?? [];
    const kept = copy ? { newest: copy, url: await urls.of(copy.key, archival.datasetId) } : null;
    const block = resourceBlock(archival, kept, confirmFailures);
    if (block) blocks.set(archival.resourceId, block);
  }
  return blocks;
}
