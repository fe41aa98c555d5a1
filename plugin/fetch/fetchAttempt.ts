import type { FetchRequest, Known } from '../model/attempt.ts';
import {
  checkedOnly,
  dropped,
  emptyInPlaceOfCopy,
  noContent,
  receivedOutcome,
  refusedStatus,
  withService,
} from './attemptOutcomes.ts';
import { behindPage, type PageVisitor } from './behindPage.ts';
import { transferBody } from './body/bodyTransfer.ts';
import { PageBuffer } from './body/pageBuffer.ts';
import type { TransferDeps, TransferResult } from './body/Transfer.ts';
import { confirms, sameByHeaders } from './cache/conditions.ts';
import { isOfCopy } from './cache/freshness.ts';
import { holdsCopyOf, isKnown, notModified, sameLength } from './cache/knownCopy.ts';
import type { Verification } from './cache/verification.ts';
import { ChainVisitor } from './chainVisitor.ts';
import { conditionsAt } from './conditionsAt.ts';
import type { AttemptScope } from './exchange/AttemptScope.ts';
import type { HttpResponse } from './exchange/Response.ts';
import { type FinalHop, RedirectChain, unconditional } from './follow/redirectChain.ts';
import type { UrlCredentials } from './follow/requestHeaders.ts';
import type { GuardedConnections } from './follow/requestSender.ts';
import { isWholeRange } from './http/contentRange.ts';
import { firstField } from './http/headers.ts';
import { isFound, isWorthNegotiating, mediaTypeToAskFor } from './negotiation.ts';
import { failure } from './outcome/failure.ts';
import { type Outcome, outcomeOf } from './outcome/outcome.ts';
import { type ServiceRequest, serviceRequest } from './service/serviceRequest.ts';
import { wallOfRefusal } from './wallOfRefusal.ts';

/** What one attempt is made with. */
export interface FetchAttemptDeps extends Pick<TransferDeps, 'stages' | 'hashThread' | 'held'> {
  readonly scope: AttemptScope;
  readonly agents: GuardedConnections;
  readonly userAgent: string;
  readonly request: FetchRequest;
  readonly verification: Verification;
}

/** What a body may be: of a service asked for its capabilities, only those. */
type Expects = 'anything' | 'capabilities';

/** What one URL came to, and whether a service may have more to say under another of its URLs. */
interface ServiceAttempt {
  readonly outcome: Outcome;
  readonly tryNextUrl: boolean;
}

/** `mediaType`: what is asked for first; null: any is as good. */
interface Wanted {
  readonly expects: Expects;
  readonly mediaType: string | null;
}

/** A chain of requests, and what it came to. */
interface Asked {
  readonly chain: RedirectChain;
  readonly outcome: Outcome;
}

/** Codes that say "not here", after which the next URL of a service is tried. */
const TRY_NEXT_URL: ReadonlySet<string> = new Set(['gone', 'http-error', 'not-data', 'empty', 'service-error']);
const JSON_SERVICES: ReadonlySet<string> = new Set(['ArcGIS', 'OGC API']);

/** One attempt at one request whose URL is valid: the service's URLs, redirects, revalidation, the body. */
export class FetchAttempt {
  readonly #deps: FetchAttemptDeps;
  /** The copy we hold, where a conditional request may spare its transfer. */
  readonly #revalidates: Known | null;
  #page = new PageBuffer();

  constructor(deps: FetchAttemptDeps) {
    const { known, url, mode } = deps.request;
    this.#deps = deps;
    const ofCopy = known !== null && holdsCopyOf(known, url) && isOfCopy(known.status);
    this.#revalidates = ofCopy && known.trusted !== false && mode !== 'check' ? known : null;
  }

