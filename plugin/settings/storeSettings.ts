import type { Setting } from './Setting.ts';
import { bytes, choice, list, spanMs, text, timerMs, truth, url } from './settingKinds.ts';

const path = () => text({ name: 'path', accepted: 'the path of a folder', pattern: /^[^\0]+$/ });

const containerName = () =>
  text({
    name: 'container',
    accepted: 'a container name: 3 to 63 lower-case letters, digits and single hyphens',
    pattern: /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/,
  });

const bucketName = () =>
  text({
    name: 'bucket',
    accepted: 'a bucket name: 3 to 222 lower-case letters, digits, dots, hyphens and underscores',
    pattern: /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/,
  });

const endpointUrl = (example: string) => url({ schemes: ['http', 'https'], example, plain: true });

/** Settings of where copies lie, how they are served and what happens to them. */
export const STORE_SETTINGS = {
  store: {
    environment: 'ARCHIVER_STORE',
    group: 'store',
    kind: choice(['folder', 'azure', 'gcs', 's3']),
    default: 'folder',
    description:
      'Where the copies lie: a folder, Azure Blob Storage, Google Cloud Storage, or S3 and what speaks like it.',
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
  flush: {
    environment: 'ARCHIVER_FLUSH',
    group: 'store',
    kind: choice(['auto', 'group', 'file']),
    default: 'auto',
    description:
      'How the store `folder` puts copies on the disk: each by itself (`file`), many by one flush of their file system (`group`: ext4 and xfs on Linux, with the package `koffi`), or in groups where that can be done (`auto`).',
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
  azureAccountUrl: {
    environment: 'ARCHIVER_AZURE_ACCOUNT_URL',
    group: 'store',
    kind: url({ schemes: ['https'], example: 'https://account.blob.core.windows.net', plain: true }),
    default: null,
    description:
      'Account of the store `azure`, entered with an identity instead of a secret: of a workload, a managed one, or a login.',
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
  gcsBucket: {
    environment: 'ARCHIVER_GCS_BUCKET',
    group: 'store',
    kind: bucketName(),
    default: null,
    description:
      "Bucket of the store `gcs` (Google Cloud Storage); must be there. Credentials are found as by all of Google's libraries.",
  },
  gcsPrivateBucket: {
    environment: 'ARCHIVER_GCS_PRIVATE_BUCKET',
    group: 'store',
    kind: bucketName(),
    default: null,
    description: 'Bucket for the copies of private datasets, where the other one is public.',
  },
  gcsEndpoint: {
    environment: 'ARCHIVER_GCS_ENDPOINT',
    group: 'store',
    kind: endpointUrl('https://storage-example.p.googleapis.com'),
    default: null,
    description:
      "Where Cloud Storage is asked; none: Google's own. Outside googleapis.com it is asked without credentials.",
  },
  s3Bucket: {
    environment: 'ARCHIVER_S3_BUCKET',
    group: 'store',
    kind: bucketName(),
    default: null,
    description: "Bucket of the store `s3`; must be there. Credentials are found as by all of Amazon's libraries.",
  },
  s3PrivateBucket: {
    environment: 'ARCHIVER_S3_PRIVATE_BUCKET',
    group: 'store',
    kind: bucketName(),
    default: null,
    description: 'Bucket for the copies of private datasets, where the other one is public.',
  },
  s3Region: {
    environment: 'ARCHIVER_S3_REGION',
    group: 'store',
    kind: text({
      name: 'region',
      accepted: 'the name of a region, such as eu-central-1',
      pattern: /^[a-z0-9-]{1,63}$/,
    }),
    default: null,
    description:
      "Region of the buckets; none: as Amazon's libraries find it (AWS_REGION), or us-east-1 where an endpoint is set.",
  },
  s3Endpoint: {
    environment: 'ARCHIVER_S3_ENDPOINT',
    group: 'store',
    kind: endpointUrl('https://s3.portal.example'),
    default: null,
    description:
      "Address of a storage that speaks like S3, with the bucket in the path; it must know `If-None-Match`. None: Amazon's.",
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
    kind: spanMs(0, '0: caches ask each time'),
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
