import type { Setting } from './Setting.ts';
import { bytes, choice, list, spanMs, text, timerMs, truth, url } from './settingKinds.ts';

const path = () => text({ name: 'path', accepted: 'the path of a folder', pattern: /^[^\0]+$/ });

const containerName = () =>
  text({
    name: 'container',
    accepted: 'a container name: 3 to 63 lower-case letters, digits and single hyphens',
    pattern: /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/,
  });

/** Settings of where copies lie, how they are served and what becomes of them. */
export const STORE_SETTINGS = {
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
    kind: containerName(),
    default: 'archive',
    description: 'Container of the store `azure`; made where missing.',
  },
  azurePrivateContainer: {
    environment: 'ARCHIVER_AZURE_PRIVATE_CONTAINER',
    group: 'store',
    kind: containerName(),
    default: null,
    description: 'Container for the copies of private datasets, where the other one is public; made where missing.',
  },
  privateFolder: {
    environment: 'ARCHIVER_PRIVATE_FOLDER',
    group: 'store',
    kind: path(),
    default: null,
    description: 'Folder for the copies of private datasets, where the other one is public.',
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
} as const satisfies Readonly<Record<string, Setting<unknown>>>;
