import { randomUUID } from 'node:crypto';
import { messageOf } from '../errors.ts';
import type { Logger } from '../portal/Portal.ts';
import type { HostLimits, HostTable } from '../record/Hosts.ts';
import type { Archived } from './hostBatch.ts';

export interface LineEdges {
  readonly hosts: Pick<HostTable, 'takeSlice' | 'renewSlots' | 'giveBack'>;
  limitsFor(host: string): HostLimits;
  readonly owner: string;
  /** Archivals at once in this process, whatever their hosts. */
  readonly concurrency: number;
  now(): Date;
  readonly logger: Logger;
}

interface Waiting {
  archive(): Promise<Archived>;
  /** null: it has run; else how long its host must be left alone. */
  done(busyMs: number | null): void;
  failed(error: unknown): void;
  readonly impatience: NodeJS.Timeout;
}

const SLOT_MS = 30_000;
const LONGEST_WAIT_MS = 200;
/** Whoever waits longer makes place for other hosts and comes again. */
const PATIENCE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Where requests of people wait for their host. They do not wait for its rate, for somebody is waiting for them, but
 * never more are under way than the host allows, in all processes together; one slow host holds up itself alone.
 */
export class PriorityLine {
  readonly #edges: LineEdges;
  readonly #lines = new Map<string, Waiting[]>();
  readonly #blocked: (() => void)[] = [];
  #active = 0;

  constructor(edges: LineEdges) {
    this.#edges = edges;
  }

  /**
   * Resolves with null when `archive` has run, and rejects with what it threw. A host that cannot be asked soon holds
   * nobody up: then it resolves with the milliseconds after which to come again, 0 when nobody knows.
   */
  pass(host: string, archive: () => Promise<Archived>): Promise<number | null> {
    return new Promise((done, failed) => {
      const line = this.#lines.get(host) ?? [];
      const impatience = setTimeout(() => leave(line, waiting), PATIENCE_MS);
      const waiting: Waiting = { archive, done, failed, impatience };
      line.push(waiting);
      if (this.#lines.has(host)) return;
      this.#lines.set(host, line);
      void this.#serve(host);
    });
  }

  /** Serves one host until nobody waits for it. */
  async #serve(host: string): Promise<void> {
    const line = this.#lines.get(host) ?? [];
    while (line.length > 0) {
      try {
        const waitMs = host === '' ? await this.#serveFreely(line) : await this.#serveSlice(host, line);
        if (waitMs > 0) await delay(waitMs);
      } catch (error) {
        this.#edges.logger.warn({ host, error: messageOf(error) }, 'the limits of a host could not be asked for');
        for (const { failed, impatience } of line.splice(0)) {
          clearTimeout(impatience);
          failed(error);
        }
      }
    }
    this.#lines.delete(host);
  }

  /** A text that is no URL has no host to be polite to. */
  async #serveFreely(line: Waiting[]): Promise<number> {
    await Promise.all(line.splice(0).map((waiting) => this.#archive(waiting)));
    return 0;
  }

  /** Answers how long to wait before asking again. */
  async #serveSlice(host: string, line: Waiting[]): Promise<number> {
    const { hosts, limitsFor, now } = this.#edges;
    const limits = limitsFor(host);
    const owner = `${this.#edges.owner} ${randomUUID()}`;
    const want = Math.max(line.length, limits.concurrency);
    const slice = await hosts.takeSlice(host, { owner, want, limits, leaseMs: SLOT_MS, now: now(), urgent: true });
    if (slice.slots === 0) {
      const waitMs = slice.retryAt ? slice.retryAt.getTime() - now().getTime() : LONGEST_WAIT_MS;
      if (slice.why !== 'concurrency' && waitMs > PATIENCE_MS) {
        for (const waiting of [...line]) leave(line, waiting, Math.min(waitMs, LONGEST_PAUSE_MS));
        return 0;
      }
      return Math.min(Math.max(waitMs, 50), LONGEST_WAIT_MS);
    }
    const renewal = setInterval(() => void hosts.renewSlots(host, owner, SLOT_MS).catch(() => undefined), SLOT_MS / 3);
    const archived: Archived[] = [];
    const work = async () => {
      for (let waiting = line.shift(); waiting; waiting = line.shift()) {
        const one = await this.#archive(waiting);
        if (one) archived.push(one);
      }
    };
    await Promise.all(Array.from({ length: slice.slots }, work)).finally(() => clearInterval(renewal));
    await hosts.giveBack(host, { owner, slots: slice.slots, limits, now: now(), ...reportOf(archived, slice.granted) });
    return 0;
  }

  async #archive({ archive, done, failed, impatience }: Waiting): Promise<Archived | null> {
    clearTimeout(impatience);
    await this.#enter();
    try {
      const archived = await archive();
      done(null);
      return archived;
    } catch (error) {
      failed(error);
      return null;
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#active >= this.#edges.concurrency) await new Promise<void>((resolve) => this.#blocked.push(resolve));
    else this.#active += 1;
  }

  /** The place goes straight to the next one, so that nobody slips in between. */
  #leave(): void {
    const next = this.#blocked.shift();
    if (next) next();
    else this.#active -= 1;
  }
}

function reportOf(archived: readonly Archived[], granted: number) {
  const waits = archived.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  const asked = archived.filter(({ host }) => host !== 'unasked');
  return {
    unused: Math.max(0, granted - archived.reduce((sum, { requests }) => sum + requests, 0)),
    bytes: archived.reduce((sum, { bytes }) => sum + bytes, 0),
    responseMs: 0,
    retryAfterMs: waits.length === 0 ? null : Math.max(...waits),
    deadCount: asked.filter(({ host }) => host === 'dead').length,
    aliveCount: asked.filter(({ host }) => host === 'alive').length,
  };
}

/** Nothing happens to who is no longer in line: its turn has come. */
function leave(line: Waiting[], waiting: Waiting, busyMs = 0): void {
  const place = line.indexOf(waiting);
  if (place === -1) return;
  line.splice(place, 1);
  clearTimeout(waiting.impatience);
  waiting.done(busyMs);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
