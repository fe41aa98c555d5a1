import type { DeclaredHints } from './declaredHints.ts';
import { errorText } from './errorText.ts';
import { isScriptExtension } from './extensions.ts';
import type { Finding } from './Finding.ts';
import type { Format } from './formats.ts';
import { HeadText } from './headText.ts';
import { scanJson } from './jsonScan.ts';
import { excelArchive, excelPage } from './officeHtml.ts';
import { withoutScriptOutput } from './scriptOutput.ts';
import { sniffDelimited } from './sniffDelimited.ts';
import { sniffHtml } from './sniffHtml.ts';
import { type JsonMatch, sniffJson } from './sniffJson.ts';
import { sniffTriples } from './sniffTriples.ts';
import { sniffXml } from './sniffXml.ts';
import { pointerFinding, standInFinding } from './standIn.ts';

const TRIPLES_NEEDED = 5;
/** Text formats with a first line of their own. */
const FIRST_LINES: readonly (readonly [RegExp, string])[] = [[/^BEGIN:VCALENDAR\s/, 'ICS']];
const TABLES: ReadonlySet<string> = new Set(['CSV', 'TSV', 'PSV']);

/** The format of text, from the strictest grammar to the loosest, and whether it stands in for what was promised. */
export function sniffTextual(head: HeadText, complete: boolean, declared: DeclaredHints): Finding {
  const finding = (complete ? pointerFinding(head.text) : null) ?? textFinding(head, complete, declared);
  return complete ? standInFinding(finding, head, declared) : finding;
}

function textFinding(head: HeadText, complete: boolean, declared: DeclaredHints): Finding {
  const { text } = head;
  const expected = declared.hints;
  return (
    triplesFinding(text, expected) ??
    scriptFinding(text, complete, declared) ??
    htmlFinding(text, declared) ??
    excelArchiveFinding(text) ??
    xmlFinding(head, complete, expected) ??
    jsonFinding(head, complete, expected) ??
    errorTextFinding(text, complete, expected) ??
    firstLineFinding(text) ??
    delimitedFinding(text, complete, expected) ??
    plainFinding(declared)
  );
}

/** Data between what a script said of itself and a page behind it: only what surely is data, whole where it ends. */
function scriptFinding(text: string, complete: boolean, { hints }: DeclaredHints): Finding | null {
  const cleaned = withoutScriptOutput(text);
  if (!cleaned || cleaned.text === '') return null;
  const isWhole = complete || cleaned.isCut;
  const rest = HeadText.ofText(cleaned.text);
  const data =
    wholeXmlFinding(rest, isWhole, hints) ??
    jsonFinding(rest, isWhole, hints) ??
    (sniffDelimited(cleaned.text, isWhole)?.sure ? delimitedFinding(cleaned.text, isWhole, hints) : null);
  if (!data || data.notData !== null) return null;
  return { ...data, evidence: [...data.evidence, ...cleaned.evidence] };
}

/** A document that is cut in the middle is no proof that something follows it. */
function wholeXmlFinding(head: HeadText, complete: boolean, expected: readonly Format[]): Finding | null {
  const name = head.xml?.name;
  const isWhole = name !== undefined && (!complete || head.text.endsWith(`</${name}>`));
  return isWhole ? xmlFinding(head, complete, expected) : null;
}

/** A table for Excel is data, also in a web archive. */
function excelArchiveFinding(text: string): Finding | null {
  const excel = excelArchive(text);
  return excel === null ? null : finding('XLS (HTML)', [excel]);
}

function htmlFinding(text: string, declared: DeclaredHints): Finding | null {
  const { hints, htmlType } = declared;
  const xmlExpected = !htmlType && hints.some((format) => format.kind === 'xml');
  const page = sniffHtml(text, xmlExpected);
  if (!page) return null;
  const excel = excelPage(text, declared);
  if (excel !== null) return finding('XLS (HTML)', [excel]);
  const [, ...details] = page.evidence;
  const why = `It is ${page.kind} (HTML), not data${details.length > 0 ? `: ${details.join(', ')}` : ''}.`;
  return finding(page.xhtml ? 'XHTML' : 'HTML', page.evidence, why);
}

