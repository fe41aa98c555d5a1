import { isDerived } from '../decide/circular.ts';
import { refusedAttempt } from '../decide/refusedAttempt.ts';
import type { Attempt } from '../model/attempt.ts';
import type { Resource } from '../model/resource.ts';
import type { Portal } from '../portal/Portal.ts';

const DERIVED = 'The portal makes this file itself, of rows that it holds: archiving it would go round in a circle.';

/** What the archival of a resource comes to whose file is not to be asked for; null: it is. */
export function refusedUnasked(resource: Resource, portal: Pick<Portal, 'refusalOf'>): Attempt | null {
  const reason = isDerived(resource) ? DERIVED : (portal.refusalOf?.(resource) ?? null);
  return reason === null ? null : refusedAttempt(resource.url, 'circular', reason);
}
