import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { codeOf } from '../../errors.ts';
import type { HeaderMap } from '../../model/attempt.ts';
import { fields } from '../http/headers.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import { type Flow, type Step, stop } from './bodyStep.ts';
import type { DecodeLimits } from './decodeLimits.ts';

/** A content coding that we can undo. */
export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

const CODINGS: Readonly<Record<string, Coding>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
  zstd: 'zstd',
};

/**
 * Names that servers send for "as it is": `aws-chunked` is how a file was uploaded to an object store, which repeats it;
 * character sets and the transfer encodings of mail stand in the wrong field.
 */
const NO_CODING: ReadonlySet<string> = new Set([
  ...['', 'identity', 'none', 'aws-chunked', '7bit', '8bit', 'binary', 'utf-8', 'utf8', 'iso-8859-1', 'windows-1252'],
]);
const MAX_STACKED = 3;

/** The codings of a body, or why they cannot be undone. */
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

/** Strictly undoes one coding after the other, holding back the writer while the reader is busy. */
export class Decoder {
  readonly #stages: readonly DecoderStage[];

  constructor(codings: readonly Coding[], output: (chunk: Buffer) => Flow, limits: DecodeLimits) {
    let next = output;
    const stages: DecoderStage[] = [];
    for (const coding of [...codings].reverse()) {
      const stage: DecoderStage = new DecoderStage(coding, next, limits);
      stages.unshift(stage);
      next = (chunk) => stage.write(chunk);
    }
    this.#stages = stages;
  }

  /** Answers what `output` did, as far as it is known yet; rejects with {@link DecodeError}, or with what `output` threw. */
  async write(chunk: Buffer): Promise<Step> {
    return (await this.#stages[0]?.write(chunk)) ?? 'more';
  }

  /** The body has ended: so must every coding. */
  async end(): Promise<Step> {
    for (const stage of this.#stages) {
      const step = await stage.end();
      if (step !== 'more') return step;
    }
    return 'more';
  }

  /** Resolves when nothing more is put out. */
  async destroy(): Promise<void> {
    await Promise.all(this.#stages.map((stage) => stage.destroy()));
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

/** One coding. Its end, and what was put out of it, come later than what is written. */
class DecoderStage {
  readonly #coding: Coding;
  readonly #output: (chunk: Buffer) => Flow;
  readonly #limits: DecodeLimits;
  #putOut = 0;
  #stream: (Transform & zlib.Zlib) | null = null;
  #firstBytes: Buffer = Buffer.alloc(0);
  #written = 0;
  #ended = false;
  #step: Step = 'more';
  #error: unknown = null;
  #reading: Promise<void> | null = null;
  #release: (() => void) | null = null;

  constructor(coding: Coding, output: (chunk: Buffer) => Flow, limits: DecodeLimits) {
    this.#coding = coding;
    this.#output = output;
    this.#limits = limits;
  }

  async write(chunk: Buffer): Promise<Step> {
    if (chunk.length === 0) return this.#step;
    if (this.#stream) return this.#feed(this.#stream, chunk);
    this.#firstBytes = Buffer.concat([this.#firstBytes, chunk]);
    return this.#firstBytes.length < 2 ? 'more' : this.#feed(this.#open(this.#firstBytes), this.#firstBytes);
  }

  async end(): Promise<Step> {
    const stream = this.#stream ?? this.#open(this.#firstBytes);
    if (this.#written === 0 && this.#firstBytes.length > 0) await this.#feed(stream, this.#firstBytes);
    if (!this.#ended) stream.end();
    await this.#reading;
    return this.#answer(stream);
  }

  async destroy(): Promise<void> {
    this.#stream?.destroy();
    await this.#reading;
  }

  async #feed(stream: Transform & zlib.Zlib, chunk: Buffer): Promise<Step> {
    this.#written += chunk.length;
    if (this.#ended) return this.#answer(stream);
    await new Promise<void>((resolve) => {
      // After the coding's end, or an error, the stream no longer calls back.
      this.#release = resolve;
      if (this.#ended) resolve();
      else stream.write(chunk, () => resolve());
    });
    return this.#ended ? this.#answer(stream) : this.#step;
  }

  /** After the end of what is put out. */
  #answer(stream: zlib.Zlib): Step {
    if (this.#error) throw this.#error;
    if (this.#step === 'more' && stream.bytesWritten < this.#written) {
      throw new DecodeError(`something follows after the end of the ${this.#coding} data`, false);
    }
    return this.#step;
  }

  #open(first: Buffer): Transform & zlib.Zlib {
    const stream = createStream(this.#coding, first);
    this.#stream = stream;
    this.#reading = this.#pump(stream);
    return stream;
  }

  async #pump(stream: Transform): Promise<void> {
    try {
      for await (const chunk of stream) {
        this.#step = await this.#put(chunk as Buffer);
        if (this.#step !== 'more') break;
      }
    } catch (error) {
      this.#error = asDecodeError(error, this.#coding);
    } finally {
      this.#ended = true;
      this.#release?.();
    }
  }

  #put(chunk: Buffer): Flow {
    this.#putOut += chunk.length;
    const over = this.#limits.stageFailure(this.#putOut);
    return over ? stop(over) : this.#output(chunk);
  }
}

function asDecodeError(error: unknown, coding: Coding): unknown {
  if (
    !(error instanceof Error) ||
    !/^(Z_|ERR__?(BROTLI|ERROR|ZSTD)|ERR_BROTLI|ZSTD|ERR_ZLIB|ERR_PADDING|ERR_STREAM_PREMATURE)/.test(codeOf(error))
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