  /** `credentials`: those of the link, which `url` does not hold. Throws only when our own store or thread fails. */
  async run(url: URL, credentials: UrlCredentials | null): Promise<Outcome> {
    const service = serviceRequest(url, this.#deps.request.declaredFormat);
    if (service) return this.#runService(service, url, credentials);
    return (await this.#attempt(url, credentials, 'anything')).outcome;
  }

  /** The URLs at which a service describes itself, best first, and at last the link as it is. */
  async #runService(service: ServiceRequest, url: URL, credentials: UrlCredentials | null): Promise<Outcome> {
    const expects = JSON_SERVICES.has(service.service) ? 'anything' : 'capabilities';
    let report: Outcome | null = null;
    for (const candidate of service.urls) {
      const { outcome, tryNextUrl } = await this.#attempt(candidate, credentials, expects);
      if (!tryNextUrl) return withService(outcome, service.service);
      if (outcome.code === 'service-error') report ??= outcome;
    }
    const isAsked = service.urls.some((candidate) => candidate.href === url.href);
    const plain = isAsked ? null : (await this.#attempt(url, credentials, 'anything')).outcome;
    if (plain && plain.kind !== 'failed' && plain.kind !== 'refused') return plain;
    return report ?? plain ?? outcomeOf(failure('service-error', 'The service did not describe itself.'));
  }

  async #attempt(url: URL, credentials: UrlCredentials | null, expects: Expects): Promise<ServiceAttempt> {
    const { scope, request } = this.#deps;
    const direct = await this.#ask(url, credentials, { expects, mediaType: null });
    const negotiates = expects === 'anything' && isWorthNegotiating(direct.outcome);
    const type = negotiates ? mediaTypeToAskFor(request.declaredFormat) : null;
    const { chain, outcome: found } = type === null ? direct : await this.#askFor(type, url, credentials, direct);
    const isPage = found.code === 'not-data' && expects === 'anything';
    const reached = isPage ? await behindPage(found, request, scope.settings, this.#visitor(chain)) : found;
    const outcome = reached.code === 'empty' && this.#holdsCopy() ? emptyInPlaceOfCopy(reached) : reached;
    // A server that breaks at a version it does not know (500) may know another.
    const permanent = outcome.transient !== true || outcome.status === 500;
    return { outcome, tryNextUrl: outcome.kind !== 'fetched' && TRY_NEXT_URL.has(outcome.code) && permanent };
  }

  async #ask(url: URL, credentials: UrlCredentials | null, { expects, mediaType }: Wanted): Promise<Asked> {
    const { scope, agents, userAgent, request } = this.#deps;
    scope.trace.redirects.length = 0;
    scope.trace.permanent = true;
    const waitsFor202 = request.mode !== 'check' && request.waitsFor202 !== false;
    const authorization = request.authorization ? { url, field: request.authorization } : null;
    const remembered = request.known?.finalUrl ?? null;
    const deps = { scope, agents, userAgent, authorization, waitsFor202, remembered, mediaType };
    const chain = new RedirectChain(deps, url, credentials);
    const last = await chain.next(conditionsAt(this.#revalidates, url));
    return { chain, outcome: last.kind === 'outcome' ? last.outcome : await this.#settle(chain, last, expects) };
  }

  /** RFC 9110 section 12.1: of several representations a server sends the one that is asked for; else `first` stands. */
  async #askFor(type: string, url: URL, credentials: UrlCredentials | null, first: Asked): Promise<Asked> {
    const { trace } = this.#deps.scope;
    const { finalUrl, permanent } = trace;
    const redirects = [...trace.redirects];
    const page = this.#page;
    this.#page = new PageBuffer();
    const second = await this.#ask(url, credentials, { expects: 'anything', mediaType: type });
    if (isFound(second.outcome)) {
      trace.evidence.push(`the server sent it when it was asked for ${type}`);
      return second;
    }
    this.#page = page;
    trace.redirects.splice(0, trace.redirects.length, ...redirects);
    Object.assign(trace, { finalUrl, permanent });
    return first;
  }

  #holdsCopy(): boolean {
    const { known, url } = this.#deps.request;
    return known !== null && holdsCopyOf(known, url);
  }

  async #settle(chain: RedirectChain, { response, conditional }: FinalHop, expects: Expects): Promise<Outcome> {
    const { status } = response;
    const isOfConditions = status === 304 || (status === 412 && conditional);
    if (!isOfConditions) return this.#settleResponse(chain, response, expects);
    response.drop();
    const known = this.#revalidates;
    if (status === 304 && known && conditional && confirms(known, response.headers)) {
      return this.#confirm(chain, known, notModified(known, response), expects);
    }
    this.#deps.scope.trace.evidence.push(
      `the server answered ${status} where that says nothing, so it was asked again without conditions`,
    );
    const again = await chain.next(unconditional());
    return again.kind === 'outcome' ? again.outcome : this.#settleResponse(chain, again.response, expects);
  }

