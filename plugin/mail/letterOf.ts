import { plainText } from '../decide/plainText.ts';
import type { Contact } from '../model/contact.ts';
import type { MailWords } from '../model/mailWords.ts';
import type { News, NewsKind } from '../record/Mails.ts';
import type { ReportedLink } from '../record/ReportedLinks.ts';
import type { Letter, LetterLink, LetterPlace, LetterSection } from './Letter.ts';
import { counted, dayIn, filled } from './wording.ts';

/** Who writes, and from where. */
export interface Sender {
  readonly portal: { readonly name: string; readonly site: string };
  /** Where the bytes of a key are served to those who may have them. */
  copyUrl(key: string): string;
}

/** What a letter is made of. */
export interface LetterParts {
  readonly contact: Contact;
  readonly language: string;
  readonly words: MailWords;
  readonly news: readonly News[];
  /** Those of the first news of each kind, {@link namedIds}. */
  readonly links: readonly ReportedLink[];
  readonly endUrl: string;
}

/** Of each kind no more are named. */
const NAMED = 50;
const KINDS: readonly NewsKind[] = ['new', 'still', 'again'];
const LONGEST_TEXT = 300;
const LONGEST_URL = 2000;

/** Resources that a letter about `news` names. */
export const namedIds = (news: readonly News[]): readonly string[] =>
  KINDS.flatMap((kind) => idsOf(news, kind).slice(0, NAMED));

/** What one person is told. */
export function letterOf(parts: LetterParts, sender: Sender): Letter {
  const { contact, language, words, news, endUrl } = parts;
  const { name: portal, site } = sender.portal;
  const broken = news.filter(({ kind }) => kind !== 'again').length;
  const subject = broken > 0 ? words.subjectBroken : words.subjectAgain;
  const says = (sentence: string) => filled(sentence, { portal, name: contact.name ?? '' });
  return {
    language,
    subject: plainText(counted(subject, broken || news.length, language, { portal }), LONGEST_TEXT),
    greeting: says(contact.name === null ? words.greetingNameless : words.greeting),
    intro: says(words.intro),
    sections: KINDS.flatMap((kind) => sectionOf(kind, parts, sender) ?? []),
    advice: broken > 0 ? says(words.advice) : null,
    why: says(words.why),
    portal: { label: portal, url: site },
    end: { label: says(words.end), url: endUrl },
  };
}

const HEADINGS = { new: 'newlyBroken', still: 'stillBroken', again: 'worksAgain' } as const;

function sectionOf(kind: NewsKind, parts: LetterParts, sender: Sender): LetterSection | null {
  const { news, links, words, language } = parts;
  const ids = idsOf(news, kind);
  if (ids.length === 0) return null;
  const named = ids.slice(0, NAMED);
  const more = ids.length - named.length;
  return {
    heading: counted(words[HEADINGS[kind]], ids.length, language),
    links: links
      .filter(({ resourceId }) => named.includes(resourceId))
      .map((link) => letterLink(kind, link, parts, sender)),
    more: more > 0 ? counted(words.more, more, language) : null,
  };
}

function letterLink(
  kind: NewsKind,
  link: ReportedLink,
  { words, language }: Pick<LetterParts, 'words' | 'language'>,
  { copyUrl }: Sender,
): LetterLink {
  const { dataset, name, pageUrl, url, copy } = link;
  const titles = [dataset.title ?? dataset.name, ...(name ? [name] : [])];
  const shown = { url: plainText(url, LONGEST_URL), page: pageUrl ?? dataset.pageUrl ?? null };
  const title = plainText(titles.join(' › '), LONGEST_TEXT);
  if (kind === 'again') return { title, ...shown, notes: [], copy: null };
  const notes = [reasonOf(link, words), sinceOf(link, language, words), copy === null ? words.withoutCopy : null];
  return {
    title,
    ...shown,
    notes: notes.filter((note) => note !== null),
    copy: copy && copyPlace(copy, language, words, copyUrl),
  };
}

const reasonOf = ({ code, reason }: ReportedLink, { reasons }: MailWords): string | null =>
  (code && reasons[code]) ?? (reason && plainText(reason, LONGEST_TEXT));

const sinceOf = ({ failingSince }: ReportedLink, language: string, { since }: MailWords): string | null =>
  failingSince && filled(since, { since: dayIn(language, failingSince) });

function copyPlace(
  { key, storedAt }: NonNullable<ReportedLink['copy']>,
  language: string,
  words: MailWords,
  copyUrl: Sender['copyUrl'],
): LetterPlace {
  return { label: filled(words.copy, { copied: dayIn(language, storedAt) }), url: copyUrl(key) };
}

const idsOf = (news: readonly News[], kind: NewsKind): readonly string[] =>
  news.filter((one) => one.kind === kind).map(({ resourceId }) => resourceId);
