import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { TokenCredential } from '@azure/identity';
import { BlobServiceClient, type BlockBlobClient, type ContainerClient } from '@azure/storage-blob';
import { ArchiverError } from '../errors.ts';
import type { ByteRange, StoredBytes } from './ArchiveStore.ts';
import { isBlobMissing, isBusy, isContainerMissing } from './azureErrors.ts';
import type { NewObject, ObjectFacts, ObjectService, Part, PartTarget } from './ObjectService.ts';
import { metadataOf, ObjectStore, PART_BYTES, PROBE_KEY, SERVED_AS } from './objectStore.ts';

/** How the account is entered: by a connection string, which is a secret, or as somebody whom it knows. */
export type AzureAccount =
  | { readonly connectionString: string }
  | { readonly accountUrl: string; readonly credential: TokenCredential };

/** Where the blobs lie: an account and a container, made where missing. */
export type AzureSettings = AzureAccount & { readonly container: string };

const OPEN_MS = 60_000;
const BUSY_WAITS_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];
const PROBE_BLOCK = Buffer.from('probe').toString('base64');

/**
 * Copies as block blobs. Uncommitted blocks are invisible and the service drops them after a week, so an abandoned
 * stage leaves nothing; the block list, or the one put of a small body, is committed with `If-None-Match: *`.
 */
export class AzureBlobStore extends ObjectStore {
  /** Throws `ArchiverError('store-failed')` for a connection string that cannot be read. */
  constructor(settings: AzureSettings) {
    super(new BlobContainer(settings));
  }
}

class BlobContainer implements ObjectService {
  readonly name = 'azure';
  readonly place: string;
  readonly #container: ContainerClient;

  constructor({ container, ...account }: AzureSettings) {
    this.#container = openAccount(account).getContainerClient(container);
    const { host } = new URL(this.#container.url);
    this.place = `container ${container} of ${host}`;
  }

  /** Making a container needs a right that one who may write into it need not have. */
  async open(): Promise<void> {
    try {
      await this.probe(AbortSignal.timeout(OPEN_MS));
    } catch (error) {
      if (!isContainerMissing(error)) throw error;
      await this.#container.createIfNotExists();
      await this.probe(AbortSignal.timeout(OPEN_MS));
    }
  }

  async put(object: NewObject, body: Uint8Array): Promise<void> {
    await this.#blob(object.key).upload(body, body.length, optionsFor(object));
  }

  async replace(key: string, body: Uint8Array): Promise<void> {
    await this.#blob(key).upload(body, body.length, { blobHTTPHeaders: { blobContentType: SERVED_AS.contentType } });
  }

  startParts(object: NewObject): PartTarget {
    return new BlobBlocks(this.#blob(object.key), object);
  }

  async read(key: string, range: ByteRange | null): Promise<StoredBytes | null> {
    const count = range ? range.end - range.start + 1 : undefined;
    return nullWhereMissing(async () => {
      const answer = await this.#blob(key).download(range?.start ?? 0, count, { maxRetryRequests: 3 });
      const total = /\/(\d+)$/.exec(answer.contentRange ?? '')?.[1];
      const stream = answer.readableStreamBody as Readable;
      return { bytes: Number(total ?? answer.contentLength ?? 0), stream };
    });
  }

  async facts(key: string): Promise<ObjectFacts | null> {
    return nullWhereMissing(async () => {
      const { contentLength = 0, metadata } = await this.#blob(key).getProperties();
      return { bytes: contentLength, stage: metadata?.['stage'] ?? null };
    });
  }

  async *list(prefix: string): AsyncIterable<string> {
    for await (const { name } of this.#container.listBlobsFlat({ prefix })) yield name;
  }

  async remove(key: string): Promise<void> {
    await this.#blob(key).deleteIfExists();
  }

  /** One uncommitted block, the same each time: invisible, dropped by the service, and refused where blobs would be. */
  async probe(signal: AbortSignal): Promise<void> {
    await this.#blob(PROBE_KEY).stageBlock(PROBE_BLOCK, new Uint8Array([1]), 1, { abortSignal: signal });
  }

  /** Uncommitted blocks are the service's to drop; there is nothing of ours to look for. */
  async dropUploads(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {}

  #blob(key: string): BlockBlobClient {
    return this.#container.getBlockBlobClient(key);
  }
}

class BlobBlocks implements PartTarget {
  readonly atOnce = 4;
  readonly #blob: BlockBlobClient;
  readonly #object: NewObject;

  constructor(blob: BlockBlobClient, object: NewObject) {
    this.#blob = blob;
    this.#object = object;
  }

  partBytes(): number {
    return PART_BYTES;
  }

  /** A body that is on its way cannot be asked for again: a busy service is given up to a minute. */
  async send(part: Part, signal?: AbortSignal): Promise<void> {
    for (const waitMs of BUSY_WAITS_MS) {
      try {
        return await this.#sendOnce(part, signal);
      } catch (error) {
        if (!isBusy(error)) throw error;
        await wait(waitMs, undefined, signal ? { signal } : {});
      }
    }
    await this.#sendOnce(part, signal);
  }

  async complete(last: Part): Promise<void> {
    await this.send(last);
    const ids = Array.from({ length: last.number + 1 }, (_, number) => this.#idOf(number));
    await this.#blob.commitBlockList(ids, optionsFor(this.#object));
  }

  async abandon(): Promise<void> {}

  async #sendOnce({ number, bytes }: Part, signal?: AbortSignal): Promise<void> {
    await this.#blob.stageBlock(this.#idOf(number), bytes, bytes.length, signal ? { abortSignal: signal } : {});
  }

  /** Two uploads to one key must not write over each other's blocks; ids of one blob must all have the same length. */
  #idOf(number: number): string {
    return Buffer.from(`${this.#object.stage}-${String(number).padStart(6, '0')}`).toString('base64');
  }
}

const RETRIES = { retryOptions: { maxTries: 4, tryTimeoutInMs: 120_000, maxRetryDelayInMs: 5000 } };

/** Throws `ArchiverError('store-failed')` for a connection string that cannot be read; its text is a secret. */
function openAccount(account: AzureAccount): BlobServiceClient {
  if ('accountUrl' in account) return new BlobServiceClient(account.accountUrl, account.credential, RETRIES);
  try {
    return BlobServiceClient.fromConnectionString(account.connectionString, RETRIES);
  } catch {
    throw new ArchiverError(
      'store-failed',
      'AZURE_STORAGE_CONNECTION_STRING is no connection string of Azure Storage.',
    );
  }
}

function optionsFor(object: NewObject) {
  return {
    conditions: { ifNoneMatch: '*' },
    blobHTTPHeaders: {
      blobContentType: SERVED_AS.contentType,
      blobContentDisposition: SERVED_AS.contentDisposition,
    },
    metadata: metadataOf(object),
  };
}

async function nullWhereMissing<Result>(work: () => Promise<Result>): Promise<Result | null> {
  try {
    return await work();
  } catch (error) {
    if (isBlobMissing(error)) return null;
    throw error;
  }
}
