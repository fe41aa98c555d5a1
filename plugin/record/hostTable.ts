import type { Knex } from 'knex';
import { type HostState, newHost, settle, take } from '../decide/hostBudget.ts';
import type { HostLimits } from '../model/host.ts';
import type { Database } from './Database.ts';
import type { HostStatus, Hosts } from './Hosts.ts';

interface HostRow {
  readonly tokens: number;
  readonly refilled_at: Date;
  readonly bytes_day: string | null;
  readonly bytes: string;
  readonly pause_until: Date | null;
  readonly dead_count: number;
  readonly open_until: Date | null;
  readonly open_count: number;
  readonly override: Partial<HostLimits> | null;
  readonly slots_taken: number;
}

/** The limits by which a host was last sliced; a report that arrives without them keeps to the defaults of a slice. */
const DEFAULT_LIMITS: HostLimits = {
  requestsPerSecond: 2,
  burst: 5,
  concurrency: 2,
  bytesPerDay: null,
  quietHours: null,
  gapFactor: 0,
};

const STATUS = `
  select host, override, dead_count as "deadCount",
    case when pause_until > now() then pause_until end as "pausedUntil",
    case when open_until > now() then open_until end as "deadUntil",
    case when bytes_day = (now() at time zone 'utc')::date then bytes else 0 end::float8 as "bytesToday"
  from :schema:.host_limit`;

export function createHostTable({ knex, guard, rows }: Database): Hosts {
  /** Locks the host's row, so that two workers never take the same token. */
  async function lock(host: string, limits: HostLimits, now: Date, on: Knex): Promise<HostRow> {
    await rows(
      'noting a host',
      `insert into :schema:.host_limit (host, tokens, refilled_at) values (:host, :burst, :now) on conflict do nothing`,
      { host, burst: newHost(limits, now).tokens, now },
      on,
    );
    const [row] = await rows<HostRow>(
      'reading a host',
      `select *, to_char(bytes_day, 'YYYY-MM-DD') as bytes_day,
         coalesce((select sum(slots)::int from :schema:.host_slot as s where s.host = h.host and s.until > clock_timestamp()), 0)
           as slots_taken
       from :schema:.host_limit as h where host = :host for update of h`,
      { host },
      on,
    );
    if (!row) throw new RangeError(`The row of host ${host} vanished.`);
    return row;
  }

  const write = (host: string, state: HostState, on: Knex) =>
    rows(
      'writing a host',
      `update :schema:.host_limit set tokens = :tokens, refilled_at = :refilledAt, bytes_day = cast(:bytesDay as date),
         bytes = :bytes, pause_until = :pauseUntil, dead_count = :deadCount, open_until = :openUntil, open_count = :openCount
       where host = :host`,
      { host, ...state },
      on,
    );

  return {
    takeSlice: (host, { owner, requested: want, limits: given, leaseMs, now, urgent = false }) =>
      guard('taking a slice of a host', () =>
        knex.transaction(async (transaction) => {
          const row = await lock(host, given, now, transaction);
          const limits = { ...given, ...row.override };
          const taken = take(stateOf(row), { requested: want, slotsTaken: row.slots_taken, limits, now, urgent });
          await write(host, taken.state, transaction);
          if (taken.slice.slots > 0) {
            await rows(
              'clearing slots of a host',
              'delete from :schema:.host_slot where host = :host and until < clock_timestamp()',
              { host },
              transaction,
            );
            await rows(
              'taking slots of a host',
              `insert into :schema:.host_slot as s (host, owner, slots, until)
               values (:host, :owner, :slots, clock_timestamp() + :leaseMs * interval '1 millisecond')
               on conflict (host, owner) do update set slots = excluded.slots, until = excluded.until`,
              { host, owner, slots: taken.slice.slots, leaseMs },
              transaction,
            );
          }
          return taken.slice;
        }),
      ),

    async renewSlots(host, by) {
      await rows(
        'keeping slots of a host',
        `update :schema:.host_slot
         set slots = least(slots, :slots), until = clock_timestamp() + :leaseMs * interval '1 millisecond'
         where host = :host and owner = :owner`,
        { host, ...by },
      );
    },

    releaseSlots: (host, report) =>
      guard('giving a slice of a host back', () =>
        knex.transaction(async (transaction) => {
          const row = await lock(host, DEFAULT_LIMITS, report.now, transaction);
          await write(
            host,
            settle(stateOf(row), report, { ...(report.limits ?? DEFAULT_LIMITS), ...row.override }),
            transaction,
          );
          await rows(
            'giving slots of a host back',
            'delete from :schema:.host_slot where host = :host and owner = :owner',
            { host, owner: report.owner },
            transaction,
          );
        }),
      ),

    async get(host) {
      const [row] = await rows<HostStatus>('reading a host', `${STATUS} where host = :host`, { host });
      return row ?? null;
    },

    list: (limit) =>
      rows(
        'reading hosts',
        `${STATUS} order by greatest(pause_until, open_until) > now() desc nulls last, override is null, host limit :limit`,
        { limit },
      ),

    async setLimits(host, limits) {
      await rows(
        'setting the limits of a host',
        `insert into :schema:.host_limit (host, tokens, refilled_at, override)
         values (:host, :burst, now(), cast(:override as jsonb))
         on conflict (host) do update set override = excluded.override`,
        { host, burst: limits?.burst ?? DEFAULT_LIMITS.burst, override: limits && JSON.stringify(limits) },
      );
    },
  };
}

function stateOf(row: HostRow): HostState {
  return {
    tokens: row.tokens,
    refilledAt: row.refilled_at,
    bytesDay: row.bytes_day,
    bytes: Number(row.bytes),
    pauseUntil: row.pause_until,
    deadCount: row.dead_count,
    openUntil: row.open_until,
    openCount: row.open_count,
  };
}
