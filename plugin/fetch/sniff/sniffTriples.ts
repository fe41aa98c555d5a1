interface TriplesMatch {
  readonly format: 'N-Triples' | 'N-Quads' | 'TTL';
  readonly triples: number;
  /** `@prefix` or `@base`, which nothing but Turtle and its relatives begins a line with. */
  readonly directive: boolean;
  readonly evidence: string;
}

const SUBJECT = '(?:<[^<>"{}|^`\\\\\\s]*>|_:\\S+)';
const OBJECT = `(?:${SUBJECT}|"(?:[^"\\\\]|\\\\.)*"(?:@[a-zA-Z-]+|\\^\\^<[^<>\\s]*>)?)`;
const NTRIPLE = new RegExp(`^\\s*${SUBJECT}\\s+<[^<>\\s]*>\\s+${OBJECT}(\\s+${SUBJECT})?\\s*\\.\\s*(?:#.*)?$`);
const DIRECTIVE = /^\s*@?(prefix\s+[\w.-]*:\s*<[^<>\s]*>|base\s+<[^<>\s]*>)/i;
const UNMISTAKABLE = /^[ \t]{0,20}@(prefix[ \t]+[\w.-]*:|base)[ \t]+<[^<>\s]*>/m;
/** A cheap test before the expensive ones: a directive, or a line that begins with two terms of RDF or is an IRI. */
const LIKELY =
  /^[ \t]{0,20}(@?(prefix|base)[ \t]|(<[^<>\s]*>|_:\S+)[ \t]+<[^<>\s]*>[ \t]|<(?:[a-z][a-z0-9+.-]{0,20}:\/\/|urn:)[^<>\s]+>[ \t]*\r?$)/im;
const MAX_LINES = 500;

/** RDF as text: N-Triples line by line, or Turtle by its directives and statements. */
export function sniffTriples(text: string): TriplesMatch | null {
  const start = text.slice(0, 4096);
  if (!/[<@]|prefix|base/i.test(start) || !LIKELY.test(start)) return null;
  const directive = UNMISTAKABLE.test(start);
  const lines = text
    .split('\n', MAX_LINES)
    .map((line) => line.slice(0, 4000))
    .filter((line) => !/^\s*(#|$)/.test(line));
  const whole = lines.map((line) => NTRIPLE.exec(line)).filter((match) => match !== null);
  if (whole.length > 0 && whole.length >= lines.length - 1) {
    const format = whole.some((match) => match[1] !== undefined) ? 'N-Quads' : 'N-Triples';
    return { format, triples: whole.length, directive, evidence: `${whole.length} lines are triples` };
  }
  const prefixed = lines.filter((line) => DIRECTIVE.test(line)).length;
  const triples = statements(text);
  const named = /(^|[\s;])(a|<[^<>\s]+>|[\w-]*:[\w-]+)\s+(<[^<>\s]+>|[\w-]*:[\w-]+|"|\[)/.test(text.slice(0, 20_000));
  if ((prefixed === 0 && !/^\s*<[^<>\s]+>(\s|$)/.test(lines[0] ?? '')) || triples === 0 || !named) return null;
  return { format: 'TTL', triples, directive, evidence: `${prefixed} prefixes and about ${triples} triples of Turtle` };
}

/** Strings need not end: an alternative that fails at the end of the text would be tried again at every quote. */
const WORD =
  /"""(?:[^"\\]|\\[\s\S]|"(?!""))*(?:""")?|"(?:[^"\\\n]|\\.)*"?|'''(?:[^'\\]|\\[\s\S]|'(?!''))*(?:''')?|'(?:[^'\\\n]|\\.)*'?|<[^<>\s]*>|#[^\n]*|@?\bprefix\b|@?\bbase\b|;|[.,](?=\s|$)|[^\s"'<>#;,]+/gi;

/** Ends of triples (`.`, `;`, `,`) outside IRIs, literals, comments and directives, in one pass. */
function statements(text: string): number {
  let found = 0;
  let terms = 0;
  let directive = false;
  for (const [word] of text.matchAll(WORD)) {
    if (word.startsWith('#')) continue;
    if (/^@?(prefix|base)$/i.test(word)) directive = true;
    const ends = /^[.;,]$/.test(word);
    if (ends && !directive && terms >= (found === 0 ? 3 : 1)) found += 1;
    // SPARQL's PREFIX has no dot at its end.
    const over = ends || (directive && word.startsWith('<'));
    terms = over || directive ? 0 : terms + 1;
    if (over) directive = false;
  }
  return found;
}
