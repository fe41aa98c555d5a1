import type { RequestHandler } from 'express';
import type { HandlerDeps } from '../HandlerDeps.ts';
import { type Problem, tellProblemsAs } from '../problem.ts';
import { html } from './frame/html.ts';
import { documentOf } from './frame/layout.ts';
import type { Place } from './frame/Place.ts';
import { adminPath } from './frame/paths.ts';
import { baseOf } from './visit.ts';

/** Nothing of another origin, nothing inline, in nobody's frame. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** For people: what their browser may do with a page, and problems as pages. Tables as files keep problem details. */
export function pageHeaders(ready: () => HandlerDeps | null): RequestHandler {
  return (request, response, next) => {
    response.setHeader('Content-Security-Policy', POLICY);
    response.setHeader('Referrer-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    if (/(\.(csv|json|css|js|svg)|\/live)$/i.test(request.path)) return next();
    tellProblemsAs(response, (problem) => problemPage(problem, placeOf(ready(), request.originalUrl)));
    next();
  };
}

/** Before the start nobody has said where the handler is mounted; the request was sent there. */
function placeOf(deps: HandlerDeps | null, url: string): Place {
  if (deps) return { base: baseOf(deps.archiverUrl), portal: deps.portal, now: deps.now() };
  const [path = ''] = url.split('?');
  return { base: path.replace(/\/admin(\/.*)?$/i, ''), portal: null, now: new Date() };
}

const ADVICE: Readonly<Record<number, string>> = {
  403: 'Sign in to the portal with an account that looks after the archive.',
  409: 'The proposal is still there; what the portal says may help to mend it.',
  412: 'Go back, and load the page again to see how it stands.',
  404: 'It may have left the portal, or its name is another.',
  503: 'The page may be there again in a few seconds.',
};

function problemPage({ status, title, detail }: Problem, place: Place): string {
  const advice = ADVICE[status];
  const body = html`<p class="lead">${detail}</p>
${advice === undefined ? null : html`<p>${advice}</p>`}
<p><a class="button" href="${adminPath(place)}">To the overview</a></p>`;
  return documentOf({ title: `${status} ${title}`, section: null, body }, place);
}
