import { createHash } from 'node:crypto';
import { storableText } from '../../decide/plainText.ts';
import { redactUrl } from '../../decide/redactUrl.ts';
import type { Acceptance } from '../../model/acceptance.ts';
import type { FormRule, FormStep } from '../../model/settings.ts';
import { failure } from '../outcome/failure.ts';
import { type Outcome, outcomeOf } from '../outcome/outcome.ts';
import type { FormPage, Submission } from './Form.ts';
import { filledForm, linkFor } from './formStep.ts';
import { licenceForm } from './licenceForm.ts';
import { isSameSite } from './sites.ts';
import { type FilledForm, submissionOf } from './submission.ts';

/** Stands on a page, with the cookies of its journey, and goes on from there; every request is guarded and counted. */
export interface Visitor {
  /** The page of the last answer; null when it was none. */
  page(): FormPage | null;
  /** What came back; `fetched` when it was data. */
  open(url: URL, form: Submission['content']): Promise<Outcome>;
  /** false: no time is left. */
  pause(ms: number): Promise<boolean>;
  now(): Date;
}

/** Code points of an acceptance. */
const MAX_TEXT = 65_536;
const MAX_POLLS = 30;
const FIRST_POLL_MS = 1000;
const LONGEST_POLL_MS = 15_000;

/** Ends that say the same whether a form stood before or not. */
const AS_THEY_ARE: ReadonlySet<string> = new Set(['too-large', 'internal', 'store-failed']);

/** One way through forms to a file. No form is sent twice, and none to another site. */
export class FormJourney {
  readonly #visitor: Visitor;
  readonly #mode: Acceptance['mode'];
  /** The rule's URL pattern or the listed host. */
  readonly #rule: string;
  readonly #sent = new Set<string>();
  readonly accepted: Acceptance[] = [];
  /** A step found what it did not expect. */
  #stopped = false;

  constructor(visitor: Visitor, mode: Acceptance['mode'], rule: string) {
    this.#visitor = visitor;
    this.#mode = mode;
    this.#rule = rule;
  }

  /** Does what a rule says, step by step; what is not as the rule expects ends the journey. */
  async follow({ steps }: FormRule): Promise<Outcome> {
    let outcome = notData('The rule for its form has no steps.');
    for (const [index, step] of steps.entries()) {
      const page = this.#visitor.page();
      if (!page) return outcome;
      outcome = plainOutcome(await this.#take(step, page), `Step ${index + 1} of the rule for its form`);
      if (this.#stopped) return outcome;
    }
    if (!this.#visitor.page()) return outcome;
    return notData('After the last step of the rule for its form the server still answers with a page.');
  }

  /** Accepts a plain licence form, once. null: nothing here looks like one. */
  async acceptLicence(page: FormPage): Promise<Outcome | null> {
    const licence = licenceForm(page);
    if (licence.kind === 'none')
      return licence.reason === null ? null : notData(`Its form was not accepted: ${licence.reason}.`);
    const outcome = plainOutcome(await this.#submit(licence.filled, page), 'Accepting its licence');
    return this.#visitor.page() && !this.#stopped
      ? notData('After its licence was accepted the server still answers with a page.')
      : outcome;
  }

  #take(step: FormStep, page: FormPage): Promise<Outcome> {
    if (step.follow !== undefined) return this.#followLink(step.follow, page);
    if (step.wait !== undefined) return this.#wait(step.wait, page);
    const filled = filledForm(step, page);
    if (filled.kind === 'missing') return Promise.resolve(this.#stop(filled.reason));
    return this.#submit(filled.value, page);
  }

  #followLink(wanted: string, page: FormPage): Promise<Outcome> {
    const link = linkFor(wanted, page);
    if (link.kind === 'missing') return Promise.resolve(this.#stop(link.reason));
    return this.#visitor.open(new URL(link.value), null);
  }

  async #wait(pattern: string, start: FormPage): Promise<Outcome> {
    let page = start;
    for (let polls = 0; ; polls += 1) {
      const link = linkFor(pattern.includes('*') ? pattern : `*${pattern}*`, page);
      if (link.kind === 'found') return this.#visitor.open(new URL(link.value), null);
      const waitMs = Math.min(FIRST_POLL_MS * 2 ** polls, LONGEST_POLL_MS);
      if (polls >= MAX_POLLS || !(await this.#visitor.pause(waitMs)))
        return this.#stop(`${link.reason}, however long it is waited`);
      const outcome = await this.#visitor.open(new URL(page.url), null);
      const next = this.#visitor.page();
      if (!next) return outcome;
      page = next;
    }
  }

  async #submit(filled: FilledForm, page: FormPage): Promise<Outcome> {
    const submission = submissionOf(filled, page.url);
    if (!submission) return this.#stop('the form leads nowhere');
    const { url, content } = submission;
    if (!isSameSite(page.url, url.href)) return this.#stop(`the form leads to another site: ${url.host}`);
    const signature = `${content ? 'POST' : 'GET'} ${url.href} ${digest(filled.form.fields.map(({ name }) => name).join())}`;
    if (this.#sent.has(signature)) return this.#stop('the same form would be sent twice');
    this.#sent.add(signature);
    const text = storableText(page.text, MAX_TEXT);
    this.accepted.push({
      at: this.#visitor.now().toISOString(),
      url: redactUrl(page.url),
      mode: this.#mode,
      rule: this.#rule,
      sha256: digest(text),
      text,
    });
    return this.#visitor.open(url, content);
  }

  #stop(reason: string): Outcome {
    this.#stopped = true;
    return notData(`${reason}.`);
  }
}

/** A link that breaks behind a form proves nothing of the link that leads to the form. */
function plainOutcome(outcome: Outcome, what: string): Outcome {
  const isGood = outcome.kind === 'fetched' || outcome.kind === 'unchanged';
  if (isGood || outcome.transient === true || AS_THEY_ARE.has(outcome.code)) return outcome;
  return { ...notData(`${what}: ${outcome.reason}`), status: outcome.status, detail: outcome.detail };
}

const notData = (reason: string): Outcome => outcomeOf(failure('not-data', reason));

const digest = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
