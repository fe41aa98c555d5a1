import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import type { HeaderMap } from '../../model/attempt.ts';
import { fields } from '../http/headers.ts';
import { type Failure, failure } from '../outcome/failure.ts';

export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

const CODINGS: Readonly<Record<string, Coding>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
  zstd: 'zstd',
};

/**
 * Names seen in the wild for "as it is": `aws-chunked` is what object stores echo of how a file was uploaded, character
 * sets and mail's transfer encodings are what people take the field for.
 */
const NO_CODING: ReadonlySet<string> = new Set([
  ...['', 'identity', 'none', 'aws-chunked', '7bit', '8bit', 'binary', 'utf-8', 'utf8', 'iso-8859-1', 'windows-1252'],
]);
const MAX_STACKED = 3;

export type Codings =
  | { readonly kind: 'codings'; readonly list: readonly Coding[] }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** The codings to undo, outermost first: RFC 9110 section 8.4, and transfer codings (RFC 9112 section 7) before them. */
export function codingsOf(headers: HeaderMap): Codings {
  const list: Coding[] = [];
  for (const name of ['content-encoding', 'transfer-encoding']) {
    for (const token of fields(headers, name).join(',').split(',')) {
      const wanted = token.trim().toLowerCase();
      if (NO_CODING.has(wanted) || (name === 'transfer-encoding' && wanted === 'chunked')) continue;
      const coding = CODINGS[wanted];
      if (!coding || !Object.hasOwn(CODINGS, wanted))
        return bad(`The body's coding "${wanted.slice(0, 40)}" is unknown.`);
      if (coding === 'zstd' && !canZstd()) return bad('The body is coded with zstd, which this runtime cannot decode.');
      list.unshift(coding);
    }
  }
  return list.length > MAX_STACKED ? bad(`The body is coded ${list.length} times over.`) : { kind: 'codings', list };
}

function bad(reason: string): Codings {
  return { kind: 'failure', failure: failure('decode', reason) };
}

function canZstd(): boolean {
  return 'createZstdDecompress' in zlib;
}

/** Strictly undoes one coding after the other, holding back whoever writes while the reader is busy. */
export class Decoder {
  readonly #stages: readonly DecoderStage[];

  constructor(codings: readonly Coding[], output: (chunk: Buffer) => Promise<void> | null) {
    let next = output;
    const stages: DecoderStage[] = [];
    for (const coding of [...codings].reverse()) {
      const stage: DecoderStage = new DecoderStage(coding, next);
      stages.unshift(stage);
      next = (chunk) => stage.write(chunk);
    }
    this.#stages = stages;
  }

  /** Rejects with {@link DecodeError}, or with what `output` threw. */
  async write(chunk: Buffer): Promise<void> {
    await this.#stages[0]?.write(chunk);
  }

  /** The body has ended: so must every coding. */
  async end(): Promise<void> {
    for (const stage of this.#stages) await stage.end();
  }

  destroy(): void {
    for (const stage of this.#stages) stage.destroy();
  }
}

/** The bytes are not what their coding says. */
export class DecodeError extends Error {
  /** The coding's end is missing: nothing was wrong so far. */
  readonly cutShort: boolean;

  constructor(message: string, cutShort: boolean) {
    super(message);
    this.cutShort = cutShort;
  }
}

class DecoderStage {
  readonly #coding: Coding;
  readonly #output: (chunk: Buffer) => Promise<void> | null;
  #stream: (Transform & zlib.Zlib) | null = null;
  #firstBytes: Buffer = Buffer.alloc(0);
  #written = 0;
  #over = false;
  #error: unknown = null;
  #reading: Promise<void> | null = null;
  #release: (() => void) | null = null;

  constructor(coding: Coding, output: (chunk: Buffer) => Promise<void> | null) {
    this.#coding = coding;
    this.#output = output;
  }

  async write(chunk: Buffer): Promise<void> {
    if (chunk.length === 0) return;
    if (!this.#stream) {
      this.#firstBytes = Buffer.concat([this.#firstBytes, chunk]);
      if (this.#firstBytes.length < 2) return;
      await this.#feed(this.#open(this.#firstBytes), this.#firstBytes);
    } else await this.#feed(this.#stream, chunk);
  }

  async end(): Promise<void> {
    const stream = this.#stream ?? this.#open(this.#firstBytes);
    if (this.#written === 0 && this.#firstBytes.length > 0) await this.#feed(stream, this.#firstBytes);
    if (!this.#over) stream.end();
    await this.#reading;
    if (this.#error) throw this.#error;
    this.#checkTrailing(stream);
  }

  destroy(): void {
    this.#stream?.destroy();
  }

  async #feed(stream: Transform & zlib.Zlib, chunk: Buffer): Promise<void> {
    this.#written += chunk.length;
    if (this.#over) this.#checkTrailing(stream);
    await new Promise<void>((resolve) => {
      // After the coding's end, or an error, the stream calls nobody back.
      this.#release = resolve;
      if (this.#over) resolve();
      else stream.write(chunk, () => resolve());
    });
    if (this.#error) throw this.#error;
    if (this.#over) this.#checkTrailing(stream);
  }

  #checkTrailing(stream: zlib.Zlib): void {
    if (stream.bytesWritten < this.#written) {
      throw new DecodeError(`something follows after the end of the ${this.#coding} data`, false);
    }
  }

  #open(first: Buffer): Transform & zlib.Zlib {
    const stream = createStream(this.#coding, first);
    this.#stream = stream;
    this.#reading = this.#pump(stream);
    return stream;
  }

  async #pump(stream: Transform): Promise<void> {
    try {
      for await (const chunk of stream) await this.#output(chunk as Buffer);
    } catch (error) {
      this.#error = asDecodeError(error, this.#coding);
    } finally {
      this.#over = true;
      this.#release?.();
    }
  }
}

function asDecodeError(error: unknown, coding: Coding): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (
    !(error instanceof Error) ||
    !/^(Z_|ERR__?(BROTLI|ERROR|ZSTD)|ERR_BROTLI|ZSTD|ERR_ZLIB|ERR_PADDING|ERR_STREAM_PREMATURE)/.test(code)
  ) {
    return error;
  }
  return new DecodeError(`the ${coding} data is damaged (${error.message})`, /unexpected end/i.test(error.message));
}

function createStream(coding: Coding, first: Buffer): Transform & zlib.Zlib {
  switch (coding) {
    case 'gzip':
      return zlib.createGunzip();
    case 'deflate':
      return isZlib(first) ? zlib.createInflate() : zlib.createInflateRaw();
    case 'br':
      return zlib.createBrotliDecompress();
    case 'zstd':
      return createZstd();
  }
}

/** RFC 9110 section 8.4.1.2: `deflate` means the zlib format, and many servers send the bare stream. */
function isZlib(first: Buffer): boolean {
  const [method = 0, flags = 0] = first;
  return (method & 0x0f) === 8 && method >> 4 <= 7 && ((method << 8) | flags) % 31 === 0;
}

function createZstd(): Transform & zlib.Zlib {
  const create: unknown = Reflect.get(zlib, 'createZstdDecompress');
  if (typeof create !== 'function') throw new DecodeError('zstd is unknown here', false);
  return create();
}
