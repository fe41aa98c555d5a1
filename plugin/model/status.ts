/**
 * Every way an archival can end. `status` is the CKAN archiver's name, kept for compatibility; `code` is our finer word.
 * `broken`: `true` the link is broken, `false` it works, `null` unsure. `transient`: the queue may try again.
 */
export interface CodeMeaning {
  readonly status: CkanStatus;
  readonly broken: boolean | null;
  readonly transient: boolean;
}

/** The CKAN archiver's statuses, word for word. */
export type CkanStatus =
  | 'Archived successfully'
  | 'Content has not changed'
  | 'URL invalid'
  | 'URL request failed'
  | 'Download error'
  | 'Chose not to download'
  | 'Forbidden error'
  | 'Download failure'
  | 'System error during archival';

const good = (status: CkanStatus): CodeMeaning => ({ status, broken: false, transient: false });
const bad = (status: CkanStatus): CodeMeaning => ({ status, broken: true, transient: false });
const passing: CodeMeaning = { status: 'Download error', broken: null, transient: true };
const unsure = (status: CkanStatus): CodeMeaning => ({ status, broken: null, transient: false });

/**
 * The default meaning of each code. `http-error`, `dns` and `service-error` are decided by the attempt itself
 * (a 500 is transient, a 410 is not; a name that does not exist is broken, a name server that is silent is not),
 * so read `Attempt.transient` where there is an attempt.
 */
export const CODES = {
  archived: good('Archived successfully'),
  'not-modified': good('Content has not changed'),
  'still-fresh': good('Content has not changed'),
  'same-length': good('Content has not changed'),
  'same-hash': good('Content has not changed'),
  'invalid-url': bad('URL invalid'),
  'unsupported-scheme': bad('URL invalid'),
  'upload-missing': bad('URL request failed'),
  gone: bad('Download error'),
  'http-error': bad('Download error'),
  dns: bad('Download error'),
  refused: passing,
  reset: passing,
  tls: bad('Download error'),
  timeout: passing,
  'too-slow': passing,
  truncated: passing,
  empty: bad('Download error'),
  'redirect-loop': bad('Download error'),
  'bad-redirect': bad('Download error'),
  protocol: bad('Download error'),
  decode: bad('Download error'),
  'rate-limited': passing,
  'service-error': bad('Download error'),
  'too-large': unsure('Chose not to download'),
  'not-data': unsure('Chose not to download'),
  'blocked-address': unsure('Chose not to download'),
  'blocked-port': unsure('Chose not to download'),
  excluded: unsure('Chose not to download'),
  'checked-only': unsure('Chose not to download'),
  forbidden: unsure('Forbidden error'),
  internal: unsure('System error during archival'),
  'store-failed': unsure('Download failure'),
} as const satisfies Record<string, CodeMeaning>;

/** One of {@link CODES}. */
export type Code = keyof typeof CODES;
