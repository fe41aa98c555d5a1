import type { Archivals } from '../Archivals.ts';
import type { Database } from '../database/Database.ts';
import { moment } from '../database/ownTypes.ts';
import { FREE } from './archivalColumns.ts';
import { FRONT } from './dueFront.ts';

type HostWaits = Awaited<ReturnType<Archivals['waitingHosts']>>;

/** A request that is parked waits for its host, whenever its job comes back; one that waits for a retry does not. */
const PRIORITY = `
  select host, ${moment('min(coalesce(case when turn_seq > done_seq then turn_at end, next_check_at))')} as since
  from :schema:.archival
  where lane = 'priority' and request_seq > done_seq and ${FREE}
    and (next_check_at <= :now or next_check_at = parked_until)
  group by host order by min(coalesce(case when turn_seq > done_seq then turn_at end, next_check_at)) limit :limit`;

const BULK = `${FRONT}
  select due.host, ${moment('one.next_check_at')} as since
  from (select host from front where next_check_at <= :now order by next_check_at limit :limit) as due
  cross join lateral (
    select next_check_at from :schema:.archival as a
    where a.lane = 'bulk' and a.host = due.host and a.next_check_at <= :now and ${FREE}
    order by a.next_check_at limit 1) as one
  order by one.next_check_at`;

/** Hosts with something in the lane that nobody works on although its time has come, the longest waiting first. */
export function waitingHosts(
  { rows }: Pick<Database, 'rows'>,
  lane: Parameters<Archivals['waitingHosts']>[0],
  by: Parameters<Archivals['waitingHosts']>[1],
): Promise<HostWaits> {
  return rows('looking for who waits in a lane', lane === 'priority' ? PRIORITY : BULK, { ...by });
}