function xmlFinding(head: HeadText, complete: boolean, expected: readonly Format[]): Finding | null {
  const match = sniffXml(head, complete);
  if (!match) return null;
  if (match.format === 'XHTML') return finding('XHTML', [match.evidence], 'It is a web page (XHTML), not data.');
  const other = expected.find((format) => format.kind !== 'xml' && format.format !== 'TXT');
  const error =
    complete &&
    head.text.length < 4096 &&
    /^(error|errors|exception|fault|serviceexceptionreport|exceptionreport)$/i.test(match.root ?? '');
  return finding(
    match.format,
    [match.evidence],
    other && error ? `It is an XML error message, not ${other.format}.` : null,
  );
}

function jsonFinding(head: HeadText, complete: boolean, expected: readonly Format[]): Finding | null {
  const match = sniffJson(head, complete) ?? jsonScalar(head.text, complete, expected);
  if (!match) return null;
  const other = expected.find((format) => format.kind !== 'json' && format.format !== 'TXT');
  const notData = other && match.error ? `It is a JSON error message, not ${other.format}: ${match.error}` : null;
  const format = complete || match.typed || match.format !== 'JSON' ? match.format : (narrower(expected) ?? 'JSON');
  return finding(format, [match.evidence], notData);
}

/** The members that tell the kind may lie beyond the head: then it is the kind that it is called. */
function narrower(expected: readonly Format[]): string | null {
  return expected.find(({ format }) => ['GeoJSON', 'TopoJSON', 'JSON-LD'].includes(format))?.format ?? null;
}

/** `5` or `"hello"` is JSON only where somebody says so. */
function jsonScalar(text: string, complete: boolean, expected: readonly Format[]): JsonMatch | null {
  if (!complete || !expected.some(({ kind }) => kind === 'json')) return null;
  const scan = scanJson(text, 0);
  const whole = scan.valid && scan.ended && text.slice(scan.end).trim() === '';
  return whole ? { format: 'JSON', evidence: 'it is one JSON value', error: null, typed: false } : null;
}

function triplesFinding(text: string, expected: readonly Format[]): Finding | null {
  const match = sniffTriples(text);
  const labelled = expected.find(({ format }) => ['TTL', 'N3', 'N-Triples', 'N-Quads'].includes(format));
  if (!match || (!labelled && !match.directive && match.triples < TRIPLES_NEEDED)) return null;
  // Every N-Triples document is Turtle, and all Turtle is N3: a label may name the wider format.
  return finding(
    labelled && labelled.format !== 'N-Triples' && match.format !== 'N-Quads' ? labelled.format : match.format,
    [match.evidence],
  );
}

/** Two words where a table was promised. */
function errorTextFinding(text: string, complete: boolean, expected: readonly Format[]): Finding | null {
  const promised = expected.find(({ format }) => format !== 'TXT');
  const words = promised && complete ? errorText(text) : null;
  if (!promised || words === null || sniffDelimited(text, complete)?.sure) return null;
  return finding('TXT', ['it is a short error message'], `It is an error message, not ${promised.format}: “${words}”`);
}

function firstLineFinding(text: string): Finding | null {
  const format = FIRST_LINES.find(([pattern]) => pattern.test(text))?.[1];
  return format ? finding(format, [`its first line is that of ${format}`]) : null;
}

function delimitedFinding(text: string, complete: boolean, expected: readonly Format[]): Finding | null {
  const labelled = expected.find(({ format }) => TABLES.has(format));
  const otherText = expected.some(({ format, kind }) => kind === 'text' && format !== 'TXT' && !TABLES.has(format));
  if (otherText && !labelled) return null;
  const match = sniffDelimited(text, complete);
  if (match?.sure) return { ...finding(match.format, [match.evidence]), weak: !labelled };
  if (!labelled) return null;
  return finding(labelled.format, [match?.evidence ?? 'it is text, of one column at most']);
}

/**
 * Text that follows no grammar is what it is called, if it is called a kind of text or something that we do not know; a
 * page, if it is served as one.
 */
function plainFinding({ hints, htmlType, extension, extensionFormat }: DeclaredHints): Finding {
  const unknown = 'it is text of no format that we know';
  if (htmlType)
    return finding('HTML', [unknown, 'it is served as HTML'], 'It is served as a web page (HTML), not data.');
  const named = extension !== null && !isScriptExtension(extension) ? extensionFormat : null;
  if (hints.length === 0 && named !== null) return { ...finding(named, [unknown]), weak: true, extension };
  const hint = hints.find(({ kind, format }) => kind === 'text' && !TABLES.has(format));
  return { ...finding(hint?.format ?? 'TXT', [unknown]), weak: true };
}

function finding(format: string, evidence: readonly string[], notData: string | null = null): Finding {
  return { format, evidence, charset: null, notData };
}
