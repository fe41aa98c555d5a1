import type { Attempt, FetchRequest } from '../../model/attempt.ts';
import type { FetchCost } from '../../model/host.ts';
import type { StageRef } from '../../model/stage.ts';

/** What the coordinator tells a fetch thread, in lists. Plain data. */
export type ToThread =
  | { readonly kind: 'retrieve'; readonly id: number; readonly request: FetchRequest }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'commit'; readonly id: number; readonly stage: StageRef }
  | { readonly kind: 'discard'; readonly id: number; readonly stage: StageRef }
  | { readonly kind: 'close'; readonly id: number }
  | { readonly kind: 'speed'; readonly bytesPerSecond: number }
  /** Answers `enter`; null: the place is held until `leave`. */
  | { readonly kind: 'entered'; readonly id: number; readonly busyMs: number | null };

/** What a fetch thread answers, in lists. */
export type FromThread =
  | { readonly kind: 'attempt'; readonly id: number; readonly attempt: Attempt }
  | { readonly kind: 'committed'; readonly id: number; readonly result: 'committed' | 'exists' }
  | { readonly kind: 'done'; readonly id: number }
  /** A place at a host where a link leads; the ids are those of visits. */
  | { readonly kind: 'enter'; readonly id: number; readonly host: string; readonly from: string }
  | { readonly kind: 'leave'; readonly id: number; readonly cost: FetchCost }
  | { readonly kind: 'connected'; readonly hostname: string; readonly address: string }
  | { readonly kind: 'error'; readonly id: number; readonly code: string; readonly message: string };
