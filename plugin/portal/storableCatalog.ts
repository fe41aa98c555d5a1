import { mailAddressOf } from '../decide/mail/mailAddress.ts';
import { plainText, storableText } from '../decide/plainText.ts';
import type { Contact } from '../model/contact.ts';
import type { Dataset, Organisation, Resource } from '../model/resource.ts';
import type { Catalog } from './Portal.ts';

/** What the archiver reads of a catalogue. */
export type CatalogReader = Pick<
  Catalog,
  | 'getResource'
  | 'getResources'
  | 'getDataset'
  | 'describeDataset'
  | 'describeDatasets'
  | 'listDatasetResources'
  | 'listResources'
  | 'listOrganisations'
  | 'contactOf'
>;

type Page = Parameters<Catalog['listResources']>[0];

/** Code points. No URL longer than 8192 bytes is asked for, so nothing is lost. */
const URL_LENGTH = 16_384;
const TEXT_LENGTH = 1000;
const NAME_LENGTH = 100;

/**
 * A host's catalogue, in which every text that editors write can be stored: well-formed, without NUL, bounded. Ids stay,
 * for the host is asked by them; a resource whose id PostgreSQL has no place for is none.
 */
export function storableCatalog(catalog: CatalogReader): CatalogReader {
  const { getResources, describeDataset, describeDatasets, listDatasetResources, listOrganisations, contactOf } =
    catalog;
  return {
    async getResource(id) {
      const resource = await catalog.getResource(id);
      return resource && storableResource(resource);
    },
    ...(getResources && {
      getResources: async (ids: readonly string[]) => storableResources(await getResources.call(catalog, ids)),
    }),
    async getDataset(idOrName) {
      const dataset = await catalog.getDataset(idOrName);
      return dataset && storableDataset(dataset);
    },
    ...(describeDataset && {
      describeDataset: async (idOrName: string) => {
        const found = await describeDataset.call(catalog, idOrName);
        return found && storableHead(found);
      },
    }),
    ...(describeDatasets && {
      describeDatasets: async (ids: readonly string[]) => (await describeDatasets.call(catalog, ids)).map(storableHead),
    }),
    ...(listDatasetResources && {
      listDatasetResources: async (id: string, page: Page) =>
        storableResources(await listDatasetResources.call(catalog, id, page)),
    }),
    async listResources(page) {
      return storableResources(await catalog.listResources(page));
    },
    ...(listOrganisations && {
      listOrganisations: async () => (await listOrganisations.call(catalog)).flatMap((one) => storableOwner(one) ?? []),
    }),
    ...(contactOf && {
      contactOf: async (datasetIds: readonly string[]) => {
        const found = [...(await contactOf.call(catalog, datasetIds))];
        return new Map(found.map(([id, contact]) => [id, contact && writableContact(contact)]));
      },
    }),
  };
}

function storableDataset({ resources, ...head }: Dataset): Dataset {
  return { ...storableHead(head), resources: storableResources(resources) };
}

function storableHead(dataset: Omit<Dataset, 'resources'>): Omit<Dataset, 'resources'> {
  const { name, title } = dataset;
  return { ...dataset, ...storableWords(dataset), name: short(name), title: shortOrNull(title) };
}

function storableResources(resources: readonly Resource[]): Resource[] {
  return resources.filter(({ id }) => !id.includes('\0')).map(storableResource);
}

function storableResource(resource: Resource): Resource {
  const { url, datasetId, name, format } = resource;
  return {
    ...resource,
    ...storableWords(resource),
    datasetId: short(datasetId),
    url: storableText(url, URL_LENGTH),
    name: shortOrNull(name),
    format: shortOrNull(format),
  };
}

type Words = Pick<Resource, 'organisation' | 'pageUrl'>;

/** Members that the catalogue leaves out stay out. */
function storableWords({ organisation, pageUrl }: Words): Words {
  return {
    ...(organisation !== undefined && { organisation: organisation && storableOwner(organisation) }),
    ...(pageUrl !== undefined && { pageUrl: isWebPage(pageUrl) ? storableText(pageUrl, URL_LENGTH) : null }),
  };
}

/** null: PostgreSQL has no place for its id. */
function storableOwner({ id, name, title, parentId }: Organisation): Organisation | null {
  if (id.includes('\0')) return null;
  const above = parentId?.includes('\0') ? null : parentId;
  return { id, name: short(name), title: shortOrNull(title), ...(above !== undefined && { parentId: above }) };
}

/** null: what is given is no address. A name becomes a part of a header, which is one line. */
function writableContact({ address, name, language = null }: Contact): Contact | null {
  const written = mailAddressOf(address);
  return written === null ? null : { address: written, name: name && plainText(name, NAME_LENGTH), language };
}

/** Nothing else becomes a link on a page: a portal's templates may be anything. */
const isWebPage = (url: string | null): url is string => url !== null && /^https?:\/\//i.test(url);

const short = (text: string): string => storableText(text, TEXT_LENGTH);
const shortOrNull = (text: string | null): string | null => (text === null ? null : short(text));
