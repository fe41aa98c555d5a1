import type { HeaderMap } from '../../model/attempt.ts';
import type { StageRef } from '../../model/stage.ts';
import { BodyClassifier } from './bodyClassifier.ts';
import { BodyDecoder } from './bodyDecoder.ts';
import { BodyEnd, type EndOfBody } from './bodyEnd.ts';
import { BodySink, type ReadBody, type SinkInput } from './bodySink.ts';
import type { Flow, Step, Stop } from './bodyStep.ts';
import type { ClassifyContext } from './classify.ts';
import type { Coding } from './contentCoding.ts';
import type { DecoderSettings } from './decodeLimits.ts';
import type { PageBuffer } from './pageBuffer.ts';

/** What the line needs to know of one representation and its response. */
export interface LineInput extends Omit<SinkInput, 'target'> {
  readonly headers: HeaderMap;
  readonly codings: readonly Coding[];
  readonly settings: DecoderSettings;
  readonly classify: ClassifyContext;
  /** Takes a body that is a page, read to its end although it is refused; without it a page ends with its head. */
  readonly page?: PageBuffer | null;
  /** Called once, when a stage wants no more: the response is to be dropped. */
  onStop(): void;
}

/**
 * The way of one body's bytes: limited and digested as they come, decoded, limited and digested again, classified, hashed and
 * staged. Each stage answers `more` or why it stops. That it is over is kept here and nowhere else; the first reason counts.
 */
export class BodyLine {
  readonly classifier: BodyClassifier;
  readonly decoder: BodyDecoder;
  readonly #sink: BodySink;
  readonly #end = new BodyEnd();
  readonly #page: PageBuffer | null;
  readonly #onStop: () => void;
  /** What the body is refused for, while the rest of a page is read. */
  #refused: Stop | null = null;
  #stopped: Stop | null = null;
  #pushing: Promise<void> | null = null;

  constructor(input: LineInput) {
    const { headers, codings, settings, classify, page, onStop, stages, hasher, isLong, held, isKnown } = input;
    page?.restart();
    this.#page = page ?? null;
    this.#onStop = onStop;
    this.decoder = new BodyDecoder({ headers, codings, settings, output: (chunk) => this.#noted(this.#take(chunk)) });
    this.classifier = new BodyClassifier(classify);
    this.#sink = new BodySink({ stages, hasher, isLong, held, isKnown, target: () => this.classifier.target });
  }

  get stopped(): Stop | null {
    return this.#refused ?? this.#stopped;
  }

  /** Bytes from the wire; a promise holds the sender back, and rejects when a store or thread of ours fails. */
  push(chunk: Buffer): Promise<void> | null {
    const flow = this.#noted(this.decoder.push(chunk));
    this.#pushing = flow instanceof Promise ? flow.then(() => undefined) : null;
    return this.#pushing;
  }

  /** All bytes have come, `closed`: the connection's end was theirs. Answers whether they are wanted. */
  async end(closed: boolean): Promise<Step> {
    const decoded = await this.decoder.end(closed);
    // Meanwhile the last of the decoded bytes may have been refused.
    return this.stopped ?? this.#note(decoded === 'more' ? this.#classified() : decoded);
  }

  /** After an `end` that answered `more`. */
  async read(): Promise<ReadBody & EndOfBody> {
    return { ...(await this.#sink.read()), ...(await this.#end.shown()) };
  }

  /** Takes what was read. */
  finish(read: ReadBody): Promise<StageRef | null> {
    return this.#sink.finish(read);
  }

  /** Leaves nothing, once what is under way has come to its end. */
  async abandon(): Promise<void> {
    await this.decoder.destroy();
    await this.#pushing?.catch(() => undefined);
    await this.#end.destroy();
    await this.#sink.abandon();
  }

  #take(chunk: Buffer): Flow {
    this.#page?.push(chunk);
    const step = this.#refused ?? this.classifier.push(chunk);
    if (step === 'more') return this.#keep(chunk);
    if (!this.#page?.takes(step.found)) return step;
    this.#refused = step;
    return 'more';
  }

  #keep(chunk: Buffer): Flow {
    const watched = this.#end.push(chunk);
    const kept = this.#sink.push(chunk);
    return watched === null ? kept : Promise.all([kept, watched]).then(([step]) => step);
  }

  #classified(): Step {
    const step = this.classifier.end(this.#sink.isStaging);
    if (step !== 'more') this.#page?.takes(step.found);
    return step;
  }

  #noted(flow: Flow): Flow {
    return flow instanceof Promise ? flow.then((step) => this.#note(step)) : this.#note(flow);
  }

  #note(step: Step): Step {
    if (step !== 'more' && !this.#stopped) {
      this.#stopped = step;
      this.#onStop();
    }
    return step;
  }
}
