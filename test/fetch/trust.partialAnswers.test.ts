import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attempt } from '../../plugin/model/attempt.ts';
import { fetchOnce } from '../support/fetching.ts';
import { answer, OddServer } from '../support/oddServer.ts';

type Headers = Readonly<Record<string, string>>;

const ROWS = '{"type":"Feature","properties":{"id":1,"next":"a \\"b"},"geometry":null}';
/** As many as go beyond what is looked at as a whole. */
const MANY = Array.from({ length: 4000 }, () => ROWS).join(',');
const NEXT = 'https://data.example/items?offset=100';
const collection = (rows: string, ...members: string[]) =>
  `{${['"type":"FeatureCollection"', `"features":[${rows}]`, ...members].join(',')}}`;
const before = (rows: string, ...members: string[]) => `{${[...members, `"features":[${rows}]`].join(',')}}`;

async function fetched(body: string, headers: Headers = {}, path = '/f.json'): Promise<Attempt> {
  return fetchOnce(await OddServer.start({ '*': answer(200, headers, Buffer.from(body)) }), path);
}

async function assertPartial(body: string, isPartial: boolean, headers: Headers = {}, path?: string): Promise<void> {
  const { kind, partial, evidence, reason } = await fetched(body, headers, path);
  assert.deepEqual([kind, partial], ['fetched', isPartial ? true : undefined], `${reason} ${evidence.join('; ')}`);
  const said = evidence.some((words) => words.startsWith('the answer says that it is a part of what was asked for: '));
  assert.equal(said, isPartial, evidence.join('; '));
}

const ckan = (rows: number, total: number) =>
  JSON.stringify({
    success: true,
    result: {
      records: Array.from({ length: rows }, (_, id) => ({ id })),
      limit: 100,
      _links: { start: '/api/x', next: '/api/x?offset=100' },
      total,
    },
  });

describe('an answer that says it is a part', () => {
  const parts: readonly (readonly [string, string, Headers?, string?])[] = [
    ['ArcGIS', collection(ROWS, '"exceededTransferLimit":true')],
    ['ArcGIS, at the end of many rows', collection(MANY, '"exceededTransferLimit": true')],
    ['ArcGIS, before many rows', before(MANY, '"objectIdFieldName":"id"', '"exceededTransferLimit":true')],
    ['ArcGIS as GeoJSON', collection(MANY, '"properties":{"exceededTransferLimit":true}')],
    ['OGC API', collection(ROWS, '"numberMatched":1000', '"numberReturned":100')],
    ['OGC API, at the end of many rows', collection(MANY, '"numberMatched":5000', '"numberReturned":4000')],
    ['a link of OGC API', before(MANY, `"links":[{"rel":"self","href":"${NEXT}"},{"rel":"next","href":"${NEXT}"}]`)],
    ['a link of JSON:API', `{"data":[{"id":1}],"links":{"self":"/a","next":"${NEXT}"}}`],
    ['a link of HAL', `{"_embedded":{"rows":[1]},"_links":{"next":{"href":"${NEXT}"}}}`],
    ['a link of Django', `{"count":2000,"next":"${NEXT}","previous":null,"results":[{"id":1}]}`],
    ['a link of OData', `{"value":[{"id":1}],"@odata.nextLink":"Items?$skiptoken=1"}`],
    ['OData 2', `{"d":{"results":[${MANY}],"__next":"${NEXT}"}}`],
    ['CKAN', ckan(100, 5000)],
    [
      'WFS 2',
      `<?xml version="1.0"?><wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" numberMatched="900" numberReturned="10"><wfs:member/></wfs:FeatureCollection>`,
      {},
      '/f.gml',
    ],
    [
      'CSW',
      '<csw:GetRecordsResponse xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"><csw:SearchResults nextRecord="11" numberOfRecordsMatched="99" numberOfRecordsReturned="10"/></csw:GetRecordsResponse>',
      {},
      '/f.xml',
    ],
    [
      'Atom',
      `<feed xmlns="http://www.w3.org/2005/Atom"><link rel="next" href="${NEXT}"/><entry><id>1</id></entry></feed>`,
      {},
      '/f.xml',
    ],
    [
      'OAI-PMH',
      `<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>${'<record><id>1</id></record>'.repeat(4000)}<resumptionToken>x9</resumptionToken></ListRecords></OAI-PMH>`,
      {},
      '/f.xml',
    ],
    [
      'a Link field',
      'id,name\n1,a\n2,b\n',
      { link: `<${NEXT}&page=1>; rel="prev", <${NEXT}>; rel="next last"` },
      '/f.csv',
    ],
    ['a Link field without quotes', 'id,name\n1,a\n2,b\n', { link: `<${NEXT}>;title="a, <b>";rel=next` }, '/f.csv'],
  ];
  for (const [what, body, headers, path] of parts) {
    it(`is archived, and marked: ${what}`, () => assertPartial(body, true, headers, path));
  }
});

describe('an answer that does not say so', () => {
  const wholes: readonly (readonly [string, string, Headers?, string?])[] = [
    ['has all that was matched', collection(ROWS, '"numberMatched":1', '"numberReturned":1')],
    ['does not know how much was matched', '<a numberMatched="unknown" numberReturned="10"><b/></a>', {}, '/f.xml'],
    ['kept to the limit', collection(MANY, '"exceededTransferLimit":false')],
    ['says it in a row alone', collection('{"type":"Feature","exceededTransferLimit":true,"numberMatched":5}')],
    [
      'says it in the last of many rows alone',
      `{"features":[${MANY},{"exceededTransferLimit":true,"next":"${NEXT}"}]}`,
    ],
    ['says it in a text', `{"features":[${MANY}],"note":"\\",\\"exceededTransferLimit\\":true"}`],
    ['is the last page', `{"count":2,"next":null,"results":[{"id":1}]}`],
    ['is the last page of CKAN', ckan(7, 7)],
    ['has an empty token', '<OAI-PMH><ListRecords><record/><resumptionToken/></ListRecords></OAI-PMH>', {}, '/f.xml'],
    ['links to other pages', 'id,name\n1,a\n2,b\n', { link: `<${NEXT}>; rel="describedby nextOfKin"` }, '/f.csv'],
    ['links on from something else', 'id,name\n1,a\n2,b\n', { link: `<${NEXT}>; rel=next; anchor="#x"` }, '/f.csv'],
    ['is a list', `[${ROWS},{"next":"${NEXT}"}]`],
  ];
  for (const [what, body, headers, path] of wholes) {
    it(`is whole: it ${what}`, () => assertPartial(body, false, headers, path));
  }
});
