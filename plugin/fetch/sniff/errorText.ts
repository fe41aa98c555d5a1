/** How messages of servers begin. */
const ERROR_TEXT =
  /^\W{0,5}(\d{3}\s)?((internal server |fatal |server |parse )?error\b|exception\b|not found\b|file not found|page not found|resource not found|access denied|forbidden|unauthori[sz]ed|bad request|bad gateway|service unavailable|temporarily unavailable|invalid (request|token|parameter|session)|no such file|(the )?(requested )?(file|page|resource|url)\b.{0,60}\b(not found|not exist))/i;

const MAX_LENGTH = 500;
const MAX_LINES = 5;

/** The words of a whole text that is an error message and nothing else, shortened; null when it is none. */
export function errorText(text: string): string | null {
  const short = text.trim();
  if (short.length > MAX_LENGTH || short.split('\n').length > MAX_LINES || !ERROR_TEXT.test(short)) return null;
  if (isHeaderOverRows(short.split(/\s*\n\s*/).filter((line) => line !== ''))) return null;
  return short.replace(/\s+/g, ' ').slice(0, 120);
}

/**
 * `Unauthorised encampments` over figures or names is a column. A message is of sentences, or of a status and its words: at
 * least one of its lines ends as a sentence does, or it begins with a status.
 */
function isHeaderOverRows(lines: readonly string[]): boolean {
  const [first = '', ...rows] = lines;
  if (rows.length === 0 || /^\W{0,5}\d{3}\b/.test(first)) return false;
  if (rows.every((row) => /^[-+]?[\d.,:/ %-]*\d%?$/.test(row)))
    return rows.length > 1 || !/^[45]\d\d$/.test(rows[0] ?? '');
  return rows.length > 1 && !lines.some((line) => /[.!?:;…。]$/.test(line));
}
