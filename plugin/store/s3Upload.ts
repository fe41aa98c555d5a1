import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { NewObject, Part, PartTarget } from './ObjectService.ts';
import { metadataOf, PART_BYTES, SERVED_AS } from './objectStore.ts';

/** What a new object is made with. */
export function newObjectOf(object: NewObject) {
  return {
    Key: object.key,
    ContentType: SERVED_AS.contentType,
    ContentDisposition: SERVED_AS.contentDisposition,
    Metadata: metadataOf(object),
  };
}

/** A multipart upload, begun with its first part and completed only where there is no object. */
export class MultipartUpload implements PartTarget {
  readonly atOnce = 4;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #object: NewObject;
  readonly #parts = new Map<number, CompletedPart>();
  #upload: Promise<string | undefined> | null = null;

  constructor(client: S3Client, bucket: string, object: NewObject) {
    this.#client = client;
    this.#bucket = bucket;
    this.#object = object;
  }

  /** An upload has 10,000 parts at most: they double in size after each thousand, which is enough for 8 TiB. */
  partBytes(number: number): number {
    return PART_BYTES * 2 ** Math.floor(number / 1000);
  }

  async send({ number, bytes }: Part, signal?: AbortSignal): Promise<void> {
    this.#upload ??= this.#begin();
    const PartNumber = number + 1;
    const UploadId = await this.#upload;
    const command = new UploadPartCommand({ ...this.#place(), UploadId, PartNumber, Body: bytes });
    const { ETag, ChecksumCRC32 } = await this.#client.send(command, signal ? { abortSignal: signal } : {});
    this.#parts.set(number, { PartNumber, ETag, ...(ChecksumCRC32 ? { ChecksumCRC32 } : {}) });
  }

  async complete(last: Part): Promise<void> {
    await this.send(last);
    const Parts = Array.from({ length: last.number + 1 }, (_, number) => this.#parts.get(number) ?? {});
    const UploadId = (await this.#upload) ?? undefined;
    await this.#client.send(
      new CompleteMultipartUploadCommand({
        ...this.#place(),
        UploadId,
        IfNoneMatch: '*',
        MultipartUpload: { Parts },
      }),
    );
  }

  async abandon(): Promise<void> {
    try {
      const UploadId = await this.#upload;
      if (UploadId) await this.#client.send(new AbortMultipartUploadCommand({ ...this.#place(), UploadId }));
      this.#upload = null;
    } catch {
      // Old uploads are looked for and dropped again and again.
    }
  }

  async #begin(): Promise<string | undefined> {
    const command = new CreateMultipartUploadCommand({
      Bucket: this.#bucket,
      ...newObjectOf(this.#object),
      ChecksumAlgorithm: 'CRC32',
    });
    return (await this.#client.send(command)).UploadId;
  }

  #place() {
    return { Bucket: this.#bucket, Key: this.#object.key };
  }
}
