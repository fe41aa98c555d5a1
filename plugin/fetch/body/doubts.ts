import type { Doubted, Known } from '../../model/attempt.ts';
import { type Failure, failure } from '../outcome/failure.ts';

/** Reads of one file until what speaks against it is final, for this round: a file may be long. */
const MAX_READS = 3;

/** A body that has come whole, and what speaks against it. */
export interface Doubtful {
  readonly url: string;
  readonly sha256: string;
  /** It is the copy that we have. */
  readonly isCopy: boolean;
  /** Fields whose digests do not match. */
  readonly wrongDigests: readonly string[];
}

/** Whether a body is taken all the same. */
export type Verdict =
  | { readonly kind: 'taken'; readonly evidence: readonly string[]; readonly wrongDigests: readonly string[] }
  | { readonly kind: 'doubted'; readonly failure: Failure; readonly doubted: Doubted };

/**
 * What a digest that does not match means. At first that bytes were lost, which may pass; when a second full read brings the same
 * bytes, that the field is wrong. Then it is known for this URL, and speaks against no later body.
 */
export function weigh(body: Doubtful, known: Known | null): Verdict {
  const { url, sha256, isCopy, wrongDigests } = body;
  const before = known?.doubted?.url === url ? known.doubted : null;
  const isSame = before?.sha256 === sha256;
  const isProved = (field: string): boolean =>
    isCopy ||
    (isSame && before.by.includes(field)) ||
    (known?.url === url && known.wrongDigests?.includes(field) === true);
  const open = wrongDigests.filter((field) => !isProved(field));
  if (open.length === 0) return { kind: 'taken', evidence: wrongDigests.map(wrongField), wrongDigests };
  const reads = (before?.reads ?? 0) + 1;
  return { kind: 'doubted', failure: mismatch(open, reads), doubted: { url, sha256, by: wrongDigests, reads } };
}

const wrongField = (field: string): string =>
  `${field} does not match, and the bytes were the same when read again: the field is wrong`;

function mismatch([field]: readonly string[], reads: number): Failure {
  const reason = `The bytes do not match the digest the server sent (${field})`;
  if (reads < MAX_READS) return failure('truncated', `${reason}.`, true);
  return failure('truncated', `${reason}, and were others each of ${reads} times.`, false);
}
