import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { JobParameters } from 'agenda';
import pg from 'pg';
import { JOB_NAMES } from '../../plugin/job/jobNames.ts';
import { PostgresJobs } from '../../plugin/job/postgresJobs.ts';
import { QueueClock } from '../../plugin/job/queueClock.ts';
import { TakenJobs } from '../../plugin/job/takenJobs.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

const NOW = new Date('2026-01-02T03:04:05Z');
const jobOf = (key: string, nextRunAt = NOW): JobParameters => ({
  name: JOB_NAMES.host,
  priority: 0,
  type: 'normal',
  data: { host: key },
  nextRunAt,
});

describe('jobs that are taken together', () => {
  it('are handed out one by one, and who comes while they are taken has one of them', async () => {
    const taken = new TakenJobs();
    const asked: string[] = [];
    const take = async () => {
      asked.push('take');
      return asked.length === 1 ? [jobOf('a'), jobOf('b'), jobOf('c')] : [];
    };
    const next = () => taken.next('host', take);
    const both = await Promise.all([next(), next()]);
    const all = [...both, await next(), await next()];
    assert.deepEqual(
      all.map((job) => job?.data),
      [{ host: 'a' }, { host: 'b' }, { host: 'c' }, undefined],
    );
    assert.equal(asked.length, 2);
  });

  it('are asked for again after they could not be', async () => {
    const taken = new TakenJobs();
    await assert.rejects(
      taken.next('host', async () => Promise.reject(new Error('away'))),
      /away/,
    );
    assert.equal((await taken.next('host', async () => [jobOf('a')]))?.name, JOB_NAMES.host);
  });
});

describe('jobs in PostgreSQL', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let jobs: PostgresJobs;
  before(async () => {
    database = await freshDatabase();
    pool = new pg.Pool({ connectionString: database.url });
    const single = () => new pg.Pool({ connectionString: database.url, max: 1 });
    const clock = new QueueClock(() => NOW);
    const wait = { pause: async () => undefined };
    jobs = await PostgresJobs.open(pool, single, { place: { schema: 'public', table: 'jobs' }, wait, clock });
  });
  after(async () => {
    await pool.end();
    await database.drop();
  });

  it('are taken many at a time and by one process each, those that start first before others, and again where it died', async () => {
    const later = (ms: number) => new Date(NOW.getTime() + ms);
    const starts = { late: later(2000), third: later(30), second: later(20), first: later(10) };
    for (const [key, at] of Object.entries(starts)) await jobs.repository.saveJob(jobOf(key, at), undefined);
    const by = { jobName: JOB_NAMES.host, until: later(1000), now: NOW, lastModifiedBy: null };
    const take = async (count: number, deadline: Date) =>
      (await jobs.take({ ...by, count, deadline })).map(({ data }) => (data as { host: string }).host);
    const [one, other] = await Promise.all([take(2, later(-1)), take(2, later(-1))]);
    assert.deepEqual([...one, ...other].sort(), ['first', 'second', 'third']);
    assert.deepEqual(await take(2, later(-1)), []);
    assert.deepEqual(await take(5, NOW), ['first', 'second', 'third']);
  });

  it('are added in one statement as Agenda adds each, and those that wait already are left', async () => {
    await jobs.repository.purgeAllJobs();
    const hosts = ['b', 'a', "it's"];
    await Promise.all([
      jobs.insert(hosts.map((key) => jobOf(key))),
      jobs.insert(['c', 'b', 'a'].map((key) => jobOf(key))),
    ]);
    await jobs.repository.saveJob(jobOf('theirs'), undefined);
    const { rows } = await pool.query(`select to_jsonb(jobs) as job from public.jobs order by data->>'host'`);
    const [a, b, c, its, theirs, ...others] = rows.map(({ job }) => job);
    assert.deepEqual(
      [a, b, c, its].map(({ data }) => data.host),
      ['a', 'b', 'c', "it's"],
    );
    assert.equal(others.length, 0);
    const { id, data, created_at, updated_at } = a;
    assert.deepEqual({ ...theirs, id, data, created_at, updated_at }, a);
  });

  it('look as Agenda reads them', async () => {
    await jobs.repository.purgeAllJobs();
    await jobs.repository.saveJob({ ...jobOf('same'), failReason: 'it was away', failCount: 2 }, undefined);
    const by = { jobName: JOB_NAMES.host, until: NOW, now: NOW, deadline: new Date(0) };
    const [ours] = await jobs.take({ ...by, count: 1, lastModifiedBy: 'queue' });
    const theirs = await jobs.repository.getNextJobToRun(JOB_NAMES.host, NOW, NOW, NOW, { lastModifiedBy: 'queue' });
    const said = (job: JobParameters | undefined) =>
      Object.fromEntries(Object.entries(job ?? {}).filter(([, value]) => value !== undefined));
    assert.deepEqual(said(ours), said(theirs));
  });
});
