import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import type { MailWords } from '../../model/mailWords.ts';
import { type Html, html } from '../admin/frame/html.ts';
import type { HandlerDeps } from '../HandlerDeps.ts';
import type { Spoken } from '../languages.ts';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 1.5rem; }
main { max-width: 36rem; margin: 10vh auto 0; }
h1 { font-size: 1.4rem; line-height: 1.3; }
p { overflow-wrap: anywhere; }
button { font: inherit; font-weight: 600; padding: .6rem 1.2rem; border: 2px solid currentColor; border-radius: .4rem;
  background: none; color: inherit; cursor: pointer; }
button:focus-visible, a:focus-visible { outline: 3px solid Highlight; outline-offset: 3px; }
a { color: inherit; }
`;

/** Nothing but this style, and a form that leads back here. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What a page says, and the one thing that can be done on it. */
interface Said {
  readonly text: string;
  /** Path to send a form to, and what its button says; null: nothing. */
  readonly button: { readonly path: string; readonly label: string } | null;
}

/** Whether mail is to end: a page with a button, for what only looks at links in mail must change nothing. */
export async function showSubscription(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const { mails } = deps.records;
  const standing = await mails.standing(tokenOf(request));
  if (standing === null) return sendUnknown(deps, request, response);
  if (standing === 'unsubscribed') return sendEnded(deps, request, response);
  const { words } = deps.mailLanguages.for(request);
  const button = { path: pathOf(deps, request, 'unsubscribe'), label: words.confirm };
  send({ text: words.ask, button }, deps, request, response);
}

/** The one click of RFC 8058, and the button of the page: no login and no redirect, the token is all that is needed. */
export async function endMail(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const isEnded = await deps.records.mails.unsubscribe(tokenOf(request), deps.now());
  if (!isEnded) return sendUnknown(deps, request, response);
  deps.logger.info({}, 'a maintainer has ended the mail about links');
  sendEnded(deps, request, response);
}

/** Mail begins again. */
export async function beginMail(deps: HandlerDeps, request: Request, response: Response): Promise<void> {
  const isBegun = await deps.records.mails.subscribe(tokenOf(request));
  if (!isBegun) return sendUnknown(deps, request, response);
  const { words } = deps.mailLanguages.for(request);
  send({ text: words.begun, button: null }, deps, request, response);
}

function sendEnded(deps: HandlerDeps, request: Request, response: Response): void {
  const { words } = deps.mailLanguages.for(request);
  const button = { path: pathOf(deps, request, 'subscribe'), label: words.beginAgain };
  send({ text: words.ended, button }, deps, request, response);
}

function sendUnknown(deps: HandlerDeps, request: Request, response: Response): void {
  response.status(404);
  send({ text: deps.mailLanguages.for(request).words.unknown, button: null }, deps, request, response);
}

function send(said: Said, deps: HandlerDeps, request: Request, response: Response): void {
  const spoken = deps.mailLanguages.for(request);
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('Content-Language', spoken.language);
  response.setHeader('Content-Security-Policy', POLICY);
  // The token stands in the URL of the page.
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('X-Robots-Tag', 'noindex');
  response.send(documentOf(said, spoken, deps.portal));
}

function documentOf(
  { text, button }: Said,
  { language, words }: Spoken<MailWords>,
  portal: HandlerDeps['portal'],
): string {
  const say = (sentence: string) => sentence.replaceAll('{portal}', portal.name);
  const form: Html | null =
    button &&
    html`<form method="post" action="${button.path}"><input type="hidden" name="List-Unsubscribe" value="One-Click">
<button>${say(button.label)}</button></form>`;
  const document = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${say(words.pageTitle)} · ${portal.name}</title>
<style>STYLE</style>
</head>
<body><main>
<h1>${say(words.pageTitle)}</h1>
<p role="status">${say(text)}</p>
${form}
<p><a href="${portal.site}" rel="noreferrer">${portal.name}</a></p>
</main></body>
</html>
`;
  // What its hash in the policy is of, to the byte.
  return String(document).replace('<style>STYLE</style>', () => `<style>${STYLE}</style>`);
}

/** In the language that is shown. */
function pathOf(deps: HandlerDeps, request: Request, what: 'unsubscribe' | 'subscribe'): string {
  const { pathname } = new URL(deps.archiverUrl);
  const { language } = deps.mailLanguages.for(request);
  const base = pathname.replace(/\/+$/, '');
  return `${base}/mail/${what}/${encodeURIComponent(tokenOf(request))}?lang=${encodeURIComponent(language)}`;
}

const tokenOf = ({ params }: Request): string => String(params['token'] ?? '');
