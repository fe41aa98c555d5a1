import type { FetchRequest } from '../../model/attempt.ts';
import type { StageRef } from '../../model/stage.ts';
import { type BodyHasher, type BodyHashes, type HasherSource, LocalHasher } from '../digest/bodyHasher.ts';
import type { AttemptScope } from '../exchange/AttemptScope.ts';
import type { BodyEnd, ExchangeResult, HttpResponse } from '../exchange/Response.ts';
import { contentRange } from '../http/contentRange.ts';
import { declaredLength } from '../http/headers.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import type { Body, FinalResponse, Outcome } from '../outcome/outcome.ts';
import { declaredBody, outcomeOf } from '../outcome/outcome.ts';
import { Judging } from './bodyClassifier.ts';
import { Unwrapping } from './bodyDecoder.ts';
import { Intake, type Place, type StageOpener } from './bodySink.ts';
import { Resumption } from './resume.ts';

/** From here on md5 alone would be what the transfer waits for. */
const THREAD_BYTES = 64 * 1024 * 1024;

export interface ReceptionContext {
  readonly scope: AttemptScope;
  readonly request: FetchRequest;
  readonly stages: StageOpener | null;
  readonly hashThread: HasherSource;
  /** `capabilities`: a document of an OGC service and nothing else. */
  readonly expects: 'anything' | 'capabilities';
  readonly finalUrl: string;
  /** Asks for the rest of a broken transfer at the URL that answered. */
  send(extra: Readonly<Record<string, string>>): Promise<ExchangeResult>;
  isKnown(bytes: number, hashes: BodyHashes): boolean;
}

export type Received =
  | {
      readonly kind: 'whole';
      readonly response: FinalResponse;
      readonly body: Body;
      readonly stage: StageRef | null;
      readonly evidence: readonly string[];
    }
  | { readonly kind: 'outcome'; readonly outcome: Outcome; readonly notService?: true }
  /** The body's framing is odd: once more through the lenient parser. */
  | { readonly kind: 'malformed'; readonly failure: Failure };

/** Reads one body to its proven end, however many connections that takes, and stages it. */
export async function receive(response: HttpResponse, context: ReceptionContext): Promise<Received> {
  let current = response;
  const resumption = new Resumption(context);
  for (;;) {
    const reception = new Reception(current, context);
    const outcome = await reception.run(resumption);
    if (outcome.kind !== 'start-over') return outcome;
    current = outcome.response;
  }
}

type RepresentationResult = Received | { readonly kind: 'start-over'; readonly response: HttpResponse };

/** One representation's bytes: from a 200, and from the 206 answers that continue it. */
class Reception {
  readonly #response: HttpResponse;
  readonly #context: ReceptionContext;
  readonly #intake: Intake;
  readonly #judging: Judging;
  readonly #declared: number | null;
  readonly #unwrapping: Unwrapping | Failure;
  #reading: HttpResponse;
  #outcome: Outcome | null = null;

