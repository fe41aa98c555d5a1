import { FETCH_SETTINGS } from './fetchSettings.ts';
import type { Setting } from './Setting.ts';
import { SCHEDULE_SETTINGS } from './scheduleSettings.ts';
import {
  bytes,
  choice,
  identifier,
  integer,
  list,
  spanMs,
  tableName,
  text,
  timerMs,
  truth,
  url,
} from './settingKinds.ts';

const path = () => text({ name: 'path', accepted: 'the path of a folder', pattern: /^[^\0]+$/ });

/** Every setting; `plugin.json` and the README's table are made of it, and tests hold them together. */
export const SETTINGS = {
  databaseUrl: {
    environment: 'DATABASE_URL',
    group: 'database',
    kind: url({ schemes: ['postgres', 'postgresql'], example: 'postgres://user:password@host:5432/portal' }),
    default: null,
    description: "The portal's PostgreSQL, where the portal hands over no connection of its own.",
    secret: true,
  },
  schema: {
    environment: 'ARCHIVER_SCHEMA',
    group: 'database',
    kind: identifier(),
    default: 'archiver',
    description: "Schema of the archiver's own tables.",
  },
  resourceTable: {
    environment: 'ARCHIVER_RESOURCE_TABLE',
    group: 'database',
    kind: tableName(),
    default: 'resource',
    description: "The portal's table of resources.",
  },
  resourceIdColumn: {
    environment: 'ARCHIVER_RESOURCE_ID_COLUMN',
    group: 'database',
    kind: identifier(),
    default: 'id',
    description: "Column of a resource's id.",
  },
  resourceDatasetColumn: {
    environment: 'ARCHIVER_RESOURCE_DATASET_COLUMN',
    group: 'database',
    kind: identifier(),
    default: 'package_id',
    description: "Column of the id of a resource's dataset.",
  },
  resourceUrlColumn: {
    environment: 'ARCHIVER_RESOURCE_URL_COLUMN',
    group: 'database',
    kind: identifier(),
    default: 'url',
    description: "Column of a resource's URL.",
  },

  mongodbUrl: {
    environment: 'ARCHIVER_MONGODB_URL',
    group: 'queue',
    kind: url({ schemes: ['mongodb', 'mongodb+srv'], example: 'mongodb://a,b,c/archiver?replicaSet=rs0' }),
    default: null,
    description: "MongoDB of the queue; none: the queue lies in the portal's PostgreSQL.",
    secret: true,
  },
  queueName: {
    environment: 'ARCHIVER_QUEUE_NAME',
    group: 'queue',
    kind: identifier(),
    default: 'archiver_jobs',
    description: "Collection or table of the queue's jobs.",
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
    description: 'Archivals at the same time in one process.',
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
    kind: timerMs(0),
    default: 10_000,
    description: 'Longest time that stopping takes.',
  },

  store: {
    environment: 'ARCHIVER_STORE',
    group: 'store',
    kind: choice(['folder', 'azure']),
    default: 'folder',
    description: 'Where the copies lie.',
  },
  folder: {
    environment: 'ARCHIVER_FOLDER',
    group: 'store',
    kind: path(),
    default: 'portal-archive',
    description: 'Folder of the store `folder`.',
  },
  folderAccess: {
    environment: 'ARCHIVER_FOLDER_ACCESS',
    group: 'store',
    kind: choice(['owner', 'group']),
    default: 'owner',
    description:
      'Who reads and writes what the store `folder` makes: its owner alone (0700, 0600), or its group too (2770, 0660).',
  },
  azureConnectionString: {
    environment: 'AZURE_STORAGE_CONNECTION_STRING',
    group: 'store',
    kind: text({
      name: 'connection string',
      accepted: 'a connection string of Azure Storage, or UseDevelopmentStorage=true',
      pattern: /^[A-Za-z]+=[^;]*(;[A-Za-z]+=[^;]*)*;?$/,
    }),
    default: null,
    description: 'Account of the store `azure`.',
    secret: true,
  },
  azureContainer: {
    environment: 'ARCHIVER_AZURE_CONTAINER',
    group: 'store',
    kind: text({
      name: 'container',
      accepted: 'a container name: 3 to 63 lower-case letters, digits and single hyphens',
      pattern: /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/,
    }),
    default: 'archive',
    description: 'Container of the store `azure`; made where missing.',
  },
  publicCopiesUrl: {
    environment: 'ARCHIVER_PUBLIC_COPIES_URL',
    group: 'store',
    kind: url({ schemes: ['http', 'https'], example: 'https://copies.example/archive-container', plain: true }),
    default: null,
    description: "Base of `cache_url` where the container is public; none: the archiver's own routes.",
  },
  copyMaxAgeMs: {
    environment: 'ARCHIVER_COPY_MAX_AGE_MS',
    group: 'store',
    kind: spanMs(),
    default: 300_000,
    description:
      'How long caches may keep a copy that anybody may read; longer only where a CDN purges what is withdrawn.',
  },
  readerIdleTimeoutMs: {
    environment: 'ARCHIVER_READER_IDLE_TIMEOUT_MS',
    group: 'store',
    kind: timerMs(100),
    default: 60_000,
    description: 'A reader of a copy that takes nothing for so long is cut off.',
  },
  readerMinBytesPerSecond: {
    environment: 'ARCHIVER_READER_MIN_BYTES_PER_SECOND',
    group: 'store',
    kind: bytes(0, '0: no limit'),
    default: 1024,
    description: 'Least speed on average of a reader of a copy.',
  },
  deletePolicy: {
    environment: 'ARCHIVER_DELETE_POLICY',
    group: 'store',
    kind: choice(['keep', 'remove']),
    default: 'keep',
    description: 'What becomes of the copies of a deleted resource.',
  },
  checkOnly: {
    environment: 'ARCHIVER_CHECK_ONLY',
    group: 'store',
    kind: truth(),
    default: false,
    description: 'Only check whether links work: no body is read, nothing is kept.',
  },
  writeBackFields: {
    environment: 'ARCHIVER_WRITE_BACK_FIELDS',
    group: 'store',
    kind: list(choice(['hash', 'size', 'mimetype']), {
      accepted: 'hash, size, mimetype, separated by commas',
      maxItems: 3,
    }),
    default: [],
    description:
      'What `ckan --write-back` writes into a remote portal beside `cache_url`; `hash` keeps xloader from loading a file.',
  },

  ...FETCH_SETTINGS,
  ...SCHEDULE_SETTINGS,
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

/** The name of a setting, as in the portal's settings and in the frozen config. */
export type SettingName = keyof typeof SETTINGS;

const isSettingName = (name: string): name is SettingName => Object.hasOwn(SETTINGS, name);

/** In the order of the table. */
export const SETTING_NAMES: readonly SettingName[] = Object.keys(SETTINGS).filter(isSettingName);
