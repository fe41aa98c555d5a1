import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import jsonld from 'jsonld';
import { ShownPortal } from '../support/shownPortal.ts';

const DCAT = 'http://www.w3.org/ns/dcat#';
const DQV = 'http://www.w3.org/ns/dqv#';
const PV = 'https://piveau.eu/ns/voc#';
const XSD = 'http://www.w3.org/2001/XMLSchema#';
const HYDRA = 'http://www.w3.org/ns/hydra/core#';

type Node = Readonly<Record<string, readonly { '@id': string; '@value': unknown; '@type': string }[]>> & {
  '@id': string;
};

describe('GET /quality.jsonld', () => {
  let portal: ShownPortal;
  beforeEach(async () => {
    portal = await ShownPortal.open();
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n' });
  });
  afterEach(() => portal.close());

  async function nodes(query = '', authorization = ''): Promise<Node[]> {
    const asked = portal.agent().get(`/quality.jsonld${query}`).set('Authorization', authorization).buffer(true);
    const { text, headers } = await asked
      .parse((response, done) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk));
        response.on('end', () => done(null, body));
      })
      .expect(200)
      .then(({ body, headers: sent }) => ({ text: String(body), headers: sent }));
    assert.match(headers['content-type'] ?? '', /^application\/ld\+json/);
    return Object(await jsonld.expand(JSON.parse(text)));
  }
  const distributions = (all: readonly Node[]) =>
    all.filter((node) => JSON.stringify(node).includes(`${DCAT}Distribution`));

  it('tells the status of each URL as data.europa.eu measures it', async () => {
    await portal.archived('r1', '/one.csv');
    await portal.archived('r2', '/none.csv');
    const [works, gone] = distributions(await nodes());
    for (const [node, status, path] of [
      [works, 200, '/one.csv'],
      [gone, 404, '/none.csv'],
    ] as const) {
      assert.ok(node);
      assert.deepEqual(node[`${DCAT}downloadURL`], [{ '@id': portal.urlOf(path) }]);
      const measured = node[`${DQV}hasQualityMeasurement`]?.map((one) => Object(one) as Node) ?? [];
      assert.deepEqual(
        measured.map((one) => one[`${DQV}isMeasurementOf`]?.[0]?.['@id']),
        [`${PV}accessUrlStatusCode`, `${PV}downloadUrlStatusCode`],
      );
      for (const one of measured) {
        assert.deepEqual(one[`${DQV}value`], [{ '@type': `${XSD}integer`, '@value': String(status) }]);
        assert.equal(one[`${DQV}computedOn`]?.[0]?.['@id'], node['@id']);
      }
    }
  });

  it('says nothing of a status where no server answered, and names no URL that is none', async () => {
    await portal.database.knex('resource').insert({ id: 'r3', package_id: 'd1', url: 'no url', name: 'r3' });
    await portal.archiver.hooks.afterResourceCreate({ resourceId: 'r3', datasetId: 'd1' });
    await portal.archived('r4', '/one.csv');
    const all = distributions(await nodes());
    const none = all.find((node) => node['@id'].endsWith('r3'));
    assert.ok(none);
    assert.deepEqual([none[`${DCAT}accessURL`], none[`${DQV}hasQualityMeasurement`]], [undefined, undefined]);
  });

  it('leads from page to page, and holds nothing that the caller may not see', async () => {
    await portal.archived('r1', '/one.csv');
    await portal.archived('secret-1', '/one.csv', 'secret');
    await portal.archived('z', '/one.csv');
    const found: string[] = [];
    for (let query: string | null = '?limit=1'; query !== null; ) {
      const page: Node[] = await nodes(query);
      found.push(...distributions(page).map((node) => node['@id']));
      const [view] = page.filter((node) => JSON.stringify(node).includes('PartialCollectionView'));
      const next: string | undefined = view?.[`${HYDRA}next`]?.[0]?.['@id'];
      query = next === undefined ? null : new URL(next).search;
    }
    assert.equal(found.length, 2);
    assert.ok(!found.some((iri) => iri.includes('secret')));
    assert.equal(distributions(await nodes('', 'admin')).length, 3);
    await portal.agent().get('/quality.jsonld?after=nonsense').expect(400);
  });
});
