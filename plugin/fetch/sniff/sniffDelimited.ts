interface DelimitedMatch {
  readonly format: 'CSV' | 'TSV' | 'PSV';
  readonly evidence: string;
  /** Clear enough to stand without another hint. */
  readonly sure: boolean;
}

const DELIMITERS = ['\t', ';', '|', ','] as const;
type Delimiter = (typeof DELIMITERS)[number];

const MAX_RECORDS = 100;
const [LINE_FEED, CARRIAGE_RETURN, SPACE, QUOTE] = [0x0a, 0x0d, 0x20, 0x22];
const WORDS: Readonly<Record<Delimiter, string>> = { '\t': 'tabs', ';': 'semicolons', '|': 'pipes', ',': 'commas' };

interface Count {
  readonly delimiter: Delimiter;
  readonly fields: number;
  readonly records: number;
  /** Share of records that have as many fields as most. */
  readonly share: number;
}

/** Tables of text, by how evenly a delimiter divides the lines. */
export function sniffDelimited(text: string, complete: boolean): DelimitedMatch | null {
  const best = DELIMITERS.filter((delimiter) => text.includes(delimiter))
    .map((delimiter) => evenness(text, delimiter, complete))
    .filter((count) => count.fields > 1)
    .reduce<Count | null>((a, b) => (a && score(a) >= score(b) ? a : b), null);
  if (!best) return null;
  const format = best.delimiter === '\t' ? 'TSV' : best.delimiter === '|' ? 'PSV' : 'CSV';
  const percent = Math.round(best.share * 100);
  return {
    format,
    evidence: `${percent} % of ${best.records} lines have ${best.fields} fields divided by ${WORDS[best.delimiter]}`,
    sure: best.records >= 2 && best.share >= 0.8 && !isProse(text, best) && !isCode(text, best),
  };
}

function score({ fields, share, records }: Count): number {
  return share * Math.min(1, (fields - 1) / 2 + 0.4) * (records > 1 ? 1 : 0.5);
}

/**
 * Lines before the first that has as many fields as most (titles, notes) do not count against it, up to a third of all; up
 * to half before three lines or three fields.
 */
function evenness(text: string, delimiter: Delimiter, complete: boolean): Count {
  const counts = fieldCounts(text, delimiter, complete);
  const frequency = new Map<number, number>();
  for (const count of counts) frequency.set(count, (frequency.get(count) ?? 0) + 1);
  let fields = 1;
  for (const [count, times] of frequency)
    if (count > 1 && times > (fields > 1 ? (frequency.get(fields) ?? 0) : 0)) fields = count;
  const first = counts.indexOf(fields);
  const clear = fields >= 3 || counts.length - first >= 3;
  const allowed = clear ? counts.length / 2 : (counts.length - 1) / 3;
  const records = counts.slice(first <= allowed ? Math.max(0, first) : 0);
  const even = records.filter((count) => count === fields).length;
  return { delimiter, fields, records: records.length, share: records.length === 0 ? 0 : even / records.length };
}

/** Fields of each record; quotes (RFC 4180) hide delimiters and line ends. Blank lines do not count. */
function fieldCounts(text: string, delimiter: Delimiter, complete: boolean): number[] {
  const divides = delimiter.charCodeAt(0);
  const counts: number[] = [];
  let fields = 1;
  let fieldStart = true;
  let blank = true;
  for (let i = 0; i < text.length && counts.length < MAX_RECORDS; i += 1) {
    const code = text.charCodeAt(i);
    if (code === LINE_FEED || code === CARRIAGE_RETURN) {
      if (!blank) counts.push(fields);
      fields = 1;
      fieldStart = true;
      blank = true;
    } else if (code === divides) {
      fields += 1;
      fieldStart = true;
      blank = false;
    } else if (code !== SPACE) {
      if (code === QUOTE && fieldStart) i = endOfQuoted(text, i);
      fieldStart = false;
      blank = false;
    }
  }
  // The last record is cut where the head is.
  if (complete && !blank) counts.push(fields);
  return counts;
}

/** Where a quoted field ends; a quote that never does is a character like any other. */
function endOfQuoted(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const end = text.indexOf('"', at);
    if (end < 0 || end - start > 20_000) return start;
    if (text[end + 1] !== '"') return end;
    at = end + 2;
  }
}

/** Sentences have commas too, but a space after each and few on a line. */
function isProse(text: string, { delimiter, fields }: Count): boolean {
  if ((delimiter !== ',' && delimiter !== ';') || fields > 4) return false;
  const sample = text.slice(0, 2048);
  if (!/[.!?](\s|$)/.test(sample)) return false;
  let [found, spaced] = [0, 0];
  for (let at = sample.indexOf(delimiter); at >= 0; at = sample.indexOf(delimiter, at + 1)) {
    found += 1;
    if (/\s/.test(sample.charAt(at + 1))) spaced += 1;
  }
  return spaced > found * 0.8;
}

/** A character that ends each line and stands nowhere else ends statements; it divides nothing. */
function isCode(text: string, { delimiter, fields }: Count): boolean {
  if (fields !== 2) return false;
  const lines = text.slice(0, 2048).split(/[\r\n]+/);
  const ended = lines.filter((line) => line.trimEnd().endsWith(delimiter)).length;
  return ended >= lines.filter((line) => line.includes(delimiter)).length * 0.8;
}
