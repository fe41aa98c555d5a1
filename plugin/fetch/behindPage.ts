import { clearest } from '../decide/chooseLinks.ts';
import type { FetchRequest } from '../model/attempt.ts';
import type { DataLink } from '../model/dataLink.ts';
import { CLAIMED } from '../model/dataLink.ts';
import type { FormRule } from '../model/settings.ts';
import type { Config } from '../settings/Config.ts';
import type { Submission } from './form/Form.ts';
import { FormJourney, type Visitor } from './form/formJourney.ts';
import { readForms } from './form/readForms.ts';
import { isSameSite, listedHost, matchesUrl } from './form/sites.ts';
import { findLinks } from './landing/findLinks.ts';
import type { Page } from './landing/Page.ts';
import { readPage } from './landing/readPage.ts';
import type { Outcome } from './outcome/outcome.ts';

/** Which forms may be sent, and whether licences are accepted on the way. */
export type BehindPageSettings = Pick<Config, 'forms' | 'acceptLicences'>;

/** The page that the last request answered with. */
export interface ShownPage {
  readonly url: string;
  readonly html: string;
}

/** Goes on from a page on the same chain of requests. */
export interface PageVisitor {
  shown(): ShownPage | null;
  /** `keeps` false: what comes is looked at and not staged. */
  open(url: URL, form: Submission['content'], keeps: boolean): Promise<Outcome>;
  pause(ms: number): Promise<boolean>;
}

/** Frames that are looked into, one level deep. */
const MAX_FRAMES = 3;

/**
 * What lies behind a page that answered instead of data: through a form, where a rule or the list of hosts says so, and
 * the links to the data, where they were asked for. The outcome of the page itself when neither helps.
 */
export async function behindPage(
  outcome: Outcome,
  request: FetchRequest,
  settings: BehindPageSettings,
  visitor: PageVisitor,
): Promise<Outcome> {
  const afterForm = await throughForm(outcome, request, settings, visitor);
  if (!request.findLinks || afterForm.kind === 'fetched' || afterForm.kind === 'unchanged') return afterForm;
  return { ...afterForm, links: await linksOf(request, visitor) };
}

async function throughForm(
  outcome: Outcome,
  request: FetchRequest,
  settings: BehindPageSettings,
  visitor: PageVisitor,
): Promise<Outcome> {
  const shown = visitor.shown();
  if (!shown) return outcome;
  const rule = settings.forms.find((one) => isFor(one, shown, request));
  const host = rule ? null : listedHost(shown.url, settings.acceptLicences);
  if (!rule && host === null) return outcome;
  const journey = new FormJourney(formVisitor(visitor), rule ? 'rule' : 'automatic', rule?.url ?? host ?? '');
  const ended = rule ? await journey.follow(rule) : await journey.acceptLicence(readForms(shown.html, shown.url));
  if (!ended) return outcome;
  const final = rule || journey.accepted.length === 0 ? ended : await clearLink(ended, request, visitor);
  const accepted = journey.accepted.length > 0 ? { accepted: journey.accepted } : {};
  if (final.kind === 'fetched' || final.kind === 'unchanged' || final.code !== 'not-data')
    return { ...final, ...accepted };
  return { ...outcome, reason: `${outcome.reason} ${final.reason}`, detail: final.detail, ...accepted };
}

/** A redirect to another site takes no filled-in form with it. */
function isFor({ url }: FormRule, shown: ShownPage, request: FetchRequest): boolean {
  if (matchesUrl(url, shown.url)) return true;
  return URL.canParse(request.url) && matchesUrl(url, request.url) && isSameSite(request.url, shown.url);
}

/** A page of thanks that has the link to the file, of the same site. */
async function clearLink(outcome: Outcome, request: FetchRequest, visitor: PageVisitor): Promise<Outcome> {
  const shown = visitor.shown();
  const link = shown && clearest(findLinks(pageOf(shown, shown.url), wantedOf(request)));
  if (!shown || !link || !isSameSite(shown.url, link.url)) return outcome;
  const fetched = await visitor.open(new URL(link.url), null, true);
  return fetched.kind === 'fetched' || fetched.kind === 'unchanged' ? fetched : outcome;
}

/** Of the page, and of its frames where it names no data itself. */
async function linksOf(request: FetchRequest, visitor: PageVisitor): Promise<readonly DataLink[]> {
  const shown = visitor.shown();
  if (!shown) return [];
  const page = pageOf(shown, request.url);
  const wanted = wantedOf(request);
  const links = findLinks(page, wanted);
  if (links.some(({ score }) => score >= CLAIMED)) return links;
  for (const frame of framesOf(page)) {
    await visitor.open(new URL(frame), null, false);
    const inner = visitor.shown();
    if (!inner) continue;
    const found = findLinks(pageOf(inner, inner.url), wanted);
    if (found.some(({ score }) => score >= CLAIMED))
      return found.map((link) => ({
        ...link,
        evidence: [...link.evidence, `it stands in a frame of the page: ${frame}`],
      }));
  }
  return links;
}

/** Frames, and where the page sends browsers, of the same host. */
function framesOf({ url, links }: Page): string[] {
  const { host } = new URL(url);
  const frames = links.filter(({ source }) => source === 'frame' || source === 'refresh' || source === 'object');
  return [...new Set(frames.map((frame) => frame.url))]
    .filter((one) => one !== url && new URL(one).host === host)
    .slice(0, MAX_FRAMES);
}

function formVisitor(visitor: PageVisitor): Visitor {
  return {
    page() {
      const shown = visitor.shown();
      return shown && readForms(shown.html, shown.url);
    },
    open: (url, form) => visitor.open(url, form, true),
    pause: (ms) => visitor.pause(ms),
    now: () => new Date(),
  };
}

const pageOf = ({ html, url }: ShownPage, askedUrl: string): Page =>
  readPage(html, url, URL.canParse(askedUrl) && new URL(askedUrl).href.startsWith('http') ? askedUrl : url);

const wantedOf = ({ declaredFormat, resourceName, datasetTitle = null }: FetchRequest) => ({
  declaredFormat,
  resourceName,
  datasetTitle,
});
