import { texts } from '../input/inputParts.ts';
import type { Route } from '../Route.ts';

const FORM = {
  method: 'post',
  action: 'archive.admin',
  answers: { 303: { description: 'Done; Location names the page.' } },
  problems: [400, 403, 404, 409, 412, 413, 500, 503],
  isPage: true,
  fields: texts({ url: 'The URL that the page showed.' }),
} as const;

/** The forms of a resource's page that decide about a proposed URL. */
export const PROPOSAL_FORMS = [
  {
    ...FORM,
    id: 'adminApplyProposal',
    path: '/admin/resources/{id}/proposal/apply',
    summary: 'Give a resource the URL that is proposed for it',
  },
  {
    ...FORM,
    id: 'adminDismissProposal',
    path: '/admin/resources/{id}/proposal/dismiss',
    summary: 'Dismiss the URL that is proposed for a resource',
  },
] as const satisfies readonly Route[];
