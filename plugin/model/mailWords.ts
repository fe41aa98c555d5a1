import type { Code } from './status.ts';

/** A sentence about `{count}` things, by the plural forms of its language (CLDR); `other` stands for those left out. */
export type CountedWords = { readonly other: string } & Readonly<
  Partial<Record<'zero' | 'one' | 'two' | 'few' | 'many', string>>
>;

/**
 * What mail to maintainers, and the pages that end it, say in one language. `{portal}` stands for the name of the portal, `{name}` for that of who is
 * written to, `{count}` for a number, `{since}` and `{copied}` for dates; a sentence need not name them.
 */
export interface MailWords {
  readonly subjectBroken: CountedWords;
  readonly subjectAgain: CountedWords;
  readonly greeting: string;
  /** To somebody whose name is not known. */
  readonly greetingNameless: string;
  readonly intro: string;
  /** Headings: not told before, told before, and what works again. */
  readonly newlyBroken: CountedWords;
  readonly stillBroken: CountedWords;
  readonly worksAgain: CountedWords;
  /** Below a list that is cut off. */
  readonly more: CountedWords;
  readonly since: string;
  /** Text of the link to a copy. */
  readonly copy: string;
  readonly withoutCopy: string;
  /** What can be done about it. */
  readonly advice: string;
  /** Why one gets this mail, and how often. */
  readonly why: string;
  /** Text of the link that leads to the page on which mail is ended. */
  readonly end: string;
  /** How a link failed, by the code of its outcome; what is left out is told in English, as the archiver has it. */
  readonly reasons: Readonly<Partial<Record<Code, string>>>;
  /** The page on which mail is ended: its title, its question, its button. */
  readonly pageTitle: string;
  readonly ask: string;
  readonly confirm: string;
  readonly ended: string;
  /** The button by which it begins again, and what is said then. */
  readonly beginAgain: string;
  readonly begun: string;
  readonly unknown: string;
}

/** Words by language: a BCP 47 tag such as `en` or `pt-BR`. */
export type MailLanguages = Readonly<Record<string, MailWords>>;
