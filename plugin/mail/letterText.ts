import type { Letter, LetterLink, LetterSection } from './Letter.ts';

/** A letter as plain text. */
export function letterText({ greeting, intro, sections, advice, why, portal, end }: Letter): string {
  const parts = [
    greeting,
    intro,
    ...sections.map(sectionText),
    ...(advice === null ? [] : [advice]),
    // By which readers of mail know what is below for a signature.
    `-- \n${portal.label}: ${portal.url}`,
    why,
    `${end.label}: ${end.url}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function sectionText({ heading, links, more }: LetterSection): string {
  const rule = '='.repeat(heading.length);
  return [`${heading}\n${rule}`, ...links.map(linkText), ...(more === null ? [] : [more])].join('\n\n');
}

function linkText({ title, page, url, notes, copy }: LetterLink): string {
  return [
    `* ${title}`,
    ...[url, ...(notes.length > 0 ? [notes.join(' ')] : [])].map(indented),
    ...(copy === null ? [] : [indented(`${copy.label}: ${copy.url}`)]),
    ...(page === null || page === url ? [] : [indented(page)]),
  ].join('\n');
}

const indented = (line: string): string => `  ${line}`;
