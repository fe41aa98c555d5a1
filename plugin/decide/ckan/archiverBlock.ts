import type { Archival } from '../../model/archival.ts';
import type { Copy } from '../../model/copy.ts';
import { type CkanStatus, CODES, type Code } from '../../model/status.ts';
import { isBroken } from '../isBroken.ts';
import { confirmedOf } from '../status/confirmed.ts';
import { ckanTime } from './ckanTime.ts';

/** Below 10 it works, below 20 it is broken, above nobody is sure: what CKAN's archiver counts by. */
const STATUS_IDS: Readonly<Record<CkanStatus, number>> = {
  'Archived successfully': 0,
  'Content has not changed': 1,
  'URL invalid': 10,
  'URL request failed': 11,
  'Download error': 12,
  'Chose not to download': 21,
  'Download failure': 22,
  // Not among CKAN's own: to those who count it is one more failure of which nobody is sure.
  'Forbidden error': 22,
  'System error during archival': 23,
};

/** What the `archiver` block of a dataset says: the worst of its resources. */
export interface DatasetBlock {
  readonly status_id: number;
  readonly status: CkanStatus;
  readonly is_broken: boolean | null;
  readonly is_broken_printable: 'Broken' | 'Downloaded OK' | 'Not sure if broken';
  readonly reason: string;
  /** Our finer word for `status`. */
  readonly code: Code;
}

/** What CKAN's archiver adds to a resource of `package_show`; times as CKAN writes them. */
export interface ResourceBlock extends DatasetBlock {
  /** Where permanent redirects lead to. */
  readonly url_redirected_to: string | null;
  /** The key of the newest copy in the store. */
  readonly cache_filepath: string | null;
  readonly cache_url: string | null;
  /** Bytes. */
  readonly size: number | null;
  readonly mimetype: string | null;
  /** SHA-256, hexadecimal. */
  readonly hash: string | null;
  readonly etag: string | null;
  readonly last_modified: string | null;
  readonly first_failure: string | null;
  readonly last_success: string | null;
  readonly failure_count: number;
  readonly updated: string | null;
}

/**
 * CKAN's archiver knows one outcome a resource: it is the confirmed one, and the last one where nothing is confirmed.
 * null: no attempt has ended. Pure.
 */
export function resourceBlock(
  archival: Archival,
  copy: { readonly newest: Copy; readonly url: string } | null,
  confirmFailures: number,
): ResourceBlock | null {
  const outcome = outcomeOf(archival, confirmFailures);
  if (outcome === null) return null;
  const { finalUrl, moved, firstFailureAt, lastSuccessAt, failureCount, checkedAt } = archival;
  const newest = copy?.newest;
  return {
    ...outcome,
    url_redirected_to: moved ? finalUrl : null,
    cache_filepath: newest?.key ?? null,
    cache_url: copy?.url ?? null,
    size: newest?.bytes ?? null,
    mimetype: newest?.mediaType ?? null,
    hash: newest?.sha256 ?? null,
    etag: newest?.etag ?? null,
    last_modified: newest?.lastModified ?? null,
    first_failure: firstFailureAt && ckanTime(firstFailureAt),
    last_success: lastSuccessAt && ckanTime(lastSuccessAt),
    failure_count: failureCount,
    updated: checkedAt && ckanTime(checkedAt),
  };
}

/** The worst of them; null: none has ended. Pure. */
export function datasetBlock(blocks: Iterable<ResourceBlock | DatasetBlock | null>): DatasetBlock | null {
  let worst: DatasetBlock | null = null;
  for (const block of blocks) if (block && isWorse(block, worst)) worst = block;
  if (worst === null) return null;
  const { status_id, status, is_broken, is_broken_printable, reason, code } = worst;
  return { status_id, status, is_broken, is_broken_printable, reason, code };
}

const SEVERITY = { Broken: 2, 'Not sure if broken': 1, 'Downloaded OK': 0 } as const;

/** A broken link is worse than one of which nobody is sure. */
function isWorse(one: DatasetBlock, other: DatasetBlock | null): boolean {
  if (other === null) return true;
  const difference = SEVERITY[one.is_broken_printable] - SEVERITY[other.is_broken_printable];
  return difference === 0 ? one.status_id > other.status_id : difference > 0;
}

function outcomeOf(archival: Archival, confirmFailures: number): DatasetBlock | null {
  const confirmed = confirmedOf(archival, confirmFailures);
  const code = confirmed?.code ?? archival.code;
  if (code === null) return null;
  const { status } = CODES[code];
  const broken = isBroken(archival, confirmFailures);
  return {
    status_id: STATUS_IDS[status],
    status,
    is_broken: broken,
    is_broken_printable: broken === null ? 'Not sure if broken' : broken ? 'Broken' : 'Downloaded OK',
    reason: (confirmed ?? archival).reason ?? '',
    code,
  };
}
