import { createHash } from 'node:crypto';
import { type Bucket, type File, Storage } from '@google-cloud/storage';
import { ArchiverError } from '../errors.ts';
import type { ByteRange, StoredBytes } from './ArchiveStore.ts';
import { openRead } from './cloudStorageRead.ts';
import { newFile, ResumableUpload } from './cloudStorageUpload.ts';
import type { NewObject, ObjectFacts, ObjectService, PartTarget } from './ObjectService.ts';
import { ObjectStore, PROBE_KEY, SERVED_AS } from './objectStore.ts';

/** Where the objects lie. Who we are is found as Google's libraries do: GOOGLE_APPLICATION_CREDENTIALS, else the machine. */
export interface CloudStorageSettings {
  readonly bucket: string;
  /** null: Google's own. Any other than a host of googleapis.com is asked without credentials, as an emulator is. */
  readonly endpoint: string | null;
}

/** What is asked of a bucket; the roles objectAdmin and objectUser hold all four. */
const PERMISSIONS = ['create', 'get', 'list', 'delete'].map((action) => `storage.objects.${action}`);

/**
 * Copies in a bucket of Google Cloud Storage, each created with `ifGenerationMatch=0`: a small one by one request with its
 * MD5, a larger one as a resumable upload whose last request names the CRC32C and MD5 of the whole. A session without that
 * request is invisible, costs nothing and ends after a week.
 */
export class CloudStorageStore extends ObjectStore {
  constructor(settings: CloudStorageSettings) {
    super(new CloudStorageBucket(settings));
  }
}

class CloudStorageBucket implements ObjectService {
  readonly name = 'gcs';
  readonly place: string;
  readonly #bucket: Bucket;

  constructor({ bucket, endpoint }: CloudStorageSettings) {
    const storage = new Storage({
      ...(endpoint === null ? {} : { apiEndpoint: endpoint }),
      retryOptions: { autoRetry: true, maxRetries: 3, maxRetryDelay: 5, totalTimeout: 120 },
    });
    this.#bucket = storage.bucket(bucket);
    this.place = `bucket ${bucket} of ${new URL(storage.apiEndpoint).host}`;
  }

  /** The one question about a bucket that needs no permission on the bucket itself. */
  async open(): Promise<void> {
    const [held] = await this.#bucket.iam.testPermissions(PERMISSIONS);
    const missing = PERMISSIONS.filter((permission) => !held[permission]);
    if (missing.length > 0) throw new Error(`these permissions are missing: ${missing.join(', ')}`);
  }

  async put(object: NewObject, body: Uint8Array): Promise<void> {
    const { metadata, preconditionOpts } = newFile(object);
    const md5Hash = createHash('md5').update(body).digest('base64');
    await this.#file(object.key).save(body, {
      resumable: false,
      // The service checks the MD5 before there is an object, the library the CRC32C of what was made.
      metadata: { ...metadata, md5Hash },
      validation: 'crc32c',
      preconditionOpts,
    });
  }

  async replace(key: string, body: Uint8Array): Promise<void> {
    const { contentType } = SERVED_AS;
    await this.#file(key).save(Buffer.from(body), { resumable: false, contentType, validation: 'crc32c' });
  }

  startParts(object: NewObject): PartTarget {
    return new ResumableUpload(() => this.#file(object.key), object);
  }

  read(key: string, range: ByteRange | null): Promise<StoredBytes | null> {
    return nullWhereMissing(() => openRead(this.#file(key), range));
  }

  facts(key: string): Promise<ObjectFacts | null> {
    return nullWhereMissing(async () => {
      const [{ size, metadata }] = await this.#file(key).getMetadata();
      const stage = metadata?.['stage'];
      return { bytes: Number(size), stage: typeof stage === 'string' ? stage : null };
    });
  }

  async *list(prefix: string): AsyncIterable<string> {
    const files: AsyncIterable<File> = this.#bucket.getFilesStream({ prefix });
    for await (const { name } of files) yield name;
  }

  async remove(key: string): Promise<void> {
    await this.#file(key).delete({ ignoreNotFound: true });
  }

  /** An upload that is begun and never goes on. */
  async probe(): Promise<void> {
    await this.#file(PROBE_KEY).createResumableUpload();
  }

  /** Sessions are the service's to end; there is nothing of ours to look for. */
  async dropUploads(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {}

  #file(key: string): File {
    return this.#bucket.file(key);
  }
}

/** A bucket that is not there is a broken store, not an archive without copies. */
async function nullWhereMissing<Result>(work: () => Promise<Result>): Promise<Result | null> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = Object(error);
    if (code !== 404) throw error;
    if (/bucket does not exist/i.test(String(message))) throw new ArchiverError('store-failed', String(message));
    return null;
  }
}
