import { messageOf } from '../errors.ts';
import type { Lane } from '../model/archival.ts';
import type { Attempt } from '../model/attempt.ts';
import type { Logger } from '../model/logger.ts';
import type { NamedLeases } from '../record/Records.ts';

/** Where it is told that a lane moves. */
export interface LaneMovesDeps {
  readonly leases: Pick<NamedLeases, 'recordMove'>;
  /** It is told no more often. */
  readonly everyMs: number;
  /** Milliseconds that only go forward. */
  elapsedMs(): number;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Tells now and then that archivals of a lane end, so that readiness of any process knows when one stands still. */
export class LaneMoves {
  readonly #deps: LaneMovesDeps;
  readonly #toldAt = new Map<Lane, number>();

  constructor(deps: LaneMovesDeps) {
    this.#deps = deps;
  }

  /** An archival of the lane was recorded; one that was only put off moves nothing. */
  ended(lane: Lane, { deferredMs }: Pick<Attempt, 'deferredMs'>): void {
    const { leases, everyMs, elapsedMs, logger } = this.#deps;
    const at = elapsedMs();
    if (deferredMs !== undefined || at - (this.#toldAt.get(lane) ?? Number.NEGATIVE_INFINITY) < everyMs) return;
    this.#toldAt.set(lane, at);
    leases.recordMove(lane).catch((error: unknown) => {
      logger.warn({ lane, error: messageOf(error) }, 'that a lane moves could not be told');
    });
  }
}
