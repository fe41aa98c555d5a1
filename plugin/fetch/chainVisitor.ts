import { dropped } from './attemptOutcomes.ts';
import type { PageVisitor, ShownPage } from './behindPage.ts';
import type { PageBuffer } from './body/pageBuffer.ts';
import type { AttemptScope } from './exchange/AttemptScope.ts';
import type { HttpResponse } from './exchange/Response.ts';
import type { RedirectChain } from './follow/redirectChain.ts';
import type { FormContent } from './follow/requestSender.ts';
import { firstField } from './http/headers.ts';
import { failure } from './outcome/failure.ts';
import { type Outcome, outcomeOf } from './outcome/outcome.ts';
import { decodeText } from './sniff/sniffText.ts';

/** The chain of one attempt, the page it shows, and how a response becomes an outcome. */
export interface ChainVisitorDeps {
  readonly chain: RedirectChain;
  /** Holds the page of the last answer. */
  readonly page: PageBuffer;
  readonly scope: AttemptScope;
  settle(response: HttpResponse): Promise<Outcome>;
}

/** Goes from page to page on one chain of requests: its cookies, its guard, its deadlines. */
export class ChainVisitor implements PageVisitor {
  readonly #deps: ChainVisitorDeps;
  #isPage = true;

  constructor(deps: ChainVisitorDeps) {
    this.#deps = deps;
  }

  shown(): ShownPage | null {
    const page = this.#isPage ? this.#deps.page.page() : null;
    return page && { url: page.url, html: decodeText(page.bytes, page.contentType).text };
  }

  async open(url: URL, form: FormContent | null, keeps: boolean): Promise<Outcome> {
    const { chain, settle } = this.#deps;
    this.#isPage = false;
    chain.leaveFor(url, form);
    const found = await chain.next(null);
    if (found.kind === 'outcome') return found.outcome;
    const isHtml = /html/i.test(firstField(found.response.headers, 'content-type') ?? '');
    if (!keeps && !isHtml) return dropped(found.response, outcomeOf(failure('not-data', 'The frame is no page.')));
    const outcome = await settle(found.response);
    this.#isPage = outcome.code === 'not-data';
    return outcome;
  }

  async pause(ms: number): Promise<boolean> {
    const { deadlines, signal } = this.#deps.scope;
    if (ms >= deadlines.remainingMs) return false;
    await deadlines.wait(ms, signal);
    return !signal.aborted;
  }
}
