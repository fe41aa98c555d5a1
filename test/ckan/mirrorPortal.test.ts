import { createMirrorPortal } from '../../plugin/portal/ckan/mirrorPortal.ts';
import { MirrorTables } from '../../plugin/portal/ckan/mirrorTables.ts';
import { readDataset } from '../../plugin/portal/ckan/remoteDataset.ts';
import { databaseOf } from '../../plugin/record/database/openDatabase.ts';
import type { PortalUnderTest } from '../../plugin/testing/PortalUnderTest.ts';
import { portalContract } from '../../plugin/testing/portalContract.ts';
import { freshDatabase } from '../support/postgres.ts';
import { SILENT } from '../support/testPortal.ts';

portalContract({ name: 'the mirror of a CKAN portal', open });

const SCHEMA = 'archiver_ckan';

const resource = (id: string, url: string, more: object = {}) => ({ id, url, name: id, format: 'CSV', ...more });

const SITE = 'https://data.example';
const MET = { id: 'o1', name: 'met', title: 'Met Office' };

/** As the API gives them. */
const DATASETS = [
  {
    ...{ id: 'd1', name: 'rain', title: 'Rain', owner_org: 'o1', organization: { ...MET, is_organization: true } },
    resources: [resource('r1', 'https://a.example/1.csv'), resource('r2', '')],
  },
  { id: 'd2', name: 'hidden', private: true, resources: [resource('r3', 'no URL', { url_type: 'upload' })] },
];

async function open(): Promise<PortalUnderTest> {
  const { knex, drop } = await freshDatabase();
  const tables = new MirrorTables(databaseOf(knex, SCHEMA));
  await tables.open();
  await tables.put(
    DATASETS.flatMap((dataset) => readDataset(dataset) ?? []),
    async () => undefined,
  );
  const portal = createMirrorPortal({
    knex,
    schema: SCHEMA,
    site: SITE,
    archiverUrl: 'https://data.example/archiver',
    version: '2.11.6',
    token: null,
    accessToken: 'ours',
    logger: SILENT,
  });
  const shown = (id: string, datasetId: string, url: string, urlType: string | null = null) => ({
    ...{ id, datasetId, url, urlType, name: id, format: 'CSV', organisation: datasetId === 'd1' ? MET : null },
    pageUrl: `${SITE}/dataset/${datasetId}/resource/${id}`,
  });
  return {
    portal,
    catalog: portal.catalog,
    datasets: [
      {
        ...{
          id: 'd1',
          name: 'rain',
          title: 'Rain',
          private: false,
          organisation: MET,
          pageUrl: `${SITE}/dataset/rain`,
        },
        resources: [shown('r1', 'd1', 'https://a.example/1.csv'), shown('r2', 'd1', '')],
      },
      {
        ...{
          id: 'd2',
          name: 'hidden',
          title: null,
          private: true,
          organisation: null,
          pageUrl: `${SITE}/dataset/hidden`,
        },
        resources: [shown('r3', 'd2', 'no URL', 'upload')],
      },
    ],
    organisations: [{ ...MET, parentId: null }],
    missingIds: ['unknown'],
    transaction: (work) => knex.transaction(work),
    async written(resourceId) {
      const row = await knex(`${SCHEMA}.resource`).where({ id: resourceId }).first();
      const { cache_url, cache_last_updated, hash, size, mimetype } = row;
      return {
        cacheUrl: cache_url,
        cacheLastUpdated: cache_last_updated,
        hash,
        size: size === null ? null : Number(size),
        mimetype,
      };
    },
    close: drop,
  };
}