  /** A 304, which is verified now and then. */
  async #confirm(chain: RedirectChain, known: Known, unchanged: Outcome, expects: Expects): Promise<Outcome> {
    const { verification, scope } = this.#deps;
    if (!verification.isDue(known, chain.url)) return unchanged;
    const again = await chain.next(unconditional());
    const isWhole = again.kind === 'response' && again.response.status === 200;
    if (again.kind === 'response' && !isWhole) again.response.drop();
    const read = isWhole ? await this.#receive(chain, again.response, expects) : null;
    return verification.compare(unchanged, read, chain.url, scope.trace);
  }

  async #settleResponse(chain: RedirectChain, response: HttpResponse, expects: Expects): Promise<Outcome> {
    const { status, headers } = response;
    const checksOnly = this.#deps.request.mode === 'check';
    if (status === 204 || status === 205) return dropped(response, noContent(response));
    if (status < 200 || status > 299 || (status === 206 && !isWholeRange(headers)) || (status === 202 && !checksOnly)) {
      const wall = await wallOfRefusal(response);
      return dropped(response, refusedStatus(response, wall, this.#deps.scope.settings.retryAfterMaxMs));
    }
    if (checksOnly) return dropped(response, checkedOnly(response));
    const known = this.#revalidates;
    if (known && sameByHeaders(known, headers)) return this.#settleSame(chain, known, response, expects);
    return this.#receive(chain, response, expects);
  }

  /** A 200 whose headers say that the file is the copy. */
  async #settleSame(chain: RedirectChain, known: Known, response: HttpResponse, expects: Expects): Promise<Outcome> {
    const { verification, scope } = this.#deps;
    const unchanged = sameLength(known, response);
    if (!verification.isDue(known, chain.url)) return dropped(response, unchanged);
    const read = await this.#receive(chain, response, expects);
    return verification.compare(unchanged, read, chain.url, scope.trace);
  }

  /** Goes on from a page on its chain, with the cookies of it. */
  #visitor(chain: RedirectChain): PageVisitor {
    const settle = (response: HttpResponse) => this.#settleResponse(chain, response, 'anything');
    return new ChainVisitor({ scope: this.#deps.scope, chain, page: this.#page, settle });
  }

  /** The body; one whose framing only the lenient parser can read is asked for once more. */
  async #receive(chain: RedirectChain, response: HttpResponse, expects: Expects): Promise<Outcome> {
    const received = await this.#read(chain, response, expects);
    if (received.kind !== 'malformed') return this.#received(received);
    chain.markMalformed();
    const again = await chain.next(unconditional());
    if (again.kind === 'outcome') return again.outcome;
    if (again.response.status !== 200) return dropped(again.response, outcomeOf(received.failure));
    const second = await this.#read(chain, again.response, expects);
    return second.kind === 'malformed' ? outcomeOf(second.failure) : this.#received(second);
  }

  #read(chain: RedirectChain, response: HttpResponse, expects: Expects): Promise<TransferResult> {
    const { scope, request, stages, hashThread, held } = this.#deps;
    const { forms, acceptLicences } = scope.settings;
    this.#page.begin(chain.url.href, firstField(response.headers, 'content-type'));
    const readsPages = request.findLinks === true || forms.length > 0 || acceptLicences.length > 0;
    return transferBody(response, {
      scope,
      page: readsPages ? this.#page : null,
      request,
      stages,
      hashThread,
      held,
      expects,
      finalUrl: chain.url.href,
      send: (extra) => chain.send(extra),
      isKnown: (bytes, hashes) => isKnown(request.known, bytes, hashes),
    });
  }

  #received(received: Exclude<TransferResult, { kind: 'malformed' }>): Outcome {
    if (received.kind === 'outcome') return received.outcome;
    this.#deps.scope.trace.evidence.push(...received.evidence);
    return receivedOutcome(received, this.#deps.request.known);
  }
}
