// Fills the CKAN of up.sh through its API: one organisation, 52 datasets, about 200 resources on the publisher of publisher.mjs.
// What each resource is goes to CKAN_HOME/seeded.json: [{id, dataset, kind, url}].
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const home = process.env.CKAN_HOME ?? join(tmpdir(), 'ckan');
const site = `http://127.0.0.1:${process.env.CKAN_PORT ?? 30510}`;
const publisher = `http://127.0.0.1:${process.env.PUBLISHER_PORT ?? 30511}`;
const token = readFileSync(join(home, 'token'), 'utf8').trim();

const call = async (action, data) => {
  const form = data instanceof FormData;
  const response = await fetch(`${site}/api/3/action/${action}`, {
    method: 'POST',
    headers: { authorization: token, ...(form ? {} : { 'content-type': 'application/json' }) },
    body: form ? data : JSON.stringify(data),
  });
  const answer = await response.json();
  if (!answer.success) throw new Error(`${action}: ${response.status} ${JSON.stringify(answer.error ?? answer)}`);
  return answer.result;
};
const form = (fields, name, text) => {
  const data = new FormData();
  for (const [key, value] of Object.entries(fields)) data.append(key, value);
  data.append('upload', new Blob([text]), name);
  return data;
};
const seeded = [];
const note = (dataset, kind, { id, url }) => seeded.push({ id, dataset: dataset.name, kind, url });

await call('organization_create', { name: 'statistics', title: 'Office of Statistics' });
await call('organization_create', { name: 'umwelt', title: 'Umweltbehörde – Ökologie' });

// 42 public datasets of 4 or 5 links each
const formats = {
  csv: ['csv/%.csv', 'CSV'],
  json: ['json/%.json', 'JSON'],
  zip: ['zip/%.zip', 'ZIP'],
  geojson: ['geojson/%.geojson', 'GeoJSON'],
  plain: ['plain/%.csv', 'CSV'],
  redirect: ['redirect/%', 'CSV'],
  missing: ['missing/%.csv', 'CSV'],
  page: ['page/%', 'HTML'],
  error: ['error/%.csv', 'CSV'],
  gone: ['gone/%.csv', 'CSV'],
  login: ['login/%.csv', 'CSV'],
  empty: ['empty/%.csv', 'CSV'],
  slow: ['slow/%.csv', 'CSV'],
  big: ['big/%.csv', 'CSV'],
  dead: ['dead/%.csv', 'CSV'],
  loop: ['loop/%', 'CSV'],
};
const common = ['csv', 'json', 'csv', 'zip', 'csv', 'geojson', 'plain', 'redirect'];
const rare = [
  'missing',
  'page',
  'missing',
  'error',
  'redirect',
  'gone',
  'slow',
  'missing',
  'login',
  'empty',
  'page',
  'big',
  'dead',
  'loop',
];
let n = 0;
for (let d = 0; d < 42; d += 1) {
  const kinds = Array.from({ length: d % 3 === 0 ? 4 : 3 }, () => common[n++ % common.length]);
  kinds.push(rare[d % rare.length]);
  const dataset = await call('package_create', {
    name: `series-${String(d).padStart(3, '0')}`,
    title: `Series ${d}`,
    notes: `Figures of series ${d}`,
    owner_org: d % 2 ? 'umwelt' : 'statistics',
    license_id: 'cc-by',
    tags: [{ name: 'figures' }, { name: `decade-${d % 10}` }],
    resources: kinds.map((kind, i) => ({
      name: `${kind} ${i}`,
      url: `${publisher}/${formats[kind][0].replace('%', `${d}-${i}`)}`,
      format: formats[kind][1],
    })),
  });
  for (const [i, resource] of dataset.resources.entries()) note(dataset, kinds[i], resource);
}

const make = (name, more = {}) => call('package_create', { name, owner_org: 'statistics', ...more });
const link = async (dataset, kind, url, more = {}) =>
  note(dataset, kind, await call('resource_create', { package_id: dataset.id, url, name: kind, ...more }));
const upload = async (dataset, kind, fileName, text) =>
  note(
    dataset,
    kind,
    await call('resource_create', form({ package_id: dataset.id, name: kind, format: 'CSV' }, fileName, text)),
  );

const hidden = await make('private-figures', { private: true, title: 'Private figures' });
await link(hidden, 'private-link', `${publisher}/csv/private.csv`);
await upload(hidden, 'private-upload', 'private.csv', 'a,b\n1,secret\n');
const draft = await make('draft-figures', { state: 'draft' });
await link(draft, 'draft-link', `${publisher}/csv/draft.csv`);
const deleted = await make('deleted-figures');
await link(deleted, 'deleted-link', `${publisher}/csv/deleted.csv`);
await call('package_delete', { id: deleted.id });
const uploads = await make('uploaded-figures');
await upload(uploads, 'upload', 'uploaded.csv', 'a,b\n1,2\n');
await upload(uploads, 'upload-unicode', 'Übersicht größer 2026.csv', 'a,b\n1,ä\n');
const table = await make('datastore-figures');
const stored = await call('datastore_create', {
  resource: { package_id: table.id, name: 'datastore' },
  fields: [
    { id: 'year', type: 'int' },
    { id: 'value', type: 'numeric' },
  ],
  records: [
    { year: 2025, value: 1.5 },
    { year: 2026, value: 2.5 },
  ],
}).catch((error) => console.error(String(error)));
if (stored) note(table, 'datastore', await call('resource_show', { id: stored.resource_id }));
const names = await make('unicode-names', { title: 'Größen – 数据集 – данные', notes: 'Ünïcödé 🌍' });
await link(names, 'unicode-url', `${publisher}/u/größe/数据.csv`, { name: 'Größe 数据 🌍' });
await link(names, 'encoded-url', `${publisher}/u/gr%C3%B6%C3%9Fe%20a.csv`, { name: 'a\tb "c" <i>d</i>' });
await link(names, 'space-url', `${publisher}/u/two words.csv`);
const odd = await make('odd-links');
await link(odd, 'empty-url', '');
await link(odd, 'long-url', `${publisher}/u/${'long/'.repeat(600)}end.csv?q=${'x'.repeat(800)}`);
await link(odd, 'no-scheme', `${publisher.replace('http://', '')}/csv/noscheme.csv`);
await link(odd, 'ftp', 'ftp://127.0.0.1/none.csv');
await link(odd, 'mailto', 'mailto:someone@example.org');
await link(odd, 'not-a-url', 'see the annual report, page 4');
await link(odd, 'fragment', `${publisher}/csv/fragment.csv#row=3`);
await link(odd, 'own-site', `${site}/api/3/action/status_show`);
await link(odd, 'refused', 'http://127.0.0.1:1/none.csv');
const same = await make('same-link-twice');
await link(same, 'twice', `${publisher}/csv/twice.csv`);
await link(same, 'twice', `${publisher}/csv/twice.csv`);
await make('no-resources');
const gone = await make('resource-deleted');
await link(gone, 'kept', `${publisher}/csv/kept.csv`);
await link(gone, 'resource-deleted', `${publisher}/csv/dropped.csv`);
await call('resource_delete', { id: seeded.at(-1).id });

writeFileSync(join(home, 'seeded.json'), `${JSON.stringify(seeded, null, 1)}\n`);
console.log(`${seeded.length} resources`);
