import { folded } from './words.ts';

/** Words that stand in the names of data everywhere, and so tell nothing apart. */
const COMMON: ReadonlySet<string> = new Set(
  'a an and the of in on for by to from with at as is und der die das von im am fur et le la les de du des en el los las y del il e di della og av i na w v do data dataset datasets file files download csv json xml xlsx xls zip pdf shp geojson excel html http https www api rows id resource table'.split(
    ' ',
  ),
);
const SHORTEST_STEM = 5;

/** The telling words of a name or a text, each once; numbers apart from letters, scripts without spaces by pairs. */
export function wordsOf(text: string): string[] {
  const spaced = text
    .slice(0, 600)
    .replace(/(?<=\p{Ll})(?=\p{Lu})/gu, ' ')
    .replace(/(?<=\p{L})(?=\d)|(?<=\d)(?=\p{L})/gu, ' ');
  const parts = folded(spaced).split(/[^\p{L}\p{M}\d]+/u);
  const words = parts.flatMap((part) =>
    /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/.test(part) ? pairsOf(part) : [part],
  );
  return [...new Set(words.filter((word) => word !== '' && !COMMON.has(word)))];
}

/** Pairs of characters: the usual stand-in for words where none are separated. */
function pairsOf(part: string): string[] {
  const characters = [...part];
  return characters.length < 2
    ? characters
    : characters.slice(1).map((character, at) => `${characters[at]}${character}`);
}

/** How much of `wanted` occurs in `text`, 0 to 1; inflected forms count by their common beginning. */
export function coverage(wanted: readonly string[], text: readonly string[]): number {
  if (wanted.length === 0) return 0;
  const found = wanted.filter((word) => text.some((other) => isSameWord(word, other)));
  return found.length / wanted.length;
}

function isSameWord(one: string, other: string): boolean {
  if (one === other) return true;
  const stem = Math.max(SHORTEST_STEM, Math.ceil(Math.min(one.length, other.length) * 0.75));
  if (one.length < stem || other.length < stem) return false;
  return one.slice(0, stem) === other.slice(0, stem) || (one.length > 6 && other.includes(one));
}

/** Years of a text, which tell editions of one table apart. */
export function yearsOf(text: string): string[] {
  return [...new Set(text.match(/(?<!\d)(19|20)\d\d(?!\d)/g) ?? [])];
}
