import type { Doubted, Known } from '../../model/attempt.ts';
import { type Failure, failure } from '../outcome/failure.ts';
import type { BodyMarks } from '../outcome/outcome.ts';

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
  /** In which way it ends in the middle, as its format shows; null: in none. */
  readonly lacking: string | null;
  /** In which words it says that it is a part; null: it does not. */
  readonly partial: string | null;
}

/** Whether a body is taken all the same. */
export type Verdict =
  | {
      readonly kind: 'taken';
      readonly evidence: readonly string[];
      readonly marks: BodyMarks;
    }
  | { readonly kind: 'doubted'; readonly failure: Failure; readonly doubted: Doubted };

/** Among what a body was doubted by, beside the fields of its digests. */
const END = 'end';

/**
 * What a digest that does not match means. At first that bytes were lost, which may pass; when a second full read brings the same
 * bytes, that the field is wrong. Then it is known for this URL, and speaks against no later body. A file that ends in the middle
 * is read twice before it takes the place of a good copy, and is suspect from then on.
 */
export function weigh(body: Doubtful, known: Known | null): Verdict {
  const { url, sha256, wrongDigests, lacking } = body;
  const before = known?.doubted?.url === url ? known.doubted : null;
  const reads = (before?.reads ?? 0) + 1;
  const by = lacking === null ? wrongDigests : [...wrongDigests, END];
  const failure = digestFailure(openDigests(body, known, before), reads) ?? endFailure(body, known, before);
  if (failure) return { kind: 'doubted', failure, doubted: { url, sha256, by, reads } };
  return taken(body);
}

function taken({ wrongDigests, lacking, partial }: Doubtful): Verdict {
  const suspect = lacking === null ? null : `The file ends in the middle: it is ${lacking}.`;
  const part = partial === null ? [] : [`the answer says that it is a part of what was asked for: ${partial}`];
  return {
    kind: 'taken',
    evidence: [...wrongDigests.map(wrongField), ...(suspect === null ? [] : [suspect]), ...part],
    marks: {
      ...(wrongDigests.length > 0 && { wrongDigests }),
      ...(suspect !== null && { suspect }),
      ...(partial !== null && { partial: true }),
    },
  };
}

/** The fields that are not known to be wrong. */
function openDigests(body: Doubtful, known: Known | null, before: Doubted | null): readonly string[] {
  const { url, sha256, isCopy, wrongDigests } = body;
  if (isCopy) return [];
  const proved = [
    ...(before?.sha256 === sha256 ? before.by : []),
    ...((known?.url === url ? known.wrongDigests : null) ?? []),
  ];
  return wrongDigests.filter((field) => !proved.includes(field));
}

const wrongField = (field: string): string =>
  `${field} does not match, and the bytes were the same when read again: the field is wrong`;

function digestFailure([field]: readonly string[], reads: number): Failure | null {
  if (field === undefined) return null;
  const reason = `The bytes do not match the digest the server sent (${field})`;
  if (reads < MAX_READS) return failure('truncated', `${reason}.`, true);
  return failure('truncated', `${reason}, and were others each of ${reads} times.`, false);
}

/** Once: a file that is being written ends later, one that stays as it is is all that its publisher has. */
function endFailure(body: Doubtful, known: Known | null, before: Doubted | null): Failure | null {
  const { lacking, isCopy } = body;
  const holdsGoodCopy = known !== null && known.bytes !== null && known.suspect !== true;
  if (lacking === null || isCopy || !holdsGoodCopy || before?.by.includes(END)) return null;
  const reason = `The file ends in the middle: it is ${lacking}. There is a good copy, so it is read once more.`;
  return failure('truncated', reason, true);
}
