import { webhookRetryDelay } from '../decide/webhookRetry.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../model/logger.ts';
import type { WebhookTarget } from '../model/settings.ts';
import type { Deliveries, Delivery } from '../record/Deliveries.ts';

/** What sending webhooks needs. */
export interface DeliveryDeps {
  readonly deliveries: Deliveries;
  /** Headers of a signed message, in the manner of Standard Webhooks. */
  sign(
    secret: string,
    message: { readonly id: string; readonly at: Date; readonly body: string },
  ): Record<string, string>;
  /** Goes through the address guard; rejects when no answer came. */
  post(url: string, headers: Record<string, string>, body: string): Promise<{ readonly status: number }>;
  now(): Date;
  readonly logger: Logger;
}

/** Concurrent requests to one receiver. */
const BATCH = 10;
/** A process that dies while sending: another sends again after this. Receivers know repeats by `webhook-id`. */
const SENDING_MS = 60_000;

const GONE = 410;

/** The messages of one receiver. One that hangs holds up its own alone. */
export class ReceiverQueue {
  readonly #target: WebhookTarget;
  readonly #deps: DeliveryDeps;
  #sending: Promise<void> | null = null;

  constructor(target: WebhookTarget, deps: DeliveryDeps) {
    this.#target = target;
    this.#deps = deps;
  }

  /** Sends what is due; while it does so nothing more begins. */
  wake(): void {
    this.#sending ??= this.#sendDue().finally(() => {
      this.#sending = null;
    });
  }

  async idle(): Promise<void> {
    await this.#sending;
  }

  async #sendDue(): Promise<void> {
    const { deliveries, logger, now } = this.#deps;
    try {
      for (;;) {
        const due = await deliveries.takeDue(this.#target.url, { limit: BATCH, sendingMs: SENDING_MS, now: now() });
        const ended = await Promise.all(due.map((delivery) => this.#send(delivery)));
        if (due.length < BATCH || ended.includes('failed')) return;
      }
    } catch (error) {
      logger.warn({ error: messageOf(error) }, 'webhook deliveries could not be read');
    }
  }

  async #send(delivery: Delivery): Promise<'delivered' | 'failed'> {
    const { deliveries, sign, post, now } = this.#deps;
    const { url, secret } = this.#target;
    const headers = sign(secret, { id: delivery.eventId, at: now(), body: delivery.body });
    const answer = await post(url, headers, delivery.body).catch((error: unknown) => ({ failure: messageOf(error) }));
    if ('failure' in answer) return this.#retry(delivery, answer.failure);
    if (answer.status === GONE) return this.#disable(delivery);
    if (answer.status < 200 || answer.status >= 300) return this.#retry(delivery, `status ${answer.status}`);
    await deliveries.done(delivery.id);
    return 'delivered';
  }

  async #retry(delivery: Delivery, failure: string): Promise<'failed'> {
    const { deliveries, now, logger } = this.#deps;
    const delayMs = webhookRetryDelay(delivery.attempts + 1, Math.random());
    logger.warn({ webhook: delivery.id, failure, retryInMs: delayMs }, 'webhook delivery failed');
    if (delayMs === null) await deliveries.done(delivery.id);
    else await deliveries.retry(delivery.id, new Date(now().getTime() + delayMs));
    return 'failed';
  }

  /** Standard Webhooks: 410 says that nothing more is wanted. */
  async #disable(delivery: Delivery): Promise<'failed'> {
    const { deliveries, logger, now } = this.#deps;
    if (await deliveries.disable(this.#target.url, now())) {
      const fields = { webhook: delivery.id, receiver: new URL(this.#target.url).host };
      logger.error(fields, 'a webhook receiver answered 410 Gone and is disabled until a worker starts again');
    }
    return 'failed';
  }
}
