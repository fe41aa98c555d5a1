import type { Acceptance } from '../../model/acceptance.ts';
import type { Attempt, HeaderMap } from '../../model/attempt.ts';
import type { DataLink } from '../../model/dataLink.ts';
import type { Code } from '../../model/status.ts';
import { SETTINGS } from '../../settings/settingsTable.ts';

/** What a probe found behind a page; both absent unless it was asked to look. */
export interface ProbedLinks {
  readonly links?: readonly DataLink[];
  /** Each as {@link probeResult} makes it. */
  readonly derived?: readonly object[];
}

/** What a probe prints as JSON. */
export function probeResult(attempt: Attempt, behind: ProbedLinks = {}) {
  return {
    url: attempt.url,
    kind: attempt.kind,
    code: attempt.code,
    reason: attempt.reason,
    transient: attempt.transient,
    status: attempt.status,
    finalUrl: attempt.finalUrl,
    redirects: attempt.redirects.map(({ status, from, to }) => ({ status, from, to })),
    moved: attempt.moved,
    bytes: attempt.bytes,
    md5: attempt.md5,
    sha256: attempt.sha256,
    mediaType: attempt.mediaType,
    format: attempt.format,
    charset: attempt.charset,
    filename: attempt.filename,
    validators: { etag: attempt.validators.etag, lastModified: attempt.validators.lastModified },
    freshUntil: attempt.freshUntil,
    requests: attempt.requests,
    resumed: attempt.resumed,
    lenient: attempt.lenient,
    evidence: attempt.evidence,
    ms: attempt.ms,
    ...(attempt.accepted && { accepted: attempt.accepted }),
    ...behind,
  };
}

/** 0: the link works, or was only looked at; 1: refused or failed. */
export const probeExitCode = ({ kind, code }: Attempt): 0 | 1 =>
  kind === 'fetched' || kind === 'unchanged' || code === 'checked-only' ? 0 : 1;

/** The same for a person: the chain, the decision, what it rests on. */
export function probeReport(attempt: Attempt, { links = [], derived = [] }: ProbedLinks = {}): string {
  const facts: readonly (readonly [string, unknown])[] = [
    ['status', attempt.status],
    ['final URL', attempt.finalUrl],
    ['moved', attempt.moved ? 'for good: every redirect was permanent' : null],
    ['bytes', attempt.bytes],
    ['md5', attempt.md5],
    ['sha256', attempt.sha256],
    ['media type', attempt.mediaType],
    ['format', attempt.format],
    ['charset', attempt.charset],
    ['file name', attempt.filename],
    ['service', attempt.service],
    ['fresh until', attempt.freshUntil],
    ['try again', attempt.transient ? `yes${waitText(attempt.retryAfterMs)}` : null],
    ['requests', requestsText(attempt)],
    ['time', `${Math.round(attempt.ms)} ms`],
  ];
  const lines = [
    attempt.url,
    ...attempt.redirects.map(({ status, to }) => `  ${status} → ${to}`),
    `${attempt.kind}: ${attempt.code}`,
    `  ${attempt.reason}`,
    ...section('more of it', refusalLines(attempt)),
    ...facts.filter(([, value]) => value !== null).map(([name, value]) => `  ${name.padEnd(12)} ${value}`),
    ...section('headers that mattered', headerLines(attempt.answer?.headers ?? {})),
    ...section('evidence', attempt.evidence),
    ...section('accepted', (attempt.accepted ?? []).map(acceptedText)),
    ...section('links', links.map(linkText)),
    ...section('derived', derived.map(derivedText)),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

/** At the operator's own terminal it may be said what was refused, and which setting lets it through. */
function refusalLines({ code, detail }: Attempt): string[] {
  const setting = ALLOWED_BY[code];
  if (setting === undefined) return detail ? [detail] : [];
  return [...(detail ? [detail] : []), `${setting} lets it through`];
}

const ALLOWED_BY: Readonly<Partial<Record<Code, string>>> = {
  'blocked-address': SETTINGS.allowNetworks.environment,
  'blocked-port': `${SETTINGS.ports.environment}, or less in ${SETTINGS.blockedPorts.environment},`,
  excluded: `less in ${SETTINGS.excludeHosts.environment}`,
  'too-large': SETTINGS.maxBytes.environment,
};

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`  ${title}`, ...lines.map((line) => `    ${line}`)];

const headerLines = (headers: HeaderMap): string[] =>
  Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`));

const acceptedText = ({ url, mode, rule, sha256 }: Acceptance): string => `${url} (${mode}: ${rule}), sha256 ${sha256}`;

const linkText = ({ url, format, score, evidence }: DataLink): string =>
  `${score.toFixed(3)}  ${format ?? '?'}  ${url}  ${evidence.join('; ')}`;

const derivedText = (derived: object): string => {
  const { url, kind, code, bytes }: Partial<Attempt> = derived;
  return `${url}  ${kind}: ${code}${bytes === null ? '' : `, ${bytes} bytes`}`;
};

const waitText = (retryAfterMs: number | null): string =>
  retryAfterMs === null ? '' : `, in ${Math.ceil(retryAfterMs / 1000)} s as the server asks`;

function requestsText({ requests, resumed, lenient }: Attempt): string {
  const notes = [
    ...(resumed > 0 ? [`resumed ${resumed} times`] : []),
    ...(lenient ? ['read by the lenient parser'] : []),
  ];
  return `${requests}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
}

/** What a server sent must not reach the terminal as an escape sequence. */
const printable = (line: string): string =>
  line.replace(/[\p{Cc}\p{Cf}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
