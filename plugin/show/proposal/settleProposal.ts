import { ArchiverError, messageOf } from '../../errors.ts';
import type { Proposal } from '../../model/proposal.ts';
import type { Resource } from '../../model/resource.ts';
import type { RequestResult } from '../../trigger/Requests.ts';
import type { HandlerDeps } from '../HandlerDeps.ts';

/** What somebody decides about: a resource, and the URL that was proposed to them. */
export interface AskedProposal {
  readonly resource: Resource;
  /** null: the one that is proposed now. */
  readonly url: string | null;
  /** As the portal names who asks; null: it does not. */
  readonly by: string | null;
  /** Of the archival that follows. */
  readonly caller: string | null;
}

/** A proposal as it stands, and the archival that was asked for; null: none, for nothing changed. */
export interface SettledProposal {
  readonly proposal: Proposal;
  readonly asked: RequestResult | null;
}

/** The proposal that holds for a resource: of the URL that it has now. null: there is none. */
export const currentProposal = (proposals: readonly Proposal[], { url }: Pick<Resource, 'url'>): Proposal | null =>
  proposals.find(({ state, ofUrl }) => state === 'proposed' && ofUrl === url) ?? null;

/**
 * Gives the resource the URL that was proposed, through the portal, and has it archived. What was applied before stays so. Throws
 * `precondition-failed` where the resource or the proposal is another by now, and `host-refused` with the portal's own words.
 */
export async function applyProposal(deps: HandlerDeps, given: AskedProposal): Promise<SettledProposal> {
  const { asked, proposals } = await standing(deps, given);
  const { resource, by, caller } = asked;
  const applied = takenBefore(asked, proposals);
  if (applied?.state === 'applied') return { proposal: applied, asked: null };
  const proposal = applied ?? proposedTo(asked, proposals);
  if (!applied) await updateUrl(deps, proposal, by);
  const settled = await settle(deps, proposal, { state: 'applied', by });
  // A portal whose hooks tell of the edit asks for the same archival.
  return { proposal: settled, asked: await deps.requests.resource(resource.id, { caller, idempotencyKey: null }) };
}

/** It is not proposed again while the resource has this URL. Throws as `applyProposal` does. */
export async function dismissProposal(deps: HandlerDeps, given: AskedProposal): Promise<SettledProposal> {
  const { asked, proposals } = await standing(deps, given);
  const { resource, by } = asked;
  const isDismissed = ({ state, url, ofUrl }: Proposal) =>
    state === 'dismissed' && ofUrl === resource.url && url === asked.url;
  const dismissed = proposals.find(isDismissed);
  if (dismissed) return { proposal: dismissed, asked: null };
  const proposal = await settle(deps, proposedTo(asked, proposals), { state: 'dismissed', by });
  return { proposal, asked: null };
}

/** The resource as it is once the proposals were read: what somebody else applies meanwhile is seen in it. */
async function standing(
  { records, catalog }: HandlerDeps,
  asked: AskedProposal,
): Promise<{ readonly asked: AskedProposal; readonly proposals: readonly Proposal[] }> {
  const { id } = asked.resource;
  const proposals = await records.proposals.listByResource(id);
  const resource = await catalog.getResource(id);
  if (!resource) throw new ArchiverError('not-found', 'The resource left the portal meanwhile.');
  return { asked: { ...asked, resource }, proposals };
}

/** The portal has it already, whether or not that was noted. */
function takenBefore({ resource, url }: AskedProposal, proposals: readonly Proposal[]): Proposal | null {
  if (url === null && currentProposal(proposals, resource)) return null;
  const isTaken = (one: Proposal) => one.url === resource.url && (one.state === 'applied' || one.state === 'proposed');
  return proposals.find((one) => isTaken(one) && one.url === (url ?? one.url)) ?? null;
}

/** Throws `not-found` where nothing is proposed, and `precondition-failed` where it is not what the caller saw. */
function proposedTo({ resource, url }: AskedProposal, proposals: readonly Proposal[]): Proposal {
  const seen = proposals.find((one) => one.url === url);
  const current = currentProposal(proposals, resource);
  if (current && (url === null || url === current.url)) return current;
  if (current) throw new ArchiverError('precondition-failed', 'Another URL is proposed by now. Nothing was changed.');
  if (!seen) throw new ArchiverError('not-found', `No URL is proposed for the resource ${resource.id}.`);
  throw new ArchiverError(
    'precondition-failed',
    seen.ofUrl === resource.url
      ? 'This URL is not proposed any more. Nothing was changed.'
      : 'The URL of the resource was edited meanwhile. Nothing was changed.',
  );
}

async function updateUrl({ catalog, logger }: HandlerDeps, proposal: Proposal, by: string | null): Promise<void> {
  const { resourceId, url, ofUrl } = proposal;
  if (!catalog.updateUrl)
    throw new ArchiverError(
      'invalid-request',
      'This portal lets nobody but its editors change a URL; change it there.',
    );
  const updated = await catalog.updateUrl(resourceId, url, { expected: ofUrl, by }).catch((error: unknown) => {
    logger.error({ resourceId, error: messageOf(error) }, 'the portal did not take a proposed URL');
    const message = `The portal did not take the new URL: ${messageOf(error)}`;
    throw new ArchiverError('host-refused', message, { cause: error });
  });
  if (updated === 'missing') throw new ArchiverError('not-found', 'The resource left the portal meanwhile.');
  if (updated === 'edited')
    throw new ArchiverError(
      'precondition-failed',
      'The URL of the resource was edited meanwhile. Nothing was changed.',
    );
}

async function settle(
  { records, logger, now }: HandlerDeps,
  proposal: Proposal,
  { state, by }: { readonly state: 'applied' | 'dismissed'; readonly by: string | null },
): Promise<Proposal> {
  const at = now();
  await records.proposals.settle(proposal, { state, by, now: at });
  logger.info({ resourceId: proposal.resourceId, by }, `a proposed URL was ${state}`);
  return { ...proposal, state, decidedAt: at, decidedBy: by };
}
