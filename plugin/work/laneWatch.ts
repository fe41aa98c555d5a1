import { messageOf } from '../errors.ts';
import type { Lane } from '../model/archival.ts';
import type { LaneState, PlaceHolder } from '../model/laneState.ts';
import type { Logger } from '../model/logger.ts';

/** Whom the watch asks. */
export interface LaneWatchDeps {
  states(): Promise<readonly LaneState[]>;
  /** Who has places at hosts now. */
  holders(): Promise<readonly PlaceHolder[]>;
  readonly everyMs: number;
  readonly logger: Logger;
}

/** Says in the log when a lane stands still, once, with who has the places; and when it moves again. */
export class LaneWatch {
  readonly #deps: LaneWatchDeps;
  readonly #still = new Set<Lane>();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();

  constructor(deps: LaneWatchDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#looking = this.look();
    }, this.#deps.everyMs).unref();
  }

  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#looking;
  }

  /** Never rejects: a database that does not answer is told by its own check. */
  async look(): Promise<void> {
    try {
      for (const state of await this.#deps.states()) await this.#tell(state);
    } catch (error) {
      this.#deps.logger.debug({ error: messageOf(error) }, 'whether the lanes move could not be asked');
    }
  }

  async #tell({ lane, standsStill, waitingHosts, idleMs }: LaneState): Promise<void> {
    const { logger, holders } = this.#deps;
    if (!standsStill) {
      if (this.#still.delete(lane)) logger.info({ lane }, 'the lane moves again');
      return;
    }
    if (this.#still.has(lane)) return;
    this.#still.add(lane);
    logger.warn({ lane, waitingHosts, idleMs, heldBy: await holders() }, 'the lane stands still');
  }
}
