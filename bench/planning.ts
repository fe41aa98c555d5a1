import { createRecords } from '../plugin/record/openRecords.ts';
import { Sweep } from '../plugin/trigger/sweep.ts';
import { SILENT } from '../test/support/testPortal.ts';
import { quick, say } from './options.ts';
import { testPortal } from './portal.ts';
import { alone, type Row } from './rows.ts';
import { fillArchive } from './sweepTables.ts';
import { type BenchDatabase, withDatabase } from './workers.ts';

const QUERIES = quick ? 30 : 100;
const LEASED = 100;

/** What a scheduler asks the database, what leasing a slice takes, and what planning a sweep over the whole catalogue does. */
export function planningRows(adminUrl: string, count: number, rounds: number): Promise<Row[]> {
  return withDatabase(adminUrl, async (database) => {
    const hosts = Math.max(200, count / 500);
    await fillArchive(database.knex, { count, hosts, dueShare: 0.01, port: 80, freshSeconds: 0 });
    const records = createRecords({
      knex: database.knex,
      schema: 'archiver',
      writeBack: async () => undefined,
      ownsKnex: false,
    });
    const now = () => new Date();
    const due = await timesOf(QUERIES, () => records.archivals.dueHosts(now(), 10_000));
    const backlog = await timesOf(QUERIES, () => records.archivals.backlog(now()));
    const planning = await planningOf(database, records, rounds);
    await database.knex.raw('update archiver.archival set next_check_at = now()');
    await database.knex.raw('vacuum analyze archiver.archival');
    const leases = await timesOf(QUERIES, (index) => leaseSlice(records, index % hosts));
    say(`${count} resources: due query p99 ${Math.round(at(due, 0.99))} ms`);
    const row = (what: string, ours: number, [unit, aim, times]: readonly [string, number, number]): Row =>
      alone(`${count} resources: ${what}`, { unit, ours, aim, better: 'less', rounds: times });
    return [
      row('due query, p50', at(due, 0.5), ['ms', 50, QUERIES]),
      row('due query, p99', at(due, 0.99), ['ms', 50, QUERIES]),
      row(`lease of ${LEASED} where all are due, p50`, at(leases, 0.5), ['ms', 50, QUERIES]),
      row(`lease of ${LEASED} where all are due, p99`, at(leases, 0.99), ['ms', 50, QUERIES]),
      row('backlog for health, p99', at(backlog, 0.99), ['ms', 50, QUERIES]),
      row('dry run', planning.planSeconds, ['s', 60, rounds]),
      row('sweep, searched and enqueued', planning.sweepSeconds, ['s', 60, rounds]),
      row('memory added by planning', planning.addedMb, ['MB', 100, rounds]),
    ];
  });
}

/** The nth host, as `fillArchive` names them. */
const hostOf = (host: number): string =>
  `127.${Math.floor(host / 65_536)}.${Math.floor(host / 256) % 256}.${(host % 256) + 1}:80`;

function leaseSlice({ archivals }: ReturnType<typeof createRecords>, host: number): Promise<unknown> {
  return archivals.leaseDue(hostOf(host), { owner: 'bench', leaseMs: 600_000, now: new Date(), limit: LEASED });
}

async function planningOf({ knex }: BenchDatabase, records: ReturnType<typeof createRecords>, rounds: number) {
  const { catalog } = testPortal({ knex });
  const queue = { add: async () => undefined };
  const now = () => new Date();
  const runsKeptMs = 90 * 86_400_000;
  const sweep = new Sweep({ catalog, records, queue, now, runsKeptMs, owner: 'bench', logger: SILENT });
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  const plans = await timesOf(rounds, () => sweep.plan());
  const sweeps = await timesOf(rounds, () => sweep.run());
  clearInterval(watch);
  return { planSeconds: at(plans, 0.5) / 1000, sweepSeconds: at(sweeps, 0.5) / 1000, addedMb: (peak - before) / 1e6 };
}

/** Milliseconds of each, sorted. */
async function timesOf(times: number, work: (index: number) => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let index = 0; index < times; index++) {
    const started = performance.now();
    await work(index);
    taken.push(performance.now() - started);
  }
  return taken.sort((one, other) => one - other);
}

/** Of sorted values. */
function at(values: readonly number[], share: number): number {
  return values[Math.floor((values.length - 1) * share)] ?? Number.NaN;
}
