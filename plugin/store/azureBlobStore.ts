import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { BlobServiceClient, type BlockBlobClient, type ContainerClient, RestError } from '@azure/storage-blob';
import { ArchiverError } from '../errors.ts';
import type { StageRef } from '../model/stage.ts';
import type { ArchiveStore, ByteRange, Stage, StoredBytes } from './ArchiveStore.ts';
import { BlockUpload, type Uploaded } from './blockUpload.ts';
import { checkKey, storeFailed } from './storeFailed.ts';

/** Where the blobs lie: an account (its connection string is a secret) and a container, made where missing. */
export interface AzureSettings {
  readonly connectionString: string;
  readonly container: string;
}

type About = { readonly mediaType: string | null };

/** What is staged here and not committed yet: small bodies whole, larger ones as uncommitted blocks of their blob. */
interface Staged {
  readonly uploaded: Uploaded;
  readonly about: About;
}

/** A service that does not answer a try for so long does not work. */
const PROBE_MS = 10_000;
const PROBE_KEY = 'archive/probe';
const PROBE_BLOCK = Buffer.from('probe').toString('base64');
const CREATE_ONLY = { conditions: { ifNoneMatch: '*' } } as const;

/**
 * Copies as block blobs. Uncommitted blocks are invisible and the service drops them after a week, so an abandoned
 * stage leaves nothing; the block list, or the one put of a small body, is committed with `If-None-Match: *`.
 */
export class AzureBlobStore implements ArchiveStore {
  readonly name = 'azure';
  readonly #container: ContainerClient;
  readonly #place: string;
  readonly #staged = new Map<string, Staged>();

  constructor({ connectionString, container }: AzureSettings) {
    this.#container = openContainer(connectionString, container);
    const { host } = new URL(this.#container.url);
    this.#place = `container ${container} of ${host}`;
  }

  open(): Promise<void> {
    return this.#guard('opening it', async () => {
      await this.#container.createIfNotExists();
    });
  }

  async stage(key: string, about: About): Promise<Stage> {
    const blob = this.#blob(key);
    const id = randomBytes(12).toString('hex');
    const upload = new BlockUpload(blob, (error) => storeFailed('uploading blocks', this.#place, error));
    return {
      write: (chunk) => upload.write(chunk),
      finish: async () => {
        const uploaded = await upload.finish();
        this.#staged.set(id, { uploaded, about });
        return { id, key, bytes: uploaded.bytes };
      },
      abandon: async () => {
        await upload.abandon();
        this.#staged.delete(id);
      },
    };
  }

  async stageWhole(key: string, body: Uint8Array, about: About): Promise<StageRef> {
    checkKey(key);
    const id = randomBytes(12).toString('hex');
    this.#staged.set(id, { uploaded: { kind: 'whole', body, bytes: body.length }, about });
    return { id, key, bytes: body.length };
  }

  commit({ id, key }: StageRef): Promise<'committed' | 'exists'> {
    return this.#guard('committing a copy', async () => {
      const staged = this.#staged.get(id);
      if (!staged) throw new Error(`the stage of ${key} is not known here`);
      const { uploaded, about } = staged;
      const blob = this.#blob(key);
      const options = optionsFor(about, id);
      try {
        if (uploaded.kind === 'whole') await blob.upload(uploaded.body, uploaded.bytes, options);
        else await blob.commitBlockList([...uploaded.blockIds], options);
      } catch (error) {
        if (!isTaken(error)) throw error;
        // A commit whose answer was lost is tried again by the client, and then finds its own blob.
        const { metadata } = await blob.getProperties();
        if (metadata?.['stage'] !== id) return 'exists';
      }
      this.#staged.delete(id);
      return 'committed';
    });
  }

  async discard({ id }: StageRef): Promise<void> {
    this.#staged.delete(id);
  }

  read(key: string, range: ByteRange | null): Promise<StoredBytes | null> {
    return this.#guard('reading a copy', async () => {
      const count = range ? range.end - range.start + 1 : undefined;
      try {
        const answer = await this.#blob(key).download(range?.start ?? 0, count, { maxRetryRequests: 3 });
        const total = /\/(\d+)$/.exec(answer.contentRange ?? '')?.[1];
        const stream = answer.readableStreamBody as Readable;
        return { bytes: Number(total ?? answer.contentLength ?? 0), stream };
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }

  size(key: string): Promise<number | null> {
    return this.#guard('looking at a copy', async () => {
      try {
        return (await this.#blob(key).getProperties()).contentLength ?? null;
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }

  async *list(prefix: string): AsyncIterable<string> {
    try {
      for await (const { name } of this.#container.listBlobsFlat({ prefix })) yield name;
    } catch (error) {
      throw storeFailed('listing copies', this.#place, error);
    }
  }

  remove(key: string): Promise<void> {
    return this.#guard('removing a copy', async () => {
      await this.#blob(key).deleteIfExists();
    });
  }

  /** Uncommitted blocks are the service's to drop; there is nothing of ours to look for. */
  async dropStages(): Promise<number> {
    return 0;
  }

  /** One uncommitted block, the same each time: invisible, dropped by the service, and refused where blobs would be. */
  probe(): Promise<void> {
    return this.#guard('trying whether it takes bytes', async () => {
      const abortSignal = AbortSignal.timeout(PROBE_MS);
      await this.#blob(PROBE_KEY).stageBlock(PROBE_BLOCK, new Uint8Array([1]), 1, { abortSignal });
    });
  }

  async freeBytes(): Promise<null> {
    return null;
  }

  async close(): Promise<void> {
    this.#staged.clear();
  }

  #blob(key: string): BlockBlobClient {
    return this.#container.getBlockBlobClient(checkKey(key));
  }

  async #guard<Result>(doing: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw storeFailed(doing, this.#place, error);
    }
  }
}

/** Throws `ArchiverError('store-failed')` for a connection string that cannot be read; its text is a secret. */
function openContainer(connectionString: string, container: string): ContainerClient {
  try {
    return BlobServiceClient.fromConnectionString(connectionString, {
      retryOptions: { maxTries: 4, tryTimeoutInMs: 120_000, maxRetryDelayInMs: 5000 },
    }).getContainerClient(container);
  } catch {
    throw new ArchiverError(
      'store-failed',
      'AZURE_STORAGE_CONNECTION_STRING is no connection string of Azure Storage.',
    );
  }
}

/** Served as bytes whatever they are: a public container must not run what anybody wrote. */
function optionsFor({ mediaType }: About, stage: string) {
  return {
    ...CREATE_ONLY,
    blobHTTPHeaders: { blobContentType: 'application/octet-stream', blobContentDisposition: 'attachment' },
    metadata: { stage, ...(mediaType ? { mediatype: mediaType.replace(/[^\x20-\x7e]/g, '') } : {}) },
  };
}

function isTaken(error: unknown): boolean {
  return error instanceof RestError && (error.statusCode === 409 || error.statusCode === 412);
}

function isMissing(error: unknown): boolean {
  return error instanceof RestError && error.statusCode === 404;
}
