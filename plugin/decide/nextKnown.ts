import type { Attempt, Known } from '../model/attempt.ts';

/**
 * What the next request may rest on. A failure keeps the validators (the copy is still there) but ends their trust; a
 * host that lied is not believed again.
 */
export function nextKnown(before: Known | null, attempt: Attempt, url: string, now: Date): Known | null {
  if (attempt.kind !== 'fetched' && attempt.kind !== 'unchanged') return afterFailure(before, attempt, url, now);
  const trusted = !attempt.liar && (before === null || before.url !== url || before.trusted !== false);
  const sizes = attempt.kind === 'fetched' ? attempt : (before ?? attempt);
  // No request was made for a fresh answer, so it confirms nothing: its age goes on counting, its redirects stand.
  const unasked = attempt.code === 'still-fresh' ? before : null;
  return {
    url,
    finalUrl: unasked ? (unasked.finalUrl ?? null) : attempt.finalUrl,
    storedAt: unasked?.storedAt ?? now.toISOString(),
    status: attempt.answer?.status ?? before?.status ?? 200,
    headers: attempt.answer?.headers ?? before?.headers ?? {},
    bytes: sizes.bytes,
    md5: sizes.md5,
    sha256: sizes.sha256,
    ok: true,
    trusted,
    ...marksOf(before, attempt),
  };
}

/** Nothing was taken: only of bytes that came whole, and were doubted, something is known. */
function afterFailure(before: Known | null, { doubted }: Attempt, url: string, now: Date): Known | null {
  if (!doubted) return before && { ...before, ok: false };
  const nothing = { url, storedAt: now.toISOString(), status: 200, headers: {}, bytes: null, md5: null, sha256: null };
  return { ...(before ?? nothing), ok: false, doubted };
}

/** What is held against the copy, or against its publisher's digests; what has not changed changes nothing of it. */
function marksOf(before: Known | null, attempt: Attempt): Pick<Known, 'wrongDigests' | 'suspect'> {
  const isNew = attempt.kind === 'fetched';
  const wrongDigests = attempt.wrongDigests ?? (isNew ? [] : (before?.wrongDigests ?? []));
  const suspect = attempt.suspect !== undefined || (!isNew && before?.suspect === true);
  return { ...(wrongDigests.length > 0 && { wrongDigests }), ...(suspect && { suspect }) };
}
