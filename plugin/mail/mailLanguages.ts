import { knownLanguage, mergedLanguages } from '../decide/languages.ts';
import type { MailLanguages, MailWords } from '../model/mailWords.ts';
import { de } from './words/de.ts';
import { en } from './words/en.ts';
import { es } from './words/es.ts';
import { fr } from './words/fr.ts';

/** For those who have no other. */
export const ENGLISH: MailWords = en;

/** The languages that come with the archiver. */
export const OWN_MAIL_LANGUAGES: MailLanguages = { en, fr, de, es };

/** In which language somebody is written to. */
export interface MailSpeech {
  readonly language: string;
  readonly words: MailWords;
}

/** Ours, with what a portal adds or says otherwise. */
export const mailLanguages = (added?: Readonly<Record<string, Partial<MailWords>>>): MailLanguages =>
  mergedLanguages(OWN_MAIL_LANGUAGES, en, added);

/** The first of these languages that is known, else English. */
export function speechOf(languages: MailLanguages, asked: readonly (string | null | undefined)[]): MailSpeech {
  const tags = Object.keys(languages);
  const language = asked.flatMap((one) => (one ? (knownLanguage(tags, one) ?? []) : []))[0] ?? 'en';
  return { language, words: languages[language] ?? en };
}
