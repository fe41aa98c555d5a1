import type { LaneState } from '../../../plugin/model/laneState.ts';
import type { HealthDeps } from '../../../plugin/show/health.ts';
import { SILENT } from '../testPortal.ts';

const NOW = new Date('2026-05-03T12:00:00Z');
const LONG_AGO = new Date('2026-05-01T12:00:00Z');
const fail = async (): Promise<never> => {
  throw new Error('away');
};

/** A lane in which nothing ends. */
const STILL: LaneState = { lane: 'bulk', standsStill: true, waitingHosts: 4, idleMs: 60_000 };

type Backlog = Awaited<ReturnType<HealthDeps['records']['archivals']['backlog']>>;

interface Given {
  readonly backlog?: () => Promise<Backlog>;
  readonly maxBacklogMs?: number;
  readonly faults?: Partial<Awaited<ReturnType<HealthDeps['records']['archivals']['ownFaults']>>>;
  readonly isAway?: boolean;
}

/** Services in every state that readiness has a sentence for. */
export function failingHealthDeps(): readonly HealthDeps[] {
  const backlog = async (): Promise<Backlog> => ({ due: 3, leased: 0, oldestDueAt: LONG_AGO, lastSuccessAt: LONG_AGO });
  return [
    depsOf({ backlog: fail, isAway: true }),
    depsOf({ backlog, maxBacklogMs: 1000, faults: { hostRefused: 2 } }),
    depsOf({ backlog, maxBacklogMs: 1e12, faults: { storeRefused: 2 } }),
    depsOf({ backlog, maxBacklogMs: 1e12, faults: { internal: 2 } }),
  ];
}

function depsOf({ backlog = fail, maxBacklogMs = 1, faults = {}, isAway = false }: Given): HealthDeps {
  return {
    config: { healthMaxBacklogMs: maxBacklogMs, healthMaxIdleMs: 1000, mailSmtpUrl: 'smtp://mail.example' },
    records: {
      takesWrites: isAway ? fail : async () => undefined,
      archivals: { backlog, ownFaults: async () => ({ hostRefused: 0, internal: 0, storeRefused: 0, ...faults }) },
      leases: { pauses: async () => [{ owner: 'w1', reason: 'the disk is nearly full' }] },
      deliveries: { countDisabled: async () => 1 },
      addresses: { earlier: async () => ['https://old.example'] },
      identities: { conflict: async () => null },
      mails: { state: async () => ({ runAt: new Date(0), failingSince: new Date(0), failure: 'away' }) },
    },
    store: { freeBytes: isAway ? fail : async () => null },
    queue: { ping: isAway ? fail : async () => undefined },
    lanes: isAway ? fail : async () => [STILL],
    logger: SILENT,
    now: () => NOW,
  };
}
