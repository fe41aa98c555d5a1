import { mongodbUrl, postgresUrl } from './databaseKinds.ts';
import { FETCH_SETTINGS } from './fetchSettings.ts';
import { MAIL_SETTINGS } from './mailSettings.ts';
import type { Setting } from './Setting.ts';
import { SCHEDULE_SETTINGS } from './scheduleSettings.ts';
import { SERVE_SETTINGS } from './serveSettings.ts';
import { decimal, identifier, integer, list, spanMs, timerMs } from './settingKinds.ts';
import { STORE_SETTINGS } from './storeSettings.ts';
import { TABLE_SETTINGS } from './tableSettings.ts';

/** Every setting; `plugin.json` and the README's table are made of it, and tests hold them together. */
export const SETTINGS = {
  databaseUrl: {
    environment: 'DATABASE_URL',
    group: 'database',
    kind: postgresUrl(),
    default: null,
    description: "The portal's PostgreSQL, where the portal hands over no connection of its own.",
    secret: true,
  },
  listenUrl: {
    environment: 'ARCHIVER_LISTEN_URL',
    group: 'database',
    kind: postgresUrl(),
    default: null,
    description:
      'The same PostgreSQL without the pooler before it, for notifications alone; none: behind a pooler saves and jobs are looked for.',
    secret: true,
  },
  schema: {
    environment: 'ARCHIVER_SCHEMA',
    group: 'database',
    kind: identifier(),
    default: 'archiver',
    description: "Schema of the archiver's own tables.",
  },
  ...TABLE_SETTINGS,

  mongodbUrl: {
    environment: 'ARCHIVER_MONGODB_URL',
    group: 'queue',
    kind: mongodbUrl(),
    default: null,
    description: "MongoDB of the queue; none: the queue lies in the portal's PostgreSQL.",
    secret: true,
  },
  queueName: {
    environment: 'ARCHIVER_QUEUE_NAME',
    group: 'queue',
    kind: identifier(),
    default: 'archiver_jobs',
    description:
      "Table of the queue's jobs in `ARCHIVER_SCHEMA`; or their collection, whose name begins with any schema but the default.",
  },
  queuePollMs: {
    environment: 'ARCHIVER_QUEUE_POLL_MS',
    group: 'queue',
    kind: timerMs(10),
    default: 200,
    description: 'How often the queue is searched for due jobs.',
  },
  concurrency: {
    environment: 'ARCHIVER_CONCURRENCY',
    group: 'queue',
    kind: integer({ min: 1, max: 10_000 }),
    default: 16,
    description: 'Archivals at the same time in one process and lane, those apart that have become slow.',
  },
  slowAfterMs: {
    environment: 'ARCHIVER_SLOW_AFTER_MS',
    group: 'queue',
    kind: timerMs(100),
    default: 1000,
    description: 'An archival that takes longer leaves its place to the next and counts among the slow ones.',
  },
  slowShare: {
    environment: 'ARCHIVER_SLOW_SHARE',
    group: 'queue',
    kind: decimal({ min: 0, max: 10, note: '0: one place' }),
    default: 0.5,
    description: 'Places of the slow ones, beside the others, as a share of `concurrency`; at least one.',
  },
  threads: {
    environment: 'ARCHIVER_THREADS',
    group: 'queue',
    kind: integer({ min: 0, max: 1024, note: '0: one a core' }),
    default: 0,
    description: 'Worker threads of the bulk lane.',
  },
  leaseMs: {
    environment: 'ARCHIVER_LEASE_MS',
    group: 'queue',
    kind: timerMs(1000),
    default: 30_000,
    description: 'How long a worker that died keeps its resources from the others.',
  },
  retryDelaysMs: {
    environment: 'ARCHIVER_RETRY_DELAYS_MS',
    group: 'queue',
    kind: list(spanMs(), {
      accepted: 'at most three whole numbers of milliseconds, separated by commas, such as 5000,60000,600000',
      maxItems: 3,
    }),
    default: [5000, 60_000, 600_000],
    description: 'Waits before the retries of a passing failure.',
  },
  stopDeadlineMs: {
    environment: 'ARCHIVER_STOP_DEADLINE_MS',
    group: 'queue',
    kind: timerMs(0, '0: nothing under way is waited for'),
    default: 10_000,
    description: 'Longest time that stopping takes.',
  },

  ...STORE_SETTINGS,
  ...FETCH_SETTINGS,
  ...SCHEDULE_SETTINGS,
  ...MAIL_SETTINGS,
  ...SERVE_SETTINGS,
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

/** The name of a setting, as in the portal's settings and in the frozen config. */
export type SettingName = keyof typeof SETTINGS;

const isSettingName = (name: string): name is SettingName => Object.hasOwn(SETTINGS, name);

/** In the order of the table. */
export const SETTING_NAMES: readonly SettingName[] = Object.keys(SETTINGS).filter(isSettingName);
