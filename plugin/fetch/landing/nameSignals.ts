import { coverage, wordsOf, yearsOf } from './nameMatch.ts';
import { ownText } from './ownText.ts';
import { type Judge, type Signal, signal } from './signal.ts';

/** Whether it, its surroundings and its page speak of what is wanted. */
export const naming: Judge = (candidate, context) => {
  const { resourceWords, datasetWords, relevance } = context;
  const own = wordsOf(ownText(candidate));
  const around = [
    ...own,
    ...wordsOf(candidate.links.map(({ row, near, headings }) => `${row} ${near} ${headings[0] ?? ''}`).join(' ')),
  ];
  const found: Signal[] = [];
  const byName = coverage(resourceWords, own);
  const byRow = coverage(resourceWords, around);
  const byTitle = coverage(datasetWords, around);
  if (byName > 0) found.push(signal(2 * byName, `its name has ${percent(byName)} of the resource's name`));
  else if (byRow > 0)
    found.push(signal(1.4 * byRow, `the text around it has ${percent(byRow)} of the resource's name`));
  if (byTitle > 0) found.push(signal(0.6 * byTitle, `it shares words with the dataset's title`));
  const nameless = byRow === 0 && byTitle === 0 && resourceWords.length + datasetWords.length > 0;
  if (relevance === 0) found.push(signal(nameless ? -3 : -0.4, 'the page speaks of something else'));
  else if (relevance !== null && relevance >= 0.5) found.push(signal(0.5, 'the page is about the resource'));
  if (nameless && context.isListing) found.push(signal(-1.2, 'its name has nothing of what is wanted'));
  return found;
};

/** Editions of one table differ by their year. */
export const years: Judge = (candidate, { wantedYears }) => {
  if (wantedYears.length === 0) return [];
  const own = yearsOf(ownText(candidate));
  const shown = own.length > 0 ? own : candidate.links.flatMap(({ row }) => yearsOf(row));
  if (shown.length === 0) return [];
  return wantedYears.some((year) => shown.includes(year))
    ? [signal(0.6, `it is of ${wantedYears.join(', ')}`)]
    : [signal(-0.8, `it is of ${shown.slice(0, 3).join(', ')}, not of ${wantedYears.join(', ')}`)];
};

const percent = (share: number): string => `${Math.round(share * 100)} %`;
