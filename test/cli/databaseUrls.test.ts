import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectionOf } from '../../plugin/record/database/connectionOf.ts';
import { openDatabase } from '../../plugin/record/database/openDatabase.ts';
import type { Config } from '../../plugin/settings/Config.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';

const load = (environment: Readonly<Record<string, string>>): Config => loadConfig({ environment });

/** What the driver is told, without connecting. */
async function reached(url: string): Promise<Record<string, unknown>> {
  const knex = openDatabase(load({ DATABASE_URL: url }).databaseUrl);
  const { host, port, user, password, database, ssl } = await connectionOf(knex);
  return structuredClone({ host, port, user, password, database, ssl });
}

const PLAIN = { host: 'db.example', port: 5433, user: 'me', password: 'secret', database: 'portal', ssl: undefined };

describe('a URL of PostgreSQL', () => {
  const ACCEPTED: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['postgres://me:secret@db.example:5433/portal', {}],
    ['postgresql://me:p%23%2F%3F%40@db.example:5433/portal', { password: 'p#/?@' }],
    ['postgres://me:secret@[::1]:5433/portal', { host: '::1' }],
    ['postgres://me:secret@/portal?host=/run/postgresql&port=5433', { host: '/run/postgresql' }],
    ['postgres:///portal?host=/run/postgresql&port=5433&user=me&password=secret', { host: '/run/postgresql' }],
    ['postgres://me:secret@%2Frun%2Fpostgresql:5433/portal', { host: '/run/postgresql' }],
    ['postgres://me:secret@db.example:5433/portal?sslmode=disable', { ssl: false }],
    ['postgres://me:secret@db.example:5433/portal?sslmode=no-verify', { ssl: { rejectUnauthorized: false } }],
    ['postgres://me:secret@db.example:5433/portal?sslmode=verify-full', { ssl: {} }],
  ];

  for (const [url, differs] of ACCEPTED) {
    it(`leads where it says: ${url}`, async () => assert.deepEqual(await reached(url), { ...PLAIN, ...differs }));
  }

  const REFUSED: readonly (readonly [string, RegExp])[] = [
    ['postgres://me:sec#ret@db.example/portal', /holds a #; .* written %23 %2F %3F %40/],
    ['postgres://me:12#34@db.example/portal', /holds a #/],
    ['postgres://me:12/34@db.example/portal', /holds an @ behind its host/],
    ['postgres://me:12?34@db.example/portal', /holds an @ behind its host/],
    ['postgres://me:secret@a.example:5432,b.example:5432/portal', /names several hosts/],
    ['postgres://me:secret@/portal?host=a.example,b.example', /names several hosts/],
    ['postgres://me:secret@db.example:port/portal', /cannot be read/],
    ['postgres://me:secret@db.example/portal?sslmode=allow', /sslmode that is none of disable, /],
  ];

  for (const [url, wrong] of REFUSED) {
    it(`is refused by name, and not shown: ${url}`, () => {
      const isRefused = ({ code, message }: Error & { code?: string }) =>
        code === 'settings-invalid' && wrong.test(message) && !message.includes('db.example/');
      assert.throws(() => load({ DATABASE_URL: url }), isRefused);
    });
  }

  it('is refused where its certificate cannot be read, with the name of the file', () => {
    const url = 'postgres://me:secret@db.example/portal?sslmode=verify-full&sslrootcert=/nowhere/root.crt';
    assert.throws(() => openDatabase(url), {
      code: 'settings-invalid',
      message: /DATABASE_URL .*\/nowhere\/root\.crt/,
    });
  });
});

describe('a URL of MongoDB', () => {
  it('is refused where writes would not be acknowledged, or where a password ends the host early', () => {
    for (const [url, wrong] of [
      ['mongodb://a,b/queue?replicaSet=rs0&w=0', /has w=0/],
      ['mongodb://a,b/queue?W=0', /has w=0/],
      ['mongodb://a,b/queue?w=00', /has w=0/],
      ['mongodb://a,b/queue?w=0x0', /has w=0/],
      ['mongodb://a,b/queue?w=-0', /has w=0/],
      ['mongodb://me:12#34@a/queue', /holds a #/],
    ] as const) {
      assert.throws(() => load({ ARCHIVER_MONGODB_URL: url }), { code: 'settings-invalid', message: wrong });
    }
    for (const url of ['mongodb://a,b/queue?w=1', 'mongodb+srv://me:pw@a.example/queue?w=majority']) {
      assert.equal(load({ ARCHIVER_MONGODB_URL: url }).mongodbUrl, url);
    }
  });
});
