import type { Request, Response } from 'express';
import { ArchiverError } from '../../errors.ts';
import { requirePermission } from '../access.ts';
import { idOf } from '../askedResource.ts';
import type { HandlerDeps } from '../HandlerDeps.ts';
import { inputOf } from '../input/inputOf.ts';
import type { Shaped } from '../shapes/parts.ts';
import type { PROPOSAL_SHAPES } from '../shapes/proposalShapes.ts';
import { PROPOSAL_QUERY } from './proposalRoutes.ts';
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
  const { url = null } = inputOf(PROPOSAL_QUERY, request.query);
  const by = { by: deps.nameOf(request), caller: deps.caller(request) };
  response.json(proposalView(await settle(deps, { resource, url, ...by })));
}

function proposalView({ proposal, asked }: SettledProposal): Shaped<typeof PROPOSAL_SHAPES.Proposal> {
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
