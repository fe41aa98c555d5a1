import { createHash } from 'node:crypto';
import { addAbortSignal } from 'node:stream';
import { finished } from 'node:stream/promises';
import { CRC32C, type CreateWriteStreamOptions, type File } from '@google-cloud/storage';
import type { NewObject, Part, PartTarget } from './ObjectService.ts';
import { metadataOf, PART_BYTES, SERVED_AS } from './objectStore.ts';

/** What a new object is made with, and only where there is none. */
export function newFile(object: NewObject) {
  return {
    metadata: { ...SERVED_AS, metadata: metadataOf(object) },
    preconditionOpts: { ifGenerationMatch: 0 },
  } as const;
}

/**
 * One session of a resumable upload. Its parts follow each other; the object is made by the last request, which names the
 * CRC32C and MD5 of the whole, so that the service refuses what arrived otherwise.
 */
export class ResumableUpload implements PartTarget {
  readonly atOnce = 1;
  readonly #file: () => File;
  readonly #object: NewObject;
  readonly #md5 = createHash('md5');
  readonly #crc32c = new CRC32C();
  #session: string | null = null;
  #offset = 0;
  /** The service refuses to begin where the key is taken; that is told when the object is to be made. */
  #refusal: unknown = null;

  constructor(file: () => File, object: NewObject) {
    this.#file = file;
    this.#object = object;
  }

  /** Any multiple of 256 KiB. */
  partBytes(): number {
    return PART_BYTES;
  }

  async send({ bytes }: Part, signal: AbortSignal): Promise<void> {
    if (this.#refusal) return;
    this.#session ??= await this.#begin();
    if (this.#session === null) return;
    const body = asBuffer(bytes);
    await this.#put(this.#file(), body, { isPartialUpload: true }, signal);
    this.#md5.update(body);
    this.#crc32c.update(body);
    this.#offset += body.length;
  }

  async complete({ bytes }: Part): Promise<void> {
    if (this.#refusal) throw this.#refusal;
    const body = asBuffer(bytes);
    const crc32c = CRC32C.from(this.#crc32c);
    crc32c.update(body);
    const md5 = this.#md5.copy().update(body).digest('base64');
    const file = this.#file();
    const hashes = { 'X-Goog-Hash': `crc32c=${crc32c},md5=${md5}` };
    file.interceptors.push({
      // Its type wants a `uri`, which an upload does not have: its address is the session's.
      request: (request) => ({ uri: '', ...request, headers: { ...request.headers, ...hashes } }),
    });
    await this.#put(file, body, {});
    const made = file.metadata;
    if (made.crc32c === `${crc32c}` && (made.md5Hash ?? md5) === md5) return;
    await file.delete({ ignoreNotFound: true, ifGenerationMatch: Number(made.generation) });
    throw new Error('what was stored has another checksum than what was sent, and was removed');
  }

  async abandon(): Promise<void> {}

  async #begin(): Promise<string | null> {
    try {
      const [uri] = await this.#file().createResumableUpload(newFile(this.#object));
      return uri;
    } catch (error) {
      if (statusOf(error) !== 412) throw error;
      this.#refusal = error;
      return null;
    }
  }

  /** One part from where the last one ended; the library asks the service how far it got where an answer is missing. */
  async #put(file: File, body: Buffer, options: CreateWriteStreamOptions, signal?: AbortSignal): Promise<void> {
    const stream = file.createWriteStream({
      ...options,
      ...newFile(this.#object),
      uri: this.#session ?? '',
      offset: this.#offset,
      chunkSize: PART_BYTES,
      validation: false,
    });
    if (signal) addAbortSignal(signal, stream);
    await finished(stream.end(body));
  }
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** Of the library's errors, and of those of the client below it. */
function statusOf(error: unknown): unknown {
  const { code, status, response } = Object(error);
  return Object(response).status ?? status ?? code;
}