  constructor(response: HttpResponse, context: ReceptionContext) {
    this.#response = response;
    this.#reading = response;
    this.#context = context;
    this.#declared = declaredLength(response.headers);
    this.#judging = new Judging({ ...context, headers: response.headers });
    this.#intake = new Intake({
      judge: (head, complete, bytes) => this.#judge(head, complete, bytes),
      judgeAgain: (later, open) => this.#judging.again(later, open),
      stages: context.stages,
      hasher: () => this.#hasher(),
      isKnown: context.isKnown,
    });
    this.#unwrapping = Unwrapping.of(response.headers, {
      settings: context.scope.settings,
      take: (chunk) => this.#take(chunk),
      stop: (reason) => this.#stop(reason),
    });
  }

  async run(resumption: Resumption): Promise<RepresentationResult> {
    const unwrapping = this.#unwrapping;
    const refused = this.#refusedByHead(unwrapping);
    if (refused || !(unwrapping instanceof Unwrapping)) {
      this.#response.drop();
      return { kind: 'outcome', outcome: this.#refuse(refused ?? empty()) };
    }
    this.#context.scope.trace.evidence.push(...unwrapping.evidence);
    try {
      let end = await this.#read(this.#response, unwrapping);
      while (end.kind === 'broken' && this.#canResume(end)) {
        const rest = await resumption.continue(this.#response.headers, unwrapping.wireBytes);
        if (rest.kind === 'start-over') return await this.#startOver(rest.response);
        if (rest.kind === 'complete') end = { kind: 'complete', framing: 'length' };
        else if (rest.kind === 'given-up') return await this.#failed(rest.failure ?? end.failure, rest.retryAfterMs);
        else end = this.#whole(await this.#read(rest.response, unwrapping), rest.response, unwrapping.wireBytes);
      }
      return await this.#conclude(end, unwrapping);
    } catch (error) {
      this.#reading.drop();
      await this.#abandon();
      throw error;
    }
  }

  #refusedByHead(unwrapping: Unwrapping | Failure): Failure | null {
    const { maxBytes } = this.#context.scope.settings;
    if (this.#declared !== null && this.#declared > maxBytes) {
      return failure('too-large', `The file is ${this.#declared} bytes long; the limit is ${maxBytes} bytes.`);
    }
    if (this.#declared === 0) return empty();
    return unwrapping instanceof Unwrapping ? null : unwrapping;
  }

  async #read(response: HttpResponse, unwrapping: Unwrapping): Promise<BodyEnd> {
    this.#reading = response;
    const end = await response.read((chunk) => unwrapping.push(chunk));
    this.#context.scope.trace.wireBytes += response.wireBytes;
    return end;
  }

  /** A range that ended well may still not be the last. */
  #whole(end: BodyEnd, part: HttpResponse, have: number): BodyEnd {
    const wanted = this.#declared ?? contentRange(part.headers)?.total ?? null;
    if (end.kind !== 'complete' || wanted === null || have === wanted) return end;
    const reason = `The ranges sent make ${have} of ${wanted} bytes.`;
    return { kind: 'broken', failure: failure('truncated', reason), lost: have < wanted, malformed: false };
  }

  #take(chunk: Buffer): Promise<void> | null {
    const wait = this.#intake.push(chunk);
    if (this.#intake.unwanted) this.#reading.drop();
    return wait;
  }

  #stop(reason: Failure): void {
    this.#outcome ??= this.#refuse(reason);
    this.#reading.drop();
  }

  async #conclude(end: BodyEnd, unwrapping: Unwrapping): Promise<Received> {
    if (end.kind === 'broken' && !this.#outcome) {
      if (end.malformed && !this.#response.lenient) {
        await this.#abandon();
        return { kind: 'malformed', failure: end.failure };
      }
      return this.#failed(end.failure);
    }
    const bad =
      this.#outcome || end.kind !== 'complete' ? null : await this.#badEnd(unwrapping, end.framing === 'close');
    if (bad) return this.#failed(bad);
    const taken = this.#outcome ? null : await this.#intake.finish();
    if (this.#outcome || taken?.kind !== 'taken') return this.#refused();
    return {
      kind: 'whole',
      response: { status: this.#response.status, headers: this.#response.headers },
      body: this.#body(taken.bytes, taken.hashes),
      stage: taken.stage,
      evidence: this.#judging.verdict?.evidence ?? [],
    };
  }

  async #badEnd(unwrapping: Unwrapping, closed: boolean): Promise<Failure | null> {
    const undecoded = await unwrapping.end(closed);
    // Meanwhile the last of the decoded bytes may have been refused.
    if (undecoded || this.#outcome) return undecoded;
    return unwrapping.disproved() ?? (unwrapping.empty ? empty() : null);
  }

  #judge(head: Buffer, complete: boolean, bytes: number): Place | null {
    const verdict = this.#judging.first(head, complete);
    if (!verdict.refusal) return this.#judging.place();
    if (verdict.refusal.code === 'not-data') this.#context.scope.trace.evidence.push(...verdict.evidence);
    const outcome = this.#refuse(verdict.refusal);
    const body = this.#body(complete ? bytes : this.#declaredBytes(), null);
    this.#outcome = verdict.mediaType === null ? outcome : { ...outcome, body };
    return null;
  }

  #body(bytes: number | null, hashes: BodyHashes | null): Body {
    return { bytes, md5: hashes?.md5 ?? null, sha256: hashes?.sha256 ?? null, ...this.#judging.described() };
  }

  #canResume(end: BodyEnd & { kind: 'broken' }): boolean {
    return end.lost && !this.#outcome && !this.#intake.unwanted;
  }

  async #startOver(response: HttpResponse): Promise<RepresentationResult> {
    await this.#abandon();
    return { kind: 'start-over', response };
  }

  async #failed(reason: Failure, retryAfterMs: number | null = null): Promise<Received> {
    await this.#abandon();
    return { kind: 'outcome', outcome: this.#outcome ?? { ...this.#refuse(reason), retryAfterMs } };
  }

  async #refused(): Promise<Received> {
    await this.#abandon();
    const outcome = this.#outcome ?? this.#refuse(failure('internal', 'The body was not taken.'));
    return this.#judging.verdict?.notService
      ? { kind: 'outcome', outcome, notService: true }
      : { kind: 'outcome', outcome };
  }

  async #abandon(): Promise<void> {
    if (this.#unwrapping instanceof Unwrapping) this.#unwrapping.destroy();
    await this.#intake.abandon();
  }

  /** Also what we refuse is recorded with the size and type that the answer declared; a failure has no size. */
  #refuse(reason: Failure): Outcome {
    const { status, headers } = this.#response;
    // Of several parts it is likelier that they do not fit together, and that may pass.
    const misfit = reason.code === 'decode' && this.#reading !== this.#response;
    const outcome = outcomeOf(misfit ? failure('truncated', reason.reason) : reason, { status, response: null });
    const bytes = outcome.kind === 'refused' || outcome.code === 'empty' ? this.#declaredBytes() : null;
    return { ...outcome, body: { ...declaredBody(headers), bytes } };
  }

  /** The declared length is that of the encoded body, so it says nothing of a decoded one. */
  #declaredBytes(): number | null {
    return this.#unwrapping instanceof Unwrapping && this.#unwrapping.coded ? null : this.#declared;
  }

  #hasher(): BodyHasher {
    const large = this.#declared !== null && this.#declared >= THREAD_BYTES;
    return large ? this.#context.hashThread.open() : new LocalHasher();
  }
}

function empty(): Failure {
  return failure('empty', 'The answer has no content: its length is 0.');
}
