import type { Dataset, Resource } from '../model/resource.ts';
import type { Catalog } from '../portal/Portal.ts';
import { type Page, type PageQuery, readPage } from './paging.ts';

/** What a dataset is, without its resources. */
export type DatasetHead = Omit<Dataset, 'resources'>;

type Source = Pick<Catalog, 'getDataset' | 'describeDataset' | 'listDatasetResources'>;

/** null: there is none. A portal that cannot describe a dataset alone reads it whole. */
export function describeDataset(catalog: Source, idOrName: string): Promise<DatasetHead | null> {
  return catalog.describeDataset ? catalog.describeDataset(idOrName) : catalog.getDataset(idOrName);
}

/** Whether its copies are for some alone; a dataset that is not there any more is private. */
export async function isPrivateDataset(catalog: Source, datasetId: string): Promise<boolean> {
  return (await describeDataset(catalog, datasetId))?.private ?? true;
}

/** A page of a dataset's resources, in the order of their ids. */
export function pageOfDataset(catalog: Source, datasetId: string, page: PageQuery): Promise<Page<Resource>> {
  const { listDatasetResources } = catalog;
  const read = listDatasetResources
    ? (part: PageQuery) => listDatasetResources.call(catalog, datasetId, part)
    : (part: PageQuery) => cutFrom(catalog, datasetId, part);
  return readPage(page, read, ({ id }) => id);
}

async function cutFrom(catalog: Source, datasetId: string, { after, limit }: PageQuery): Promise<readonly Resource[]> {
  const resources = (await catalog.getDataset(datasetId))?.resources ?? [];
  const ordered = resources.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return ordered.filter(({ id }) => after === null || id > after).slice(0, limit);
}
