import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attempt } from '../../plugin/model/attempt.ts';
import { fetchOnce } from '../support/fetching.ts';
import { answer, OddServer } from '../support/oddServer.ts';

interface Served {
  readonly type?: string;
  readonly format?: string;
}

async function fetched(path: string, body: string, { type, format }: Served = {}): Promise<Attempt> {
  const reply = answer(200, { 'content-type': type ?? 'text/plain' }, Buffer.from(body));
  return fetchOnce(await OddServer.start({ '*': reply }), path, { request: { declaredFormat: format ?? null } });
}

const OID = `sha256:${'4d7a'.repeat(16)}`;
const LFS = `version https://git-lfs.github.com/spec/v1\noid ${OID}\nsize 1041415\n`;
const KEY = `SHA256E-s1041415--${'9f86'.repeat(16)}.csv`;
const DVC = `outs:\n- md5: ${'a1b2'.repeat(8)}\n  size: 1041415\n  hash: md5\n  path: stations.csv\n`;

describe('a pointer to a file', () => {
  const pointers: readonly (readonly [string, string, string, string])[] = [
    ...['csv', 'zip', 'csv.gz', 'geojson', 'txt'].map((extension): readonly [string, string, string, string] => [
      'Git LFS',
      `/data.${extension}`,
      LFS,
      OID,
    ]),
    ['Git LFS', '/data.csv', LFS.replaceAll('\n', '\r\n'), OID],
    ['Git LFS', '/data.csv', LFS.replace('git-lfs.github.com/spec/v1', 'hawser.github.com/spec/v1'), OID],
    ['git-annex', '/data.csv', `/annex/objects/${KEY}\n`, KEY],
    ['git-annex', '/data.csv', `../../.git/annex/objects/Xp/8z/${KEY}/${KEY}`, KEY],
    ['DVC', '/data.csv', DVC, 'stations.csv'],
    ['DVC', '/data.csv.dvc', `md5: ${'0'.repeat(32)}\nfrozen: true\n${DVC}`, 'stations.csv'],
  ];
  for (const [tool, path, body, target] of pointers) {
    it(`of ${tool} is no data under ${path}, and says what it points to: ${JSON.stringify(body.slice(0, 30))}`, async () => {
      const { kind, code, reason, stage } = await fetched(path, body);
      assert.deepEqual([kind, code, stage], ['refused', 'not-data', null]);
      assert.ok(reason.startsWith(`It is a pointer of ${tool} to ${target}`), reason);
      assert.ok(reason.endsWith('(1041415 bytes), not the file itself.'), reason);
    });
  }

  const others: readonly (readonly [string, string])[] = [
    ['a text about pointers', 'version https://git-lfs.github.com/spec/v1\nis how each pointer of Git LFS begins\n'],
    ['a list of annexed files', `file,key\na.csv,${KEY}\nb.csv,${KEY}\n`],
    ['YAML that has outputs among its members', `name: model\nouts:\n- md5: ${'a'.repeat(32)}\n  path: x\nsteps: 3\n`],
  ];
  for (const [what, body] of others) {
    it(`is not seen in ${what}`, async () => assert.equal((await fetched('/data.txt', body)).kind, 'fetched'));
  }
});

describe('short text in the place of what was promised', () => {
  const refused: readonly (readonly [string, string, Served?])[] = [
    ['/data.xlsx', 'Die Datei wurde nicht gefunden.'],
    ['/data.zip', 'ファイルが見つかりません。\n'],
    ['/data.geojson', 'ORA-00942: table or view does not exist'],
    ['/data.kml', 'upstream connect error or disconnect/reset before headers'],
    ['/export', 'Keine Berechtigung', { format: 'SHP' }],
    ['/export', 'Keine Berechtigung', { type: 'application/vnd.ms-excel' }],
    ['/data.zip', '{"state":"queued","position":3}'],
    ['/data.kml', '{"status":{"code":17,"text":"in Arbeit"},"rows":[]}'],
    ['/data.gpkg', '<?xml version="1.0"?><Hinweis><Text>Wartung bis 18 Uhr</Text></Hinweis>'],
  ];
  for (const [path, body, served = {}] of refused) {
    it(`is no data under ${path}: ${body.slice(0, 40)} ${JSON.stringify(served)}`, async () => {
      const { kind, code, reason } = await fetched(path, body, served);
      assert.deepEqual([kind, code], ['refused', 'not-data']);
      assert.match(reason, /^It is a (short text|JSON object|short XML document), not \w+: “.+”$/u);
    });
  }

  const kept: readonly (readonly [string, string, string, Served?])[] = [
    ['a table that is called XLS', '/data.xls', 'id,name\n1,alpha\n2,beta\n'],
    ['text that the server says is text', '/data.xlsx', 'Stand 2024', { type: 'text/csv' }],
    ['text of a type that we do not know', '/data.zip', 'test', { type: 'application/x-own' }],
    ['text that nobody promised anything of', '/readme', 'Die Datei wurde nicht gefunden.'],
    ['text that is called so', '/readme.txt', 'Die Datei wurde nicht gefunden.', { format: 'ZIP' }],
    ['a JSON object that is served as JSON', '/data.zip', '{"state":"queued"}', { type: 'application/json' }],
    ['JSON with a mistake', '/data.json', '{"state": "queued", "place": 3,}'],
    ['JSON in a script', '/data.json', 'var stations = {a: 1, b: 2};'],
    ['text that was packed', '/readme.txt.gz', 'Stand 2024'],
    ['records in JSON', '/data.kml', '{"rows":[{"id":1},{"id":2}]}'],
    ['records in XML', '/data.xls', '<?xml version="1.0"?><Table><Row>1</Row><Row>2</Row></Table>'],
    ['a long text', '/data.pdf', `Inhalt\n${'ein langer Absatz ohne Trennzeichen\n'.repeat(200)}`],
  ];
  for (const [what, path, body, served] of kept) {
    it(`is not seen in ${what}`, async () => assert.equal((await fetched(path, body, served)).kind, 'fetched'));
  }
});
