import type { Attempt, FetchRequest } from '../../model/attempt.ts';
import type { StageRef } from '../../model/stage.ts';

/** What the coordinator tells a fetch thread. Plain data. */
export type ToThread =
  | { readonly kind: 'retrieve'; readonly id: number; readonly request: FetchRequest }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'commit'; readonly id: number; readonly stage: StageRef }
  | { readonly kind: 'discard'; readonly id: number; readonly stage: StageRef }
  | { readonly kind: 'close'; readonly id: number };

/** What a fetch thread answers. */
export type FromThread =
  | { readonly kind: 'attempt'; readonly id: number; readonly attempt: Attempt }
  | { readonly kind: 'committed'; readonly id: number; readonly result: 'committed' | 'exists' }
  | { readonly kind: 'done'; readonly id: number }
  | { readonly kind: 'error'; readonly id: number; readonly code: string; readonly message: string };
