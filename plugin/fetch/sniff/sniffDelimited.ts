interface DelimitedMatch {
  readonly format: 'CSV' | 'TSV' | 'PSV';
  readonly evidence: string;
  /** Clear enough to stand without another hint. */
  readonly sure: boolean;
}

const DELIMITERS = ['\t', ';', '|', ','] as const;
type Delimiter = (typeof DELIMITERS)[number];

const MAX_RECORDS = 100;
/** As much as is looked at to tell a table from prose and code. */
const SAMPLE_LENGTH = 2048;
const [LINE_FEED, CARRIAGE_RETURN, SPACE, QUOTE] = [0x0a, 0x0d, 0x20, 0x22];
const WORDS: Readonly<Record<Delimiter, string>> = { '\t': 'tabs', ';': 'semicolons', '|': 'pipes', ',': 'commas' };

interface Count {
  readonly delimiter: Delimiter;
  readonly fields: number;
  readonly records: number;
  /** Share of records that have as many fields as most. */
  readonly share: number;
}

/** Fields of the records that are looked at, of one text after the other. */
const counts = new Uint32Array(MAX_RECORDS);

/** Tables of text, by how evenly a delimiter divides the lines. */
export function sniffDelimited(text: string, complete: boolean): DelimitedMatch | null {
  let best: Count | null = null;
  for (const delimiter of DELIMITERS) {
    const count = text.includes(delimiter) ? evenness(text, delimiter, complete) : null;
    if (count && count.fields > 1 && (best === null || score(count) > score(best))) best = count;
  }
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
  const all = counts.subarray(0, countFields(text, delimiter, complete));
  const fields = mostFrequent(all);
  const first = all.indexOf(fields);
  const clear = fields >= 3 || all.length - first >= 3;
  const allowed = clear ? all.length / 2 : (all.length - 1) / 3;
  const begin = first <= allowed ? Math.max(0, first) : 0;
  const records = all.length - begin;
  let even = 0;
  for (let at = begin; at < all.length; at += 1) if (all[at] === fields) even += 1;
  return { delimiter, fields, records, share: records === 0 ? 0 : even / records };
}

/** The count above 1 that occurs most often, of equal ones that which occurs first; 1 where there is none. */
function mostFrequent(all: Uint32Array): number {
  const frequency = new Map<number, number>();
  for (const count of all) if (count > 1) frequency.set(count, (frequency.get(count) ?? 0) + 1);
  let [fields, most] = [1, 0];
  for (const [count, times] of frequency) if (times > most) [fields, most] = [count, times];
  return fields;
}

/** Fields of each record; quotes (RFC 4180) hide delimiters and line ends. Blank lines do not count. Answers how many there are. */
function countFields(text: string, delimiter: Delimiter, complete: boolean): number {
  const divides = delimiter.charCodeAt(0);
  let records = 0;
  let fields = 1;
  let fieldStart = true;
  let blank = true;
  for (let i = 0; i < text.length && records < MAX_RECORDS; i += 1) {
    const code = text.charCodeAt(i);
    if (code === LINE_FEED || code === CARRIAGE_RETURN) {
      if (!blank) counts[records++] = fields;
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
  if (complete && !blank && records < MAX_RECORDS) counts[records++] = fields;
  return records;
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
  const sample = text.slice(0, SAMPLE_LENGTH);
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
  const divides = delimiter.charCodeAt(0);
  const end = Math.min(text.length, SAMPLE_LENGTH);
  let divided = 0;
  let ended = 0;
  let has = false;
  let isLast = false;
  for (let i = 0; i <= end; i += 1) {
    const code = i < end ? text.charCodeAt(i) : LINE_FEED;
    if (code === LINE_FEED || code === CARRIAGE_RETURN) {
      if (has) divided += 1;
      if (isLast) ended += 1;
      has = false;
      isLast = false;
    } else if (code === divides) {
      has = true;
      // A tab at the end of a line is whitespace.
      isLast = delimiter !== '\t';
    } else if (isLast && !isWhitespace(code)) isLast = false;
  }
  return ended >= divided * 0.8;
}

function isWhitespace(code: number): boolean {
  return (code <= SPACE || code >= 0x7f) && /\s/.test(String.fromCharCode(code));
}
