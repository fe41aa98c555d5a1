import { PassThrough, pipeline, Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  type MultipartUpload as MultipartUploadSummary,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import type { ByteRange, StoredBytes } from './ArchiveStore.ts';
import type { NewObject, ObjectFacts, ObjectService, PartTarget } from './ObjectService.ts';
import { ObjectStore, SERVED_AS } from './objectStore.ts';
import { MultipartUpload, newObjectOf } from './s3Upload.ts';

/** Where the objects lie. Who we are is found as Amazon's libraries do: AWS_ACCESS_KEY_ID, a profile, else the machine. */
export interface S3Settings {
  readonly bucket: string;
  /** null: as Amazon's libraries find it. */
  readonly region: string | null;
  /** null: Amazon's own. Any other is asked with the bucket in the path. */
  readonly endpoint: string | null;
}

/** One byte that stays and is written again and again in vain: that proves both rights and `If-None-Match`. */
const PROBE: NewObject = { key: '.archiver-probe', stage: 'probe', mediaType: null };

/**
 * Copies in a bucket of S3, or of what speaks like it, each created with `If-None-Match: *`: a small one by one request, a
 * larger one as a multipart upload. The service checks a CRC32 of each request. Parts of an upload that never ended are
 * paid for, so they are dropped by age.
 */
export class S3Store extends ObjectStore {
  constructor(settings: S3Settings) {
    super(new S3Bucket(settings));
  }
}

class S3Bucket implements ObjectService {
  readonly name = 's3';
  readonly place: string;
  readonly #bucket: string;
  readonly #client: S3Client;

  constructor({ bucket, region, endpoint }: S3Settings) {
    this.#bucket = bucket;
    this.#client = new S3Client({ maxAttempts: 4, ...addressOf(region, endpoint) });
    this.place = `bucket ${bucket} of ${endpoint === null ? `S3${region ? ` in ${region}` : ''}` : new URL(endpoint).host}`;
  }

  /** A storage that writes over what is there would lose copies without a word; it is refused. */
  async open(): Promise<void> {
    await this.#client.send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: 'archive/', MaxKeys: 1 }));
    if (await this.#isProbeTaken()) return;
    // Now it is there, so that a second one must be refused.
    if (await this.#isProbeTaken()) return;
    throw new Error(
      'it writes over an object that is there (`If-None-Match: *` is not heeded), so copies would be lost',
    );
  }

  async put(object: NewObject, body: Uint8Array, signal?: AbortSignal): Promise<void> {
    const created = { Bucket: this.#bucket, ...newObjectOf(object), IfNoneMatch: '*' };
    await this.#client.send(new PutObjectCommand({ ...created, Body: body }), signal ? { abortSignal: signal } : {});
  }

  async replace(key: string, body: Uint8Array): Promise<void> {
    const ContentType = SERVED_AS.contentType;
    await this.#client.send(new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: body, ContentType }));
  }

  startParts(object: NewObject): PartTarget {
    return new MultipartUpload(this.#client, this.#bucket, object);
  }

  async read(key: string, range: ByteRange | null): Promise<StoredBytes | null> {
    const Range = range ? `bytes=${range.start}-${range.end}` : undefined;
    return nullWhereMissing(async () => {
      const answer = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key, Range }));
      const total = /\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1];
      return { bytes: Number(total ?? answer.ContentLength ?? 0), stream: streamOf(answer.Body) };
    });
  }

  async facts(key: string): Promise<ObjectFacts | null> {
    return nullWhereMissing(async () => {
      const found = await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }));
      return { bytes: found.ContentLength ?? 0, stage: found.Metadata?.['stage'] ?? null };
    });
  }

  async *list(prefix: string): AsyncIterable<string> {
    const pages = paginateListObjectsV2({ client: this.#client }, { Bucket: this.#bucket, Prefix: prefix });
    for await (const { Contents = [] } of pages) for (const { Key } of Contents) if (Key) yield Key;
  }

  async remove(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }));
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#isProbeTaken(signal);
  }

  async dropUploads(olderThanMs: number): Promise<number> {
    const before = Date.now() - olderThanMs;
    let dropped = 0;
    for await (const { Key, UploadId, Initiated } of this.#openUploads()) {
      if (!Initiated || Initiated.getTime() >= before) continue;
      await this.#client.send(new AbortMultipartUploadCommand({ Bucket: this.#bucket, Key, UploadId }));
      dropped += 1;
    }
    return dropped;
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  async #isProbeTaken(signal?: AbortSignal): Promise<boolean> {
    try {
      await this.put(PROBE, Buffer.from('x'), signal);
      return false;
    } catch (error) {
      if (statusOf(error) === 412) return true;
      throw error;
    }
  }

  async *#openUploads(): AsyncIterable<MultipartUploadSummary> {
    let from: Pick<ListMultipartUploadsCommandOutput, 'NextKeyMarker' | 'NextUploadIdMarker'> = {};
    for (;;) {
      const place = { Bucket: this.#bucket, Prefix: 'archive/' };
      const markers = { KeyMarker: from.NextKeyMarker, UploadIdMarker: from.NextUploadIdMarker };
      const page = await this.#client.send(new ListMultipartUploadsCommand({ ...place, ...markers }));
      yield* page.Uploads ?? [];
      if (!page.IsTruncated) return;
      from = page;
    }
  }
}

function addressOf(region: string | null, endpoint: string | null) {
  if (endpoint === null) return region === null ? {} : { region };
  return { region: region ?? 'us-east-1', endpoint, forcePathStyle: true };
}

/** Node's response itself is not destroyed when its reader leaves; what it is piped into is, and ends it. */
function streamOf(body: unknown): Readable {
  if (!(body instanceof Readable)) throw new Error('the answer has no body');
  return pipeline(body, new PassThrough(), () => undefined);
}

/** A bucket that is not there is a broken store, not an archive without copies. */
async function nullWhereMissing<Result>(work: () => Promise<Result>): Promise<Result | null> {
  try {
    return await work();
  } catch (error) {
    if (statusOf(error) === 404 && Object(error).name !== 'NoSuchBucket') return null;
    throw error;
  }
}

const statusOf = (error: unknown): unknown => Object(Object(error).$metadata).httpStatusCode;
