import { webhookRetryDelay } from '../decide/webhookRetry.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../model/logger.ts';
import type { WebhookTarget } from '../model/settings.ts';
import type { Deliveries, Delivery } from '../record/Deliveries.ts';
import type { ArchiveEvent } from './Listener.ts';

export interface WebhookDeps {
  readonly targets: readonly WebhookTarget[];
  readonly deliveries: Deliveries;
  /** Headers of a signed message, in the manner of Standard Webhooks. */
  sign(
    secret: string,
    message: { readonly id: string; readonly at: Date; readonly body: string },
  ): Record<string, string>;
  /** Goes through the address guard; rejects when no answer came. */
  post(url: string, headers: Record<string, string>, body: string): Promise<{ readonly status: number }>;
  /** Ends the connections that `post` uses. */
  close(): Promise<void>;
  now(): Date;
  readonly logger: Logger;
}

const POLL_MS = 1000;
const BATCH = 20;
/** A process that dies while sending: another sends again after this. Receivers know repeats by `webhook-id`. */
const SENDING_MS = 60_000;

/** Sends what the records say is due, with backoff for a day. Never in anybody's way: archivals do not wait for it. */
export class Webhooks {
  readonly #deps: WebhookDeps;
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> = Promise.resolve();

  constructor(deps: WebhookDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#deps.targets.length === 0) return;
    this.#timer ??= setInterval(() => this.wake(), POLL_MS);
    this.#timer.unref();
  }

  wake(): void {
    this.#sending = this.#sending.then(() => this.#sendDue());
  }

  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    await this.#sending;
    await this.#deps.close();
  }

  async #sendDue(): Promise<void> {
    try {
      const due = await this.#deps.deliveries.takeDue(BATCH, SENDING_MS, this.#deps.now());
      await Promise.all(due.map((delivery) => this.#send(delivery)));
    } catch (error) {
      this.#deps.logger.warn({ error: messageOf(error) }, 'webhook deliveries could not be read');
    }
  }

  async #send(delivery: Delivery): Promise<void> {
    const { targets, deliveries, sign, post, now, logger } = this.#deps;
    const target = targets.find(({ url }) => url === delivery.target);
    if (!target) return deliveries.done(delivery.id);
    const failure = await post(
      target.url,
      sign(target.secret, { id: delivery.eventId, at: now(), body: delivery.body }),
      delivery.body,
    ).then(({ status }) => (status >= 200 && status < 300 ? null : `status ${status}`), messageOf);
    if (failure === null) return deliveries.done(delivery.id);
    const delayMs = webhookRetryDelay(delivery.attempts + 1, Math.random());
    logger.warn({ webhook: delivery.id, failure, retryInMs: delayMs }, 'webhook delivery failed');
    if (delayMs === null) return deliveries.done(delivery.id);
    return deliveries.retry(delivery.id, new Date(now().getTime() + delayMs));
  }
}

/** One delivery for each target that wants the event; goes into the same transaction as what the event tells of. */
export function deliveriesOf(event: ArchiveEvent, targets: readonly WebhookTarget[]): Omit<Delivery, 'attempts'>[] {
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
