import { WHOLE_STAGE_BYTES } from '../../model/stage.ts';
import { LocalHasher } from '../digest/bodyHasher.ts';
import type { BodyEnd, HttpResponse } from '../exchange/Response.ts';
import { contentRange } from '../http/contentRange.ts';
import { declaredLength } from '../http/headers.ts';
import { hasNextLink } from '../http/linkHeader.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import { declaredBody, type Outcome, outcomeOf } from '../outcome/outcome.ts';
import { emptyBody } from './bodyDecoder.ts';
import { BodyLine } from './bodyLine.ts';
import type { ReadBody } from './bodySink.ts';
import { type Stop, stop } from './bodyStep.ts';
import { type Codings, codingsOf } from './contentCoding.ts';
import { type Verdict, weigh } from './doubts.ts';
import { Resumption } from './resume.ts';
import type { TransferDeps, TransferResult } from './Transfer.ts';

/** From here on md5 alone would be what the transfer waits for. */
const THREAD_BYTES = 64 * 1024 * 1024;

const EXCESS = 'the server sent more behind the declared length of the body; exactly the declared bytes were kept';

/** Reads one body to its proven end, however many connections that takes, and stages it. */
export async function transferBody(response: HttpResponse, deps: TransferDeps): Promise<TransferResult> {
  let current = response;
  const resumption = new Resumption(deps);
  for (;;) {
    const result = await new BodyTransfer(current, deps).run(resumption);
    if (result.kind !== 'start-over') return result;
    current = result.response;
  }
}

type RepresentationResult = TransferResult | { readonly kind: 'start-over'; readonly response: HttpResponse };

/** One representation's bytes: from a 200, and from the 206 responses that continue it. */
class BodyTransfer {
  readonly #response: HttpResponse;
  readonly #deps: TransferDeps;
  readonly #declared: number | null;
  readonly #codings: Codings;
  readonly #line: BodyLine;
  #reading: HttpResponse;

  constructor(response: HttpResponse, deps: TransferDeps) {
    const { headers } = response;
    const { scope, request, finalUrl, expects, stages, page, hashThread, held, isKnown } = deps;
    this.#response = response;
    this.#reading = response;
    this.#deps = deps;
    this.#declared = declaredLength(headers);
    this.#codings = codingsOf(headers);
    this.#line = new BodyLine({
      headers,
      codings: this.#codings.kind === 'codings' ? this.#codings.list : [],
      settings: scope.settings,
      classify: { headers, request, finalUrl, expects },
      stages,
      page,
      isLong: this.#isLong(),
      held,
      hasher: () => ((this.#declared ?? 0) >= THREAD_BYTES ? hashThread.open() : new LocalHasher()),
      isKnown,
      onStop: () => this.#reading.drop(),
    });
  }

  async run(resumption: Resumption): Promise<RepresentationResult> {
    const refused = this.#refusedByHead();
    if (refused) {
      this.#response.drop();
      return this.#ended(stop(refused));
    }
    this.#deps.scope.trace.evidence.push(...this.#line.decoder.evidence);
    try {
      return await this.#transfer(resumption);
    } catch (error) {
      this.#reading.drop();
      await this.#line.abandon();
      throw error;
    }
  }

  #refusedByHead(): Failure | null {
    const { maxBytes } = this.#deps.scope.settings;
    if (this.#declared !== null && this.#declared > maxBytes) {
      return failure('too-large', `The file is ${this.#declared} bytes long; the limit is ${maxBytes} bytes.`);
    }
    if (this.#declared === 0) return emptyBody();
    return this.#codings.kind === 'failure' ? this.#codings.failure : null;
  }

  async #transfer(resumption: Resumption): Promise<RepresentationResult> {
    const { decoder } = this.#line;
    let end = await this.#read(this.#response);
    while (end.kind === 'broken' && end.lost && !this.#line.stopped) {
      const rest = await resumption.continue(this.#response.headers, decoder.wireBytes);
      if (rest.kind === 'start-over') return this.#startOver(rest.response);
      if (rest.kind === 'complete') end = { kind: 'complete', framing: 'length' };
      else if (rest.kind === 'given-up') return this.#ended(stop(rest.failure ?? end.failure), rest.retryAfterMs);
      else end = this.#whole(await this.#read(rest.response), rest.response);
    }
    return this.#conclude(end);
  }

  async #read(response: HttpResponse): Promise<BodyEnd> {
    this.#reading = response;
    // The last of the decoded bytes may have been refused while the rest was asked for.
    if (this.#line.stopped) {
      response.drop();
      return { kind: 'dropped' };
    }
    const end = await response.read((chunk) => this.#line.push(chunk));
    const { trace } = this.#deps.scope;
    trace.wireBytes += response.wireBytes;
    if (end.kind === 'complete' && end.excess) trace.evidence.push(EXCESS);
    return end;
  }

