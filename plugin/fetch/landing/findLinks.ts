import { redactUrl } from '../../decide/redactUrl.ts';
import type { DataLink } from '../../model/dataLink.ts';
import { type Candidate, candidatesOf } from './candidates.ts';
import { JUDGES } from './judges.ts';
import type { Page, Wanted } from './Page.ts';
import { type PageContext, pageContext } from './pageContext.ts';

/** What is told of one page. */
const MAX_LISTED = 50;
/** Below, a link says nothing for itself at all. */
const LEAST = 0.02;
/** Log-odds of a link that nothing is known of: most links of a page are no data. */
const PRIOR = -2.5;
/** The same where nobody says what is wanted: then a data file is as good an answer as any. */
const PRIOR_UNNAMED = -1.3;
/** Flattens the curve, so that good candidates still differ. */
const TEMPERATURE = 2;

/**
 * The references of a page to the data behind it, the likeliest first, each with what speaks for and against it. Pure:
 * the same page gives the same answer.
 */
export function findLinks(page: Page, wanted: Wanted): DataLink[] {
  const context = pageContext(page, wanted);
  return candidatesOf(page, wanted)
    .map((candidate) => scored(candidate, context))
    .filter(({ score }) => score >= LEAST)
    .sort((one, other) => other.score - one.score)
    .slice(0, MAX_LISTED);
}

function scored(candidate: Candidate, context: PageContext): DataLink {
  const signals = JUDGES.flatMap((judge) => judge(candidate, context));
  const sum = signals.reduce((total, { weight }) => total + weight, context.isNamed ? PRIOR : PRIOR_UNNAMED);
  const score = 1 / (1 + Math.exp(-sum / TEMPERATURE));
  return {
    url: redactUrl(candidate.url),
    format: candidate.format && candidate.format.kind !== 'page' ? candidate.format.format : null,
    score: Math.round(score * 1000) / 1000,
    evidence: signals.map(
      ({ weight, because }) => `${because} (${weight < 0 ? '−' : '+'}${Math.abs(weight).toFixed(1)})`,
    ),
  };
}
