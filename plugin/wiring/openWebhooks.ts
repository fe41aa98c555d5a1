import { Webhook } from 'standardwebhooks';
import { guardedPost } from '../fetch/guardedPost.ts';
import type { Logger } from '../model/logger.ts';
import { Webhooks } from '../notify/webhooks.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import { openAgents } from './openAgents.ts';

/** Webhooks with connections of their own, through the same address guard as every other request. */
export function openWebhooks(
  config: Config,
  records: Pick<Records, 'deliveries'>,
  now: () => Date,
  logger: Logger,
): Webhooks {
  const agents = openAgents(config);
  return new Webhooks({
    targets: config.webhooks,
    deliveries: records.deliveries,
    sign: (secret, { id, at, body }) => ({
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    }),
    post: (url, headers, body) => guardedPost(agents, url, headers, body),
    close: () => agents.close(),
    now,
    logger,
  });
}