  /** A range that ended well may still not be the last. */
  #whole(end: BodyEnd, part: HttpResponse): BodyEnd {
    const have = this.#line.decoder.wireBytes;
    const wanted = this.#declared ?? contentRange(part.headers)?.total ?? null;
    if (end.kind !== 'complete' || wanted === null || have === wanted) return end;
    const reason = `The ranges sent make ${have} of ${wanted} bytes.`;
    return { kind: 'broken', failure: failure('truncated', reason), lost: true, malformed: false };
  }

  async #startOver(response: HttpResponse): Promise<RepresentationResult> {
    await this.#line.abandon();
    return { kind: 'start-over', response };
  }

  async #conclude(end: BodyEnd): Promise<TransferResult> {
    if (this.#line.stopped) return this.#ended(this.#line.stopped);
    if (end.kind === 'broken') return this.#broken(end.failure, end.malformed);
    if (end.kind === 'dropped') return this.#ended(stop(failure('internal', 'The body was not taken.')));
    // Where a coding does not end with the declared length, that length is likelier to be wrong than the coding.
    const step = await this.#line.end(end.framing === 'close' || end.excess === true);
    return step === 'more' ? this.#weighed() : this.#ended(step);
  }

  async #broken(reason: Failure, malformed: boolean): Promise<TransferResult> {
    if (!malformed || this.#response.lenient) return this.#ended(stop(reason));
    await this.#line.abandon();
    return { kind: 'malformed', failure: reason };
  }

  /** All bytes have come and are data: they are taken unless something speaks against them that may pass. */
  async #weighed(): Promise<TransferResult> {
    const { request, isKnown } = this.#deps;
    const { url, known } = request;
    const read = await this.#line.read();
    const { bytes, hashes, lacking } = read;
    const { wrongDigests } = this.#line.decoder;
    const partial = read.partial ?? (hasNextLink(this.#response.headers) ? 'its Link field leads to a next one' : null);
    const isCopy = isKnown(bytes, hashes);
    const verdict = weigh({ url, sha256: hashes.sha256, isCopy, wrongDigests, lacking, partial }, known);
    if (verdict.kind === 'taken') return this.#taken(read, verdict);
    const ended = await this.#ended(stop(verdict.failure));
    const { doubted } = verdict;
    return ended.kind === 'outcome' ? { ...ended, outcome: { ...ended.outcome, doubted } } : ended;
  }

  async #taken(read: ReadBody, { evidence, marks }: Verdict & { kind: 'taken' }): Promise<TransferResult> {
    const stage = await this.#line.finish(read);
    const { status, headers } = this.#response;
    const { classifier } = this.#line;
    return {
      kind: 'whole',
      response: { status, headers },
      body: { bytes: read.bytes, ...read.hashes, ...classifier.describe() },
      stage,
      evidence: [...(classifier.found?.evidence ?? []), ...evidence],
      marks,
    };
  }

  /** Nothing is kept. A stage that has stopped meanwhile gives the reason. */
  async #ended(reason: Stop, retryAfterMs: number | null = null): Promise<TransferResult> {
    await this.#line.abandon();
    const { stopped } = this.#line;
    if (stopped) return { kind: 'outcome', outcome: this.#outcomeOf(stopped) };
    return { kind: 'outcome', outcome: { ...this.#outcomeOf(reason), retryAfterMs } };
  }

  /** Also what we refuse is recorded with the size and type that the response declared; a failure has no size. */
  #outcomeOf({ failure: reason, found, bytes }: Stop): Outcome {
    const { status, headers } = this.#response;
    const outcome = outcomeOf(this.#isMisfit(reason) ? failure('truncated', reason.reason) : reason, {
      status,
      response: null,
    });
    if (found && reason.code === 'not-data') this.#deps.scope.trace.evidence.push(...found.evidence);
    if (found && found.mediaType !== null) {
      const described = this.#line.classifier.describe();
      return { ...outcome, body: { bytes: bytes ?? this.#declaredBytes(), md5: null, sha256: null, ...described } };
    }
    const hasSize = outcome.kind === 'refused' || outcome.code === 'empty';
    return { ...outcome, body: { ...declaredBody(headers), bytes: hasSize ? this.#declaredBytes() : null } };
  }

  /** Of several parts it is likelier that they do not fit together than that the coding is wrong, and that may pass. */
  #isMisfit({ code }: Failure): boolean {
    return code === 'decode' && !this.#line.decoder.isBomb && this.#reading !== this.#response;
  }

  #isLong(): boolean {
    const plain = this.#codings.kind === 'codings' && this.#codings.list.length === 0;
    return plain && (this.#declared ?? 0) > WHOLE_STAGE_BYTES;
  }

  /** The declared length is that of the encoded body, so it says nothing of a decoded one. */
  #declaredBytes(): number | null {
    return this.#line.decoder.coded ? null : this.#declared;
  }
}
