import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findLinks } from '../plugin/fetch/landing/findLinks.ts';
import { formatOfUrl } from '../plugin/fetch/landing/linkFormat.ts';
import type { Page, Wanted } from '../plugin/fetch/landing/Page.ts';
import { readPage } from '../plugin/fetch/landing/readPage.ts';
import { structuredLinks } from '../plugin/fetch/landing/structuredData.ts';
import { CLAIMED } from '../plugin/model/dataLink.ts';

// How well data links are found in pages: `npm run bench:landing [-- --json] [--wrong]`.
const FOLDER = fileURLToPath(new URL('../test/fixtures/landing/', import.meta.url));

interface Label extends Wanted {
  readonly page: string;
  readonly url: string;
  /** Any of them is right as the first candidate; none: the page leads to no data. */
  readonly best: readonly string[];
  readonly others: readonly string[];
}

/** What a rule claims of a page, the best first. */
type Rule = (page: Page, wanted: Wanted) => readonly string[];

const isData = (url: string): boolean => ['data', 'archive'].includes(formatOfUrl(url)?.kind ?? 'page');
const withDataExtension: Rule = (page) =>
  page.links.map(({ url }) => url).filter((url) => isData(url) && formatOfUrl(url)?.from === 'extension');

const RULES: Readonly<Record<string, Rule>> = {
  ours: (page, wanted) => findLinks(page, wanted).flatMap(({ url, score }) => (score >= CLAIMED ? url : [])),
  'first link with a data extension': (page, wanted) => withDataExtension(page, wanted).slice(0, 1),
  'all links with a data extension': withDataExtension,
  'schema.org of the page': (page) =>
    structuredLinks(page.jsonLd, page.url).flatMap(({ url, source }) => (source === 'download-property' ? url : [])),
};

interface Tally {
  claimed: number;
  right: number;
  setClaimed: number;
  setRight: number;
  falseNone: number;
}

function measure(
  labels: readonly Label[],
  folder: string,
  rule: Rule,
  tell: (label: Label, claims: readonly string[]) => void,
) {
  const withAnswer = labels.filter(({ best }) => best.length > 0).length;
  const wanted = labels.reduce((sum, { best, others }) => sum + Math.min(best.length, 1) + others.length, 0);
  const tally: Tally = { claimed: 0, right: 0, setClaimed: 0, setRight: 0, falseNone: 0 };
  for (const label of labels) {
    const page = readPage(readFileSync(`${folder}${label.page}`, 'utf8'), label.url.replace(/#.*/, ''), label.url);
    const claims = [...new Set(rule(page, label))];
    count(label, claims, tally);
    tell(label, claims);
  }
  const share = (part: number, whole: number) => (whole === 0 ? 0 : Math.round((1000 * part) / whole) / 1000);
  return {
    best: { precision: share(tally.right, tally.claimed), recall: share(tally.right, withAnswer) },
    set: { precision: share(tally.setRight, tally.setClaimed), recall: share(tally.setRight, wanted) },
    noneFalse: share(tally.falseNone, labels.length - withAnswer),
  };
}

function count({ best, others }: Label, claims: readonly string[], tally: Tally): void {
  const [first] = claims;
  if (first !== undefined) tally.claimed += 1;
  if (first !== undefined && best.includes(first)) tally.right += 1;
  if (first !== undefined && best.length === 0) tally.falseNone += 1;
  tally.setClaimed += claims.length;
  tally.setRight += others.filter((url) => claims.includes(url) && !best.includes(url)).length;
  tally.setRight += best.some((url) => claims.includes(url)) ? 1 : 0;
}

const wrongs: string[] = [];
const note = (label: Label, claims: readonly string[]) => {
  const isRight = label.best.length === 0 ? claims.length === 0 : label.best.includes(claims[0] ?? '');
  if (!isRight) wrongs.push(`${label.page}: ${claims[0] ?? 'nothing'} instead of ${label.best[0] ?? 'nothing'}`);
};

function results(name: string, folder: string) {
  const labels: readonly Label[] = JSON.parse(readFileSync(`${folder}labels.json`, 'utf8'));
  return {
    set: name,
    pages: labels.length,
    none: labels.filter(({ best }) => best.length === 0).length,
    rules: Object.fromEntries(
      Object.entries(RULES).map(([rule, run]) => [
        rule,
        measure(labels, folder, run, rule === 'ours' ? note : () => undefined),
      ]),
    ),
  };
}

const report = process.argv.includes('--tuned')
  ? [results('tuned', FOLDER)]
  : [results('tuned', FOLDER), results('held out', `${FOLDER}held-out/`)];

if (process.argv.includes('--json')) console.log(JSON.stringify({ claimedFrom: CLAIMED, sets: report }));
else {
  for (const { set, pages, none, rules } of report) {
    console.log(`${set}: ${pages} pages, ${none} without data`);
    for (const [rule, { best, set: all, noneFalse }] of Object.entries(rules))
      console.log(
        `  ${rule.padEnd(34)} best ${best.precision} / ${best.recall}   set ${all.precision} / ${all.recall}   none ${noneFalse}`,
      );
  }
  if (process.argv.includes('--wrong')) console.log(wrongs.join('\n'));
}
