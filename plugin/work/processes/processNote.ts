import { ArchiverError, messageOf } from '../../errors.ts';
import { Renewal } from '../../lease/renewal.ts';
import type { Logger } from '../../model/logger.ts';
import type { Processes } from '../../record/Processes.ts';

/** What a process notes itself with. */
export interface ProcessNoteDeps {
  readonly processes: Pick<Processes, 'note' | 'leave'>;
  /** Names it to people: host and number of the process. */
  readonly owner: string;
  readonly logger: Pick<Logger, 'error' | 'warn' | 'debug'>;
  /** Told once when another process uninstalls the archiver: this one is to stop. */
  onUninstall(): void;
}

/** A process that died counts as there for so long. */
const NOTED_MS = 15_000;

const UNINSTALLING = 'The archiver is being uninstalled by another process: it is not started.';

const SAID = {
  uninstalling: 'the archiver is being uninstalled: this process stops',
  uninstalled: "the archiver's tables are gone: this process stops",
} as const;

/** Notes that a process works until it is closed, and tells it when it has to make way. */
export class ProcessNote {
  readonly #deps: ProcessNoteDeps;
  readonly #renewal: Renewal;
  #isTold = false;

  private constructor(deps: ProcessNoteDeps) {
    this.#deps = deps;
    this.#renewal = new Renewal(NOTED_MS, () => this.#again());
  }

  /** Throws `ArchiverError('uninstalling')` while another process uninstalls. */
  static async open(deps: ProcessNoteDeps): Promise<ProcessNote> {
    const found = await deps.processes.note(deps.owner, NOTED_MS);
    if (found !== 'noted') throw new ArchiverError('uninstalling', UNINSTALLING);
    return new ProcessNote(deps);
  }

  /** To be called when nothing of this process touches our tables any more. Never rejects. */
  async close(): Promise<void> {
    this.#renewal.stop();
    const { processes, owner, logger } = this.#deps;
    // Its note ends by itself; and the tables may be gone.
    await processes.leave(owner).catch((error: unknown) => {
      logger.debug({ error: messageOf(error) }, 'the note of this process could not be taken away');
    });
  }

  async #again(): Promise<void> {
    const { processes, owner, logger, onUninstall } = this.#deps;
    const found = await processes.note(owner, NOTED_MS);
    if (found === 'noted' || this.#isTold) return;
    this.#isTold = true;
    // Nobody may have meant it: a restore takes tables away, too.
    logger[found === 'uninstalled' ? 'error' : 'warn']({ process: owner }, SAID[found]);
    onUninstall();
  }
}
