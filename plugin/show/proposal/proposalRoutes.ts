import type { InputSchema } from '../input/inputParts.ts';
import type { Route } from '../Route.ts';

/** Of both. */
export const PROPOSAL_QUERY = {
  type: 'object',
  properties: {
    url: {
      type: 'string',
      description: 'The URL that was proposed: where it is another by now, nothing happens.',
      refusal: 'url is given once.',
    },
  },
} as const satisfies InputSchema;

const SETTLE = {
  method: 'post',
  action: 'archive.admin',
  problems: [400, 403, 404, 409, 412, 413, 500, 503],
  query: PROPOSAL_QUERY,
  answers: { 200: { description: 'As it stands.', schema: 'Proposal' } },
} as const;

/** What is decided about URLs that are proposed for resources. They are listed by `GET /resources?proposed=true`. */
export const PROPOSAL_ROUTES = [
  {
    ...SETTLE,
    id: 'applyProposal',
    path: '/resources/{id}/proposal/apply',
    summary: 'Give a resource the URL that is proposed for it, through the portal, and archive it again',
  },
  {
    ...SETTLE,
    id: 'dismissProposal',
    path: '/resources/{id}/proposal/dismiss',
    summary: 'Dismiss the URL that is proposed for a resource; it is not proposed again',
  },
] as const satisfies readonly Route[];
