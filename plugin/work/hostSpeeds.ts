import type { FetchCost } from '../model/host.ts';

/** `quick`: the last archival was; `dragging`: one that has become slow is under way; `slow`: the last long one was. */
export type Pace = 'quick' | 'unknown' | 'dragging' | 'slow';

/** What is slow, and for how long that is remembered. */
export interface HostSpeedsDeps {
  /** What takes no longer is quick. */
  readonly slowAfterMs: number;
  /** Bytes a second below which a long transfer marks its host as slow. */
  readonly slowBytesPerSecond: number;
  /** Milliseconds that only go forward. */
  elapsedMs(): number;
}

interface Remembered {
  readonly pace: 'quick' | 'slow';
  readonly until: number;
}

/** A transfer shorter than this does not make a host slow. */
const LONG_MS = 10_000;
const REMEMBERED_MS = 600_000;
const MAX_REMEMBERED = 10_000;

/** What archivals showed of the speed of their hosts. */
export class HostSpeeds {
  readonly #deps: HostSpeedsDeps;
  readonly #remembered = new Map<string, Remembered>();
  /** Archivals that have become slow and are under way. */
  readonly #dragging = new Map<string, number>();

  constructor(deps: HostSpeedsDeps) {
    this.#deps = deps;
  }

  paceOf(host: string): Pace {
    const known = this.#remembered.get(host);
    const pace = known && known.until > this.#deps.elapsedMs() ? known.pace : 'unknown';
    return pace !== 'slow' && this.#dragging.has(host) ? 'dragging' : pace;
  }

  /** What one archival showed. */
  learn(host: string, { requests, bytes, ms }: FetchCost): void {
    if (requests === 0) return;
    const { slowAfterMs, slowBytesPerSecond, elapsedMs } = this.#deps;
    const isSlow = ms >= LONG_MS && (bytes * 1000) / ms < slowBytesPerSecond;
    this.#remembered.delete(host);
    if (!isSlow && ms > slowAfterMs) return;
    this.#remembered.set(host, { pace: isSlow ? 'slow' : 'quick', until: elapsedMs() + REMEMBERED_MS });
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest);
  }

  /** One more archival of the host has become slow, or (-1) one of them has ended. */
  drags(host: string, more: 1 | -1): void {
    const count = (this.#dragging.get(host) ?? 0) + more;
    if (count > 0) this.#dragging.set(host, count);
    else this.#dragging.delete(host);
  }
}
