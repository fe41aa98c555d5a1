import type { Request, Response } from 'express';
import { ArchiverError } from '../../errors.ts';
import { requirePermission } from '../access.ts';
import { idOf } from '../askedResource.ts';
import type { HandlerDeps } from '../HandlerDeps.ts';
import { type AskedProposal, applyProposal, dismissProposal, type SettledProposal } from './settleProposal.ts';

type Settle = (deps: HandlerDeps, asked: AskedProposal) => Promise<SettledProposal>;
type Answer = (deps: HandlerDeps, request: Request, response: Response) => Promise<void>;

/** `POST /resources/:id/proposal/apply`. */
export const answerApplied: Answer = (deps, request, response) => answer(applyProposal, deps, request, response);

/** `POST /resources/:id/proposal/dismiss`. */
export const answerDismissed: Answer = (deps, request, response) => answer(dismissProposal, deps, request, response);

async function answer(settle: Settle, deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const id = idOf(request);
  const resource = await deps.catalog.getResource(id);
  await requirePermission(deps, request, 'archive.admin', { datasetId: resource?.datasetId ?? null, resourceId: id });
  if (!resource) throw new ArchiverError('not-found', `There is no resource ${id}.`);
  const by = { by: deps.nameOf(request), caller: deps.caller(request) };
  response.json(proposalView(await settle(deps, { resource, url: urlIn(request), ...by })));
}

/** null: none was named. Throws `invalid-request`. */
function urlIn({ query }: Request): string | null {
  const { url } = query;
  if (url === undefined) return null;
  if (typeof url === 'string') return url;
  throw new ArchiverError('invalid-request', 'url is given once.');
}

function proposalView({ proposal, asked }: SettledProposal) {
  const { url, ofUrl, state, firstSeenAt, lastSeenAt, proposedAt, decidedAt, decidedBy } = proposal;
  return {
    ...{ url, ofUrl, state, decidedBy },
    firstSeenAt: firstSeenAt.toISOString(),
    lastSeenAt: lastSeenAt.toISOString(),
    proposedAt: proposedAt?.toISOString() ?? null,
    decidedAt: decidedAt?.toISOString() ?? null,
    run: asked?.kind === 'accepted' ? asked.run.id : null,
  };
}
