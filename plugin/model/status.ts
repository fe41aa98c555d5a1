/**
 * Every way an archival can end. `status` is the CKAN archiver's name, kept for compatibility; `code` is our finer word.
 * `broken`: `true` the link is broken, `false` it works, `null` unsure. `transient`: the queue may try again.
 */
export interface CodeMeaning {
  readonly status: CkanStatus;
  readonly broken: boolean | null;
  readonly transient: boolean;
  /** We chose not to archive: an attempt that ends so is `refused`, not `failed`. */
  readonly refused: boolean;
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

const ok = (status: CkanStatus): CodeMeaning => ({ status, broken: false, transient: false, refused: false });
const broken = (status: CkanStatus): CodeMeaning => ({ status, broken: true, transient: false, refused: false });
const transient: CodeMeaning = { status: 'Download error', broken: null, transient: true, refused: false };
const indeterminate = (status: CkanStatus): CodeMeaning => ({ status, broken: null, transient: false, refused: false });
const refused: CodeMeaning = { ...indeterminate('Chose not to download'), refused: true };

/**
 * The default meaning of each code. `http-error`, `dns` and `service-error` are decided by the attempt itself
 * (a 500 is transient, a 410 is not; a name that does not exist is broken, a name server that is silent is not),
 * so read `Attempt.transient` where there is an attempt.
 */
export const CODES = {
  archived: ok('Archived successfully'),
  'not-modified': ok('Content has not changed'),
  'still-fresh': ok('Content has not changed'),
  'same-length': ok('Content has not changed'),
  'same-hash': ok('Content has not changed'),
  'invalid-url': broken('URL invalid'),
  'unsupported-scheme': broken('URL invalid'),
  'upload-missing': broken('URL request failed'),
  gone: broken('Download error'),
  'http-error': broken('Download error'),
  dns: broken('Download error'),
  refused: transient,
  reset: transient,
  tls: broken('Download error'),
  timeout: transient,
  'too-slow': transient,
  truncated: transient,
  empty: broken('Download error'),
  'redirect-loop': broken('Download error'),
  'bad-redirect': broken('Download error'),
  protocol: broken('Download error'),
  decode: broken('Download error'),
  'rate-limited': transient,
  'service-error': broken('Download error'),
  'too-large': refused,
  'not-data': refused,
  'blocked-address': refused,
  'blocked-port': refused,
  excluded: refused,
  circular: refused,
  'checked-only': refused,
  forbidden: indeterminate('Forbidden error'),
  internal: indeterminate('System error during archival'),
  'store-failed': indeterminate('Download failure'),
  'host-refused': indeterminate('System error during archival'),
} as const satisfies Record<string, CodeMeaning>;

/** One of {@link CODES}. */
export type Code = keyof typeof CODES;
