import { formatByName } from '../sniff/formats.ts';
import { coverage, wordsOf, yearsOf } from './nameMatch.ts';
import type { Page, Wanted } from './Page.ts';
import { ERRORS, folded, OVERVIEWS } from './words.ts';

/** What of a page and of the resource that is looked for every link is measured by. */
export interface PageContext {
  readonly url: URL;
  /** Format name as ours, or null. */
  readonly declaredFormat: string | null;
  readonly resourceWords: readonly string[];
  readonly datasetWords: readonly string[];
  readonly wantedText: string;
  readonly wantedYears: readonly string[];
  /** 0 to 1: how much of what is wanted the page's own title speaks of; null when nothing is wanted by name. */
  readonly relevance: number | null;
  /** Anything is known of what is wanted: a name, a title, a format. */
  readonly isNamed: boolean;
  readonly isListing: boolean;
  readonly isError: boolean;
  readonly isOverview: boolean;
}

const LISTING = /^\s*(index of|directory listing|folder path|listing of)\b|^[\w.-]+(:\d+)? - \/|^\/[\w/.-]*\/$/i;

/** Reads a page once for what its links are measured by; without a name or a title wanted, nothing is relevant. */
export function pageContext(page: Page, wanted: Wanted): PageContext {
  const resourceWords = wordsOf(wanted.resourceName ?? '');
  const datasetWords = wordsOf(wanted.datasetTitle ?? '');
  const wantedText = `${wanted.resourceName ?? ''} ${wanted.datasetTitle ?? ''}`;
  const names = wordsOf(`${page.title} ${page.headline}`);
  const all = [resourceWords, datasetWords].filter((words) => words.length > 0);
  const heads = [page.title, page.headline].map(folded);
  const isListing = [page.title, page.headline].some((text) => LISTING.test(text));
  return {
    url: new URL(page.url),
    declaredFormat:
      wanted.declaredFormat === null
        ? null
        : (formatByName(wanted.declaredFormat)?.format ?? wanted.declaredFormat.toUpperCase()),
    resourceWords,
    datasetWords,
    wantedText: folded(wantedText),
    wantedYears: yearsOf(wantedText),
    relevance: all.length === 0 || isListing ? null : Math.max(...all.map((words) => coverage(words, names))),
    isNamed: all.length > 0 || wanted.declaredFormat !== null,
    isListing,
    isError: page.hasPassword || heads.some((text) => ERRORS.test(text)),
    isOverview: heads.some((text) => OVERVIEWS.test(text)),
  };
}
