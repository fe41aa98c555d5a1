import { mergedLanguages } from '../../decide/languages.ts';
import type { BadgeLanguages, BadgeWords } from '../../model/badgeWords.ts';
import { Languages } from '../languages.ts';
import { de } from './words/de.ts';
import { en } from './words/en.ts';
import { es } from './words/es.ts';
import { fr } from './words/fr.ts';

/** The languages that come with the archiver. */
export const OWN_LANGUAGES: BadgeLanguages = { en, fr, de, es };

/** The archiver's languages of badges, with what a portal adds or says otherwise. */
export const badgeLanguages = (added?: Readonly<Record<string, Partial<BadgeWords>>>): Languages<BadgeWords> =>
  new Languages(mergedLanguages(OWN_LANGUAGES, en, added), en);
