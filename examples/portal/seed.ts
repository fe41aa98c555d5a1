import { createHash } from 'node:crypto';
import type { Code } from 'portal-archiver';
import type { Catalogue, NewOrganisation } from './catalogue.ts';

/** A resource that every start has, and how its archival should end. */
export interface Seeded {
  readonly id: string;
  readonly name: string;
  readonly expected: Code;
}

interface SeedResource {
  /** Says what the odd ones are. */
  readonly name: string;
  readonly path: string;
  readonly format: string;
  readonly expected?: Code;
}

interface SeedDataset {
  readonly name: string;
  readonly title: string;
  readonly notes: string;
  readonly license: string;
  /** Name of its organisation. */
  readonly owner: string;
  /** Who looks after it. */
  readonly maintainer: string;
  readonly resources: readonly SeedResource[];
}

const file = (name: string, format: string): SeedResource => ({ name, format, path: `/data/${name}` });

const DATASETS: readonly SeedDataset[] = [
  {
    name: 'weather',
    title: 'Weather and climate',
    notes: 'Observations of the National Oceanic and Atmospheric Administration.',
    license: 'U.S. Government work',
    owner: 'noaa',
    maintainer: 'Wanda Vane',
    resources: [
      file('weather.csv', 'CSV'),
      file('seattle-weather-hourly-normals.csv', 'CSV'),
      file('global-temp.csv', 'CSV'),
      file('annual-precip.json', 'JSON'),
      { name: 'moved: seattle-weather.csv', path: '/old/seattle-weather.csv', format: 'CSV' },
      { name: 'slow: weekly-weather.json', path: '/slow/weekly-weather.json', format: 'JSON' },
    ],
  },
  {
    name: 'work-and-money',
    title: 'Work, money and government',
    notes: 'Employment by the Bureau of Labor Statistics, and the budget of the United States.',
    license: 'U.S. Government work',
    owner: 'labour',
    maintainer: 'Paul Pence',
    resources: [
      file('us-employment.csv', 'CSV'),
      file('unemployment.tsv', 'TSV'),
      file('unemployment-across-industries.json', 'JSON'),
      file('budgets.json', 'JSON'),
      file('political-contributions.json', 'JSON'),
      { name: 'too large: everything.zip', path: '/everything.zip', format: 'ZIP', expected: 'too-large' },
    ],
  },
  {
    name: 'earth-and-life',
    title: 'Earth and life',
    notes: 'Earthquakes, bird strikes, penguins and the outlines of the world.',
    license: 'Public domain',
    owner: 'commerce',
    maintainer: 'Wanda Vane',
    resources: [
      file('earthquakes.json', 'GeoJSON'),
      file('world-110m.json', 'TopoJSON'),
      file('penguins.json', 'JSON'),
      file('birdstrikes.csv', 'CSV'),
      { name: 'broken: species-2019.csv', path: '/data/species-2019.csv', format: 'CSV', expected: 'gone' },
      { name: 'landing page: stock prices', path: '/landing', format: 'CSV', expected: 'not-data' },
      { name: 'licence form: iowa-electricity.csv', path: '/licensed/iowa-electricity.csv', format: 'CSV' },
      { name: 'page: about our data', path: '/about', format: 'CSV', expected: 'not-data' },
    ],
  },
];

/** The same on every start, so that a second one finds what the first one made. */
const idOf = (name: string): string => {
  const hex = createHash('sha256').update(`portal-archiver example ${name}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
};

/** Of a domain that nobody has (RFC 2606). */
const emailOf = (name: string): string => `${name.toLowerCase().replace(' ', '.')}@portal.example`;

/** One of them is a part of another. */
const ORGANISATIONS: readonly NewOrganisation[] = [
  { id: idOf('organisation commerce'), name: 'commerce', title: 'Department of Commerce', parentId: null },
  {
    id: idOf('organisation noaa'),
    name: 'noaa',
    title: 'National Oceanic and Atmospheric Administration',
    parentId: idOf('organisation commerce'),
  },
  { id: idOf('organisation labour'), name: 'labour', title: 'Bureau of Labor Statistics', parentId: null },
];

/** Every seeded resource. */
export const SEEDED: readonly Seeded[] = DATASETS.flatMap(({ resources }) =>
  resources.map(({ name, expected = 'archived' }) => ({ id: idOf(name), name, expected })),
);

/**
 * Organisations, datasets and resources over the publisher's files, made where they never were; an editor's change or deletion
 * stays. Where the publisher's address is another than the last time, the URLs follow it.
 */
export async function seed(catalogue: Catalogue, publisher: string, lastPublisher: string | null): Promise<void> {
  const added = await catalogue.addOrganisations(ORGANISATIONS);
  for (const { name, title, notes, license, owner, maintainer, resources } of DATASETS) {
    const datasetId = idOf(`dataset ${name}`);
    const owner_org = idOf(`organisation ${owner}`);
    if (lastPublisher === null && !(await catalogue.dataset(datasetId)))
      await catalogue.createDataset(datasetId, {
        ...{ name, title, notes, license_id: license, private: false, owner_org },
        ...{ maintainer, maintainer_email: emailOf(maintainer) },
      });
    const dataset = await catalogue.dataset(datasetId);
    // A folder of before there were organisations.
    if (dataset?.owner_org === null && added.includes(owner_org)) await catalogue.giveDataset(datasetId, owner_org);
    if (dataset) await seedResources(catalogue, datasetId, resources, { publisher, lastPublisher });
  }
}

interface Publishers {
  readonly publisher: string;
  readonly lastPublisher: string | null;
}

async function seedResources(
  catalogue: Catalogue,
  datasetId: string,
  resources: readonly SeedResource[],
  { publisher, lastPublisher }: Publishers,
): Promise<void> {
  for (const one of resources) {
    const id = idOf(one.name);
    const known = await catalogue.resource(id);
    const url = publisher + one.path;
    if (!known && lastPublisher === null) {
      const fields = { url, name: one.name, description: '', format: one.format, url_type: null };
      await catalogue.createResource(id, datasetId, fields);
    } else if (known && lastPublisher !== publisher && known.url === `${lastPublisher}${one.path}`) {
      const { name, description, format, url_type } = known;
      await catalogue.updateResource(id, datasetId, { url, name, description, format, url_type });
    }
  }
}
