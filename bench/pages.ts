import type { LinkFilter, LinkOrder } from '../plugin/record/ReportedLinks.ts';
import type { Reports, ReportView } from '../plugin/record/Reports.ts';
import { quick, say } from './options.ts';
import { withArchive } from './pageArchive.ts';
import { requestPages } from './pageRequests.ts';
import { alone, printRows, type Row } from './rows.ts';

// Reports and pages over a large archive: `npm run bench:pages [-- --json] [--quick] [--folder PATH]`, where it is kept for the next
// time.
const SIZE = quick
  ? { resources: 100_000, hosts: 2000, organisations: 200 }
  : { resources: 1_000_000, hosts: 10_000, organisations: 1000 };
const TIMES = quick ? 20 : 50;
const PAGE_MS = 150;
const PAGES_DEEP = 5;

const VIEW: ReportView = { confirmFailures: 3, site: 'https://data.example', now: new Date() };

/** What a page asks for, the nth time. */
type Question = (reports: Reports, n: number) => Promise<unknown>;

const QUESTIONS: Readonly<Record<string, Question>> = {
  overview: (reports) => reports.overview(VIEW),
  'broken links': pages({ states: ['broken'] }, 'failing'),
  'broken links of a host': (reports, n) => pages({ states: ['broken'], host: `h${n}.example` }, 'failing')(reports, n),
  'broken links of an organisation with all its parts': (reports, n) =>
    pages({ states: ['broken'], organisation: `o${n % 10}` }, 'failing')(reports, n),
  'broken links of one code': pages({ states: ['broken'], code: 'dns' }, 'failing'),
  'broken links for a year': pages(
    { states: ['broken'], failingBefore: new Date(Date.now() - 365 * 86_400_000) },
    'failing',
  ),
  'broken links of a host and a code': (reports, n) =>
    pages({ states: ['broken'], host: `h${n}.example`, code: 'gone' }, 'failing')(reports, n),
  'unsure links of an organisation at a host': (reports, n) =>
    pages({ states: ['unsure'], organisation: `o${n % 10}`, host: `h${n}.example` }, 'failing')(reports, n),
  'all links, by id': pages({}, 'resource'),
  'working links of an organisation, by id': (reports, n) =>
    pages({ states: ['archived'], organisation: `o${n % 10}` }, 'resource')(reports, n),
  'links of a code that nothing has': pages({ code: 'too-slow' }, 'resource'),
  'what changed last': pages({}, 'changed'),
  'what changed last at a host': (reports, n) => pages({ host: `h${n}.example` }, 'changed')(reports, n),
  'count of broken links of an organisation': (reports, n) =>
    reports.countLinks({ states: ['broken'], organisation: `o${n % 10}` }, VIEW),
  organisations: (reports) => reports.organisations(VIEW),
  'hosts by broken links': hostPages('broken'),
  'hosts by links': hostPages('links'),
  'hosts, those that are left alone first': hostPages('paused'),
  'a host': (reports, n) => reports.host(`h${n}.example`, VIEW),
  'a resource': (reports, n) => reports.resource(`r${String(n * 997).padStart(7, '0')}`, VIEW),
};

/** A page, and some of those behind it. */
function pages(filter: LinkFilter, order: LinkOrder): Question {
  return async (reports, n) => {
    let after: string | null = null;
    for (let page = 0; page <= n % PAGES_DEEP; page++) {
      const { next }: { readonly next: string | null } = await timed(() =>
        reports.links({ ...filter, order, after, limit: 50 }, VIEW),
      );
      if (next === null) return;
      after = next;
    }
  };
}

function hostPages(order: 'broken' | 'links' | 'paused'): Question {
  return async (reports) => {
    const { next } = await timed(() => reports.hosts({ order, after: null, limit: 50 }, VIEW));
    await timed(() => reports.hosts({ order, after: next, limit: 50 }, VIEW));
  };
}

let taken: number[] = [];

async function timed<Result>(work: () => Promise<Result>): Promise<Result> {
  const started = performance.now();
  const result = await work();
  taken.push(performance.now() - started);
  return result;
}

async function askAll(reports: Reports): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [work, ask] of Object.entries(QUESTIONS)) {
    await ask(reports, 0);
    taken = [];
    for (let n = 0; n < TIMES; n++) {
      const before = taken.length;
      const started = performance.now();
      await ask(reports, n);
      // What asks for several pages has measured each of them.
      if (taken.length === before) taken.push(performance.now() - started);
    }
    const sorted = taken.toSorted((one, other) => one - other);
    const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
    say(`${work}: p50 ${at(0.5).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms`);
    rows.push(
      alone(`${work}, p99`, { unit: 'ms', ours: at(0.99), aim: PAGE_MS, better: 'less', rounds: sorted.length }),
    );
  }
  return rows;
}

/** Every broken link, as CSV has them. */
async function streamRows(reports: Reports): Promise<Row[]> {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  let most = before;
  let links = 0;
  const started = performance.now();
  for await (const some of reports.everyLink({ states: ['broken'], order: 'failing' }, VIEW)) {
    links += some.length;
    most = Math.max(most, process.memoryUsage().heapUsed);
  }
  const seconds = (performance.now() - started) / 1000;
  say(`${links} broken links streamed in ${seconds.toFixed(1)} s`);
  return [
    alone('broken links streamed', { unit: 'links/s', ours: links / seconds, aim: null, better: 'more', rounds: 1 }),
    alone('memory added by streaming', {
      unit: 'MB',
      ours: (most - before) / 1e6,
      aim: 100,
      better: 'less',
      rounds: 1,
    }),
  ];
}

const rows = await withArchive(SIZE, async ({ knex, reports, rows: filled }) => [
  ...filled,
  ...(await askAll(reports)),
  ...(await streamRows(reports)),
  ...(await requestPages(knex, { times: TIMES, aimMs: PAGE_MS })),
]);
printRows(rows);
