interface HtmlPage {
  readonly evidence: readonly string[];
  /** What kind of page it seems to be: `an error page`, `a login page`, `a web page`. */
  readonly kind: string;
  readonly xhtml: boolean;
}

const TAGS =
  'html|head|body|title|meta|link|script|style|base|noscript|iframe|frameset|form|table|div|span|font|center|section|' +
  'article|header|footer|nav|main|h[1-6]|p|a|b|i|br|hr|ul|ol|img|input|button|strong|em|pre';
/** Those that hardly begin XML of another kind, where XML is expected: `<table>`, `<section>` and `<title>` may. */
const HTML_ONLY =
  /^(html|head|body|meta|script|style|noscript|iframe|frameset|div|span|font|center|h[1-6]|p|br|hr|ul|ol|img)$/i;
const OTHER_NAMESPACE = /<[^<>]{0,500}\sxmlns\s{0,5}=\s{0,5}["'](?!http:\/\/www\.w3\.org\/1999\/xhtml)/y;
const FIRST_TAG = new RegExp(`<(${TAGS})(?=[\\s/>])`, 'iy');

const ERROR_WORDS =
  /\b(404|not found|page introuvable|nicht gefunden|no encontrad[ao]|non trovata|niet gevonden|error|erreur|fehler|forbidden|access denied|unauthori[sz]ed|expired|unavailable|maintenance|no longer available|does not exist|doesn['’]t exist|just a moment|attention required|verboten)\b/i;
const LOGIN_WORDS =
  /\b(log ?in|log ?on|sign ?in|anmelden|anmeldung|einloggen|connexion|se connecter|iniciar sesi[oó]n|accedi|inloggen|authentication required|single sign-on|password)\b/i;

/**
 * Whether text is an HTML page or a piece of one: a doctype, or an HTML tag first, after whitespace, comments and an XML
 * declaration; or a whole page after a few words that the server puts before it. `xmlExpected`: something says it should be XML and
 * the server does not say that it is HTML, so only what surely is HTML counts.
 */
export function sniffHtml(text: string, xmlExpected: boolean): HtmlPage | null {
  const at = contentStart(text);
  const doctype = /^<!doctype\s{1,50}html/i.test(text.slice(at, at + 80));
  FIRST_TAG.lastIndex = at;
  const tag = FIRST_TAG.exec(text)?.[1];
  const declared = text.slice(0, at).includes('<?xml');
  const sure = tag !== undefined && (declared ? /^html$/i.test(tag) : !xmlExpected || isHtmlOnly(text, at, tag));
  if (!doctype && !sure && !lateStart(text)) return null;
  return pageOf(
    text,
    doctype ? 'it begins with an HTML doctype' : tag ? `it begins with <${tag}>` : 'an HTML page follows some text',
  );
}

function isHtmlOnly(text: string, at: number, tag: string): boolean {
  OTHER_NAMESPACE.lastIndex = at;
  return HTML_ONLY.test(tag) && !OTHER_NAMESPACE.test(text);
}

/** Behind whitespace, comments, processing instructions. */
function contentStart(text: string): number {
  let at = 0;
  for (;;) {
    while (/\s|\ufeff/.test(text.charAt(at))) at += 1;
    const end = text.startsWith('<!--', at)
      ? text.indexOf('-->', at + 4)
      : text.startsWith('<?', at)
        ? text.indexOf('>', at)
        : -1;
    if (end < 0) return at;
    at = end + (text.startsWith('<!--', at) ? 3 : 1);
  }
}

/** A warning of the server, then the page. A quoted cell of a table that holds HTML is none. */
function lateStart(text: string): boolean {
  const start = text.slice(0, 2048);
  // Most data has no `<`, which is found sooner than the pattern.
  if (!start.includes('<')) return false;
  const found = /\n[ \t]{0,20}<(!doctype\s{1,20}html|html[\s>])/i.exec(start);
  return (
    found !== null &&
    !/^\s*[<{["]|[\t;|]|,\S/.test(start.slice(0, found.index)) &&
    /<(head|body|title)[\s>]/i.test(text)
  );
}

function pageOf(text: string, first: string): HtmlPage {
  const title = titleOf(text);
  const words = `${title ?? ''} ${visibleText(text)}`;
  const password = /<input\b[^<>]{0,300}type\s{0,5}=\s{0,5}["']?password/i.test(text);
  const short = words.length < 1500 ? words : (title ?? '');
  const login = password || LOGIN_WORDS.test(title ?? '');
  const error = ERROR_WORDS.exec(title ?? '') ?? ERROR_WORDS.exec(short);
  const evidence = [first];
  if (title) evidence.push(`its title is “${title}”`);
  if (password) evidence.push('it asks for a password');
  if (error) evidence.push(`it says “${error[0]}”`);
  if (/<meta\b[^<>]{0,100}http-equiv\s{0,5}=\s{0,5}["']?refresh/i.test(text))
    evidence.push('it sends browsers elsewhere');
  const kind = login || (!error && LOGIN_WORDS.test(short)) ? 'a login page' : error ? 'an error page' : 'a web page';
  return {
    evidence,
    kind,
    xhtml: /http:\/\/www\.w3\.org\/1999\/xhtml|\/\/DTD XHTML/.test(text.slice(0, 1000)),
  };
}

function titleOf(text: string): string | null {
  const open = /<title(?:\s[^<>]{0,200})?>/i.exec(text);
  if (!open) return null;
  const raw = text.slice(open.index + open[0].length, open.index + open[0].length + 300);
  const title = raw
    .split('<', 1)
    .join('')
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .trim();
  return title === '' ? null : title.slice(0, 120);
}

/** Words of a small page, scripts and tags left out; enough to find “not found” in. */
function visibleText(text: string): string {
  const body = text.slice(0, 6000);
  const kept: string[] = [];
  let at = 0;
  while (at < body.length) {
    const open = body.indexOf('<', at);
    kept.push(body.slice(at, open < 0 ? body.length : open));
    if (open < 0) break;
    const hidden = /^<(script|style|title)\b/i.exec(body.slice(open, open + 10))?.[1]?.toLowerCase();
    const close = hidden ? body.indexOf(`</${hidden}`, open) : open;
    const end = close < 0 ? -1 : body.indexOf('>', close);
    if (end < 0) break;
    at = end + 1;
  }
  return kept.join(' ').replace(/\s+/g, ' ').trim();
}
