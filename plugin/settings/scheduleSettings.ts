import { cron } from './cronKind.ts';
import { quietHours, webhookTargets } from './jsonKinds.ts';
import type { Setting } from './Setting.ts';
import { bytes, decimal, integer, spanMs, text } from './settingKinds.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Settings of when to look again, how gently, and of what is told and watched. */
export const SCHEDULE_SETTINGS = {
  sweepCron: {
    environment: 'ARCHIVER_SWEEP_CRON',
    group: 'schedule',
    kind: cron(),
    default: '*/5 * * * *',
    description: 'When to look for what is due; empty: never.',
  },
  minCheckIntervalMs: {
    environment: 'ARCHIVER_MIN_CHECK_INTERVAL_MS',
    group: 'schedule',
    kind: spanMs(0, '0: as soon as an answer is no longer fresh'),
    default: HOUR_MS,
    description: 'Shortest time between two looks at a resource.',
  },
  maxCheckIntervalMs: {
    environment: 'ARCHIVER_MAX_CHECK_INTERVAL_MS',
    group: 'schedule',
    kind: spanMs(1),
    default: 30 * DAY_MS,
    description: 'Longest time between two looks at a resource.',
  },
  confirmFailures: {
    environment: 'ARCHIVER_CONFIRM_FAILURES',
    group: 'schedule',
    kind: integer({ min: 1, max: 100 }),
    default: 3,
    description: 'Failures in a row before a link is called broken in public.',
  },

  hostRequestsPerSecond: {
    environment: 'ARCHIVER_HOST_REQUESTS_PER_SECOND',
    group: 'hosts',
    kind: decimal({ min: 0.001, max: 1_000_000 }),
    default: 2,
    description: 'Requests a second to one host, all workers together.',
  },
  hostBurst: {
    environment: 'ARCHIVER_HOST_BURST',
    group: 'hosts',
    kind: integer({ min: 1, max: 1_000_000 }),
    default: 5,
    description: 'Requests to a rested host before that rate holds.',
  },
  hostConcurrency: {
    environment: 'ARCHIVER_HOST_CONCURRENCY',
    group: 'hosts',
    kind: integer({ min: 1, max: 10_000 }),
    default: 2,
    description: 'Requests to one host at the same time, all workers together.',
  },
  addressConcurrency: {
    environment: 'ARCHIVER_ADDRESS_CONCURRENCY',
    group: 'hosts',
    kind: integer({ min: 0, max: 10_000, note: '0: no limit' }),
    default: 8,
    description:
      'The same for all hosts of one address together; those that have become slow count for half of it at most.',
  },
  domainConcurrency: {
    environment: 'ARCHIVER_DOMAIN_CONCURRENCY',
    group: 'hosts',
    kind: integer({ min: 0, max: 10_000, note: '0: no limit' }),
    default: 8,
    description: 'The same for all hosts of one registrable domain together.',
  },
  hostBytesPerDay: {
    environment: 'ARCHIVER_HOST_BYTES_PER_DAY',
    group: 'hosts',
    kind: bytes(0, '0: no limit'),
    default: 0,
    description: 'Bytes from one host in a day.',
  },
  hostGapFactor: {
    environment: 'ARCHIVER_HOST_GAP_FACTOR',
    group: 'hosts',
    kind: decimal({ min: 0, max: 1000, note: '0: none' }),
    default: 0,
    description: 'Pause after each answer, as a multiple of its response time.',
  },
  quietHours: {
    environment: 'ARCHIVER_QUIET_HOURS',
    group: 'hosts',
    kind: quietHours(),
    default: null,
    description: 'Hours (UTC) in which sweeps ask nobody.',
  },

  webhooks: {
    environment: 'ARCHIVER_WEBHOOKS',
    group: 'operation',
    kind: webhookTargets(),
    default: [],
    description: 'Who is told how archivals ended, signed in the manner of Standard Webhooks.',
    secret: true,
  },
  metricsToken: {
    environment: 'ARCHIVER_METRICS_TOKEN',
    group: 'operation',
    kind: text({
      name: 'token',
      accepted: 'at least 16 printable characters without spaces',
      pattern: /^[!-~]{16,500}$/,
    }),
    default: null,
    description:
      'Who sends it as a bearer token may read `/metrics`, whatever `authorize` says; empty: `authorize` alone decides.',
    secret: true,
  },
  runsKeptMs: {
    environment: 'ARCHIVER_RUNS_KEPT_MS',
    group: 'operation',
    kind: spanMs(0, '0: no longer than until they are next looked for'),
    default: 90 * DAY_MS,
    description: 'How long runs that ended are kept.',
  },
  minFreeBytes: {
    environment: 'ARCHIVER_MIN_FREE_BYTES',
    group: 'operation',
    kind: bytes(0, '0: no floor'),
    default: 256 * 2 ** 20,
    description: 'Free disk space below which nothing is fetched, in either lane.',
  },
  keepFetchedBytes: {
    environment: 'ARCHIVER_KEEP_FETCHED_BYTES',
    group: 'operation',
    kind: bytes(0, '0: no body'),
    default: 256 * 2 ** 20,
    description: 'What was fetched while store or database refuse it is kept up to here; beyond, it is fetched again.',
  },
  maxMemoryBytes: {
    environment: 'ARCHIVER_MAX_MEMORY_BYTES',
    group: 'operation',
    kind: bytes(0, '0: no limit'),
    default: 0,
    description: 'Resident size at which the bulk lane pauses.',
  },
  healthMaxIdleMs: {
    environment: 'ARCHIVER_HEALTH_MAX_IDLE_MS',
    group: 'operation',
    kind: spanMs(1),
    default: HOUR_MS,
    description: 'Readiness fails when work waited and nothing ended for so long.',
  },
  healthMaxBacklogMs: {
    environment: 'ARCHIVER_HEALTH_MAX_BACKLOG_MS',
    group: 'operation',
    kind: spanMs(1),
    default: DAY_MS,
    description: 'Readiness fails when the oldest due resource has waited longer.',
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;
