/** A text of which what scripts add to it has been taken away. */
interface Cleaned {
  readonly text: string;
  /** What was taken away, in words. */
  readonly evidence: readonly string[];
  /** The text ends where something else follows. */
  readonly isCut: boolean;
}

/** PHP with `html_errors`: a word in bold, the message, a file and a line in bold. */
const MARKED_UP =
  /\s{0,100}(?:<br ?\/?>\s{0,10})?<b>[^<>]{1,40}<\/b>:[^\n]{0,2000}?\bon line <b>\d{1,9}<\/b>(?:<br ?\/?>)?[ \t]*\r?\n?/iy;
/** And without: `Warning: … in /var/www/export.php on line 12`. */
const PLAIN = /\s{0,100}(?:PHP )?[A-Z][a-z]+(?: [a-z]+)?: [^\n]{1,2000}? in \S[^\n]{0,300} on line \d{1,9}[ \t]*\r?\n/y;
const MAX_MESSAGES = 100;

const MARKED_UP_START = /(?:\n|^)[ \t]{0,20}<br ?\/?>\s{0,10}<b>[^<>]{1,40}<\/b>:/i;
/** At the beginning of a line, or right behind the end of JSON or XML. */
const PAGE_START = /(?<=[\n}\]>][ \t]{0,20})<(?:!doctype\s{1,20}html|html)[\s>]/i;

/** What is left without messages before and after it and without a page behind it; null when there is none of that. */
export function withoutScriptOutput(text: string): Cleaned | null {
  const begin = messagesEnd(text);
  const rest = text.slice(begin);
  // Most data has no `<`, which is found sooner than either pattern.
  const isMarkedUp = rest.includes('<');
  const message = isMarkedUp ? MARKED_UP_START.exec(rest) : null;
  const page = isMarkedUp ? PAGE_START.exec(rest) : null;
  const ends = [message?.index, page?.index].filter((at) => at !== undefined && at > 0 && !isQuoted(rest, at));
  const end = ends.length === 0 ? null : Math.min(...ends.map((at) => at ?? 0));
  if (begin === 0 && end === null) return null;
  const evidence = begin === 0 ? [] : ['messages of a script stand before it'];
  if (end !== null)
    evidence.push(end === page?.index ? 'a web page (HTML) follows it' : 'messages of a script follow it');
  return { text: rest.slice(0, end ?? rest.length).trim(), evidence, isCut: end !== null };
}

function messagesEnd(text: string): number {
  let at = 0;
  for (let count = 0; count < MAX_MESSAGES; count += 1) {
    const pattern = [MARKED_UP, PLAIN].find((one) => {
      one.lastIndex = at;
      return one.test(text);
    });
    if (!pattern) break;
    at = pattern.lastIndex;
  }
  return at;
}

/** An odd number of quotes before it: it stands in a cell. */
function isQuoted(text: string, at: number): boolean {
  return (text.slice(0, at).split('"').length - 1) % 2 === 1;
}
