import { messageOf } from '../errors.ts';
import type { WebhookTarget } from '../model/settings.ts';
import type { NewDelivery } from '../record/Deliveries.ts';
import type { ArchiveEvent } from './Listener.ts';
import { type DeliveryDeps, ReceiverQueue } from './receiverQueue.ts';

/** What webhooks need. */
export interface WebhookDeps extends DeliveryDeps {
  readonly targets: readonly WebhookTarget[];
  /** Ends the connections that `post` uses. */
  close(): Promise<void>;
}

const POLL_MS = 1000;

/**
 * Sends what the records say is due, with backoff for a day: one queue a receiver, so that none waits for another. Never
 * in anybody's way: archivals do not wait for it.
 */
export class Webhooks {
  readonly #deps: WebhookDeps;
  readonly #queues: readonly ReceiverQueue[];
  #timer: NodeJS.Timeout | null = null;
  #tidying: Promise<void> = Promise.resolve();

  constructor(deps: WebhookDeps) {
    this.#deps = deps;
    this.#queues = deps.targets.map((target) => new ReceiverQueue(target, deps));
  }

  /** Also gives receivers that were disabled another chance. */
  start(): void {
    this.#tidy(() => this.#deps.deliveries.enableAll());
    if (this.#deps.targets.length === 0) return;
    this.#timer ??= setInterval(() => this.wake(), POLL_MS);
    this.#timer.unref();
  }

  wake(): void {
    this.#tidy(() => this.#deps.deliveries.dropOthers(this.#deps.targets.map(({ url }) => url)));
    for (const queue of this.#queues) queue.wake();
  }

  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    await this.#tidying;
    await Promise.all(this.#queues.map((queue) => queue.idle()));
    await this.#deps.close();
  }

  #tidy(work: () => Promise<void>): void {
    this.#tidying = this.#tidying.then(work).catch((error: unknown) => {
      this.#deps.logger.warn({ error: messageOf(error) }, 'webhook receivers could not be looked up');
    });
  }
}

/** One delivery for each target that wants the event; goes into the same transaction as what the event tells of. */
export function deliveriesOf(event: ArchiveEvent, targets: readonly WebhookTarget[]): NewDelivery[] {
  const { id, name, at, ...data } = event;
  const body = JSON.stringify({ type: name, timestamp: at.toISOString(), data });
  return targets
    .map(({ url, events }, index) => ({
      wanted: !events || events.includes(name),
      delivery: { id: `${id}-${index}`, eventId: id, target: url, body },
    }))
    .filter(({ wanted }) => wanted)
    .map(({ delivery }) => delivery);
}
