import { type Html, html } from './html.ts';
import type { Letter, LetterLink, LetterPlace, LetterSection } from './Letter.ts';

/**
 * In the head for readers that keep it, and as attributes where it matters for those that do not. Colours of text and paper are the
 * reader's own, so that a dark one stays dark; nothing is loaded from anywhere.
 */
const BODY = 'margin:0;padding:16px;font:16px/1.5 system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif';
const HEADING = 'margin:28px 0 8px;font-size:18px;line-height:1.3';
const LIST = 'margin:0;padding:0;list-style:none';
const ITEM =
  'margin:0 0 16px;padding:0 0 0 12px;border-left:3px solid #8a8f98;overflow-wrap:anywhere;word-break:break-word';
const SMALL = 'font-size:14px';

/** A letter as HTML. */
export function letterHtml({ language, subject, greeting, intro, sections, advice, why, portal, end }: Letter): string {
  const document = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${subject}</title>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
a { color: #0b57d0; }
@media (prefers-color-scheme: dark) { a { color: #8ab4f8 !important; } }
</style>
</head>
<body style="${BODY}">
<div style="max-width:640px;margin:0 auto">
<p>${greeting}</p>
<p>${intro}</p>
${sections.map(sectionHtml)}
${advice === null ? null : html`<p style="margin-top:24px">${advice}</p>`}
<hr style="margin:28px 0 12px;border:0;border-top:1px solid #8a8f98">
<p style="${SMALL}">${place(portal)}</p>
<p style="${SMALL}">${why}</p>
<p style="${SMALL}">${place(end)}</p>
</div>
</body>
</html>
`;
  return String(document);
}

function sectionHtml({ heading, links, more }: LetterSection): Html {
  return html`<h2 style="${HEADING}">${heading}</h2>
<ul style="${LIST}">${links.map(linkHtml)}</ul>
${more === null ? null : html`<p>${more}</p>`}`;
}

function linkHtml({ title, page, url, notes, copy }: LetterLink): Html {
  const name = page === null ? html`${title}` : html`<a href="${page}">${title}</a>`;
  return html`<li style="${ITEM}"><strong>${name}</strong><br>
<span style="${SMALL}">${webLink(url)}</span>
${notes.length === 0 ? null : html`<br>${notes.join(' ')}`}
${copy === null ? null : html`<br>${place(copy)}`}</li>
`;
}

const place = ({ label, url }: LetterPlace): Html => html`<a href="${url}">${label}</a>`;

/** Followed only where a browser may: an editor can have typed anything. */
const webLink = (url: string): Html => (/^https?:\/\//i.test(url) ? html`<a href="${url}">${url}</a>` : html`${url}`);
