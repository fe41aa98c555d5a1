import type { FetchRequest } from '../../model/attempt.ts';
import type { Body } from '../../model/body.ts';
import type { StageRef } from '../../model/stage.ts';
import type { BodyHashes, HasherSource } from '../digest/bodyHasher.ts';
import type { AttemptScope } from '../exchange/AttemptScope.ts';
import type { ExchangeResult } from '../exchange/Response.ts';
import type { Failure } from '../outcome/failure.ts';
import type { BodyMarks, FinalResponse, Outcome } from '../outcome/outcome.ts';
import type { StageOpener } from './bodySink.ts';
import type { HeldBytes } from './heldBytes.ts';
import type { PageBuffer } from './pageBuffer.ts';

/** What the transfer of one body needs of its attempt. */
export interface TransferDeps {
  readonly scope: AttemptScope;
  readonly request: FetchRequest;
  /** null: the bytes are hashed and classified, not kept. */
  readonly stages: StageOpener | null;
  /** Takes a body that is a page; null where pages are not wanted. */
  readonly page: PageBuffer | null;
  /** For bodies that are declared to be 64 MiB or longer. */
  readonly hashThread: HasherSource;
  /** What the bodies of all attempts may hold at the same time. */
  readonly held: HeldBytes;
  /** `capabilities`: a document of an OGC service and nothing else. */
  readonly expects: 'anything' | 'capabilities';
  readonly finalUrl: string;
  /** Asks for the rest of a broken transfer at the URL that answered. */
  send(extra: Readonly<Record<string, string>>): Promise<ExchangeResult>;
  isKnown(bytes: number, hashes: BodyHashes): boolean;
}

/** A body that came whole, and is taken. */
export interface WholeBody {
  readonly response: FinalResponse;
  readonly body: Body;
  /** null: it is the copy that we have, or nothing is kept. */
  readonly stage: StageRef | null;
  readonly evidence: readonly string[];
  readonly marks: BodyMarks;
}

/** How a transfer ended. */
export type TransferResult =
  | ({ readonly kind: 'whole' } & WholeBody)
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  /** The body's framing is malformed: once more through the lenient parser. */
  | { readonly kind: 'malformed'; readonly failure: Failure };
