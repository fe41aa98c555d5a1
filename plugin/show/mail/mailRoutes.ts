import { texts } from '../input/inputParts.ts';
import type { Route } from '../Route.ts';

/** The token of a mail is all that is needed; pages in the language of the caller, or of `?lang`. */
const PAGE = {
  action: null,
  answers: {
    200: { description: 'A page.', texts: ['text/html'] },
    404: { description: 'No mail has this token; a page.', texts: ['text/html'] },
  },
  problems: [500, 503],
  headers: ['Accept-Language'],
  query: texts({ lang: 'A language, such as `de`; default: what the headers say.' }),
} as const;

/** Where maintainers end the mail that they get about links. */
export const MAIL_ROUTES = [
  {
    ...PAGE,
    id: 'showMailSubscription',
    method: 'get',
    path: '/mail/unsubscribe/{token}',
    summary: 'Asks whether mail is to end; changes nothing',
  },
  {
    ...PAGE,
    id: 'endMail',
    method: 'post',
    path: '/mail/unsubscribe/{token}',
    summary: 'Ends the mail to one person, by one click (RFC 8058)',
  },
  {
    ...PAGE,
    id: 'beginMail',
    method: 'post',
    path: '/mail/subscribe/{token}',
    summary: 'Lets the mail to one person begin again',
  },
] as const satisfies readonly Route[];
