import type { Lane } from '../model/archival.ts';
import type { LaneState } from '../model/laneState.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import { hostLimitsOf } from './hostLimitsOf.ts';

interface LaneStatesDeps {
  readonly records: Pick<Records, 'archivals' | 'hosts' | 'leases'>;
  readonly config: Config;
  now(): Date;
}

const LANES: readonly Lane[] = ['priority', 'bulk'];
/** Hosts that are looked at, the longest waiting first. */
const HOSTS = 200;

/**
 * Whether the lanes move: one in which something waits and nothing ends stands still, however much ends in the other. What
 * waits for its host (a pause, quiet hours, the bytes of a day) or for a retry does not count.
 */
export async function laneStates({ records, config, now }: LaneStatesDeps): Promise<readonly LaneState[]> {
  const at = now();
  const { archivals, hosts, leases } = records;
  const limitsFor = hostLimitsOf(config);
  const moves = await leases.lastMoves();
  return Promise.all(
    LANES.map(async (lane) => {
      const waiting = await archivals.waitingHosts(lane, { now: at, limit: HOSTS });
      const names = waiting.map(({ host }) => host);
      const alone = await hosts.leftAlone(names, { limitsFor, now: at, urgent: lane === 'priority' });
      const askable = waiting.filter(({ host }) => !alone.has(host));
      const [longest] = askable;
      const sinceMs = Math.max(longest?.since.getTime() ?? at.getTime(), moves[lane]?.getTime() ?? 0);
      const idleMs = Math.max(0, at.getTime() - sinceMs);
      return { lane, waitingHosts: askable.length, idleMs, standsStill: idleMs > config.healthMaxIdleMs };
    }),
  );
}
