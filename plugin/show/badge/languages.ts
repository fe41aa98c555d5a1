import type { Request } from 'express';
import type { BadgeLanguages, BadgeWords } from '../../model/badgeWords.ts';
import { de } from './words/de.ts';
import { en } from './words/en.ts';
import { es } from './words/es.ts';
import { fr } from './words/fr.ts';

/** The languages that come with the archiver. */
export const OWN_LANGUAGES: BadgeLanguages = { en, fr, de, es };

/** A language and its words. */
export interface Spoken {
  readonly language: string;
  readonly words: BadgeWords;
}

/** The archiver's languages, with what a portal adds or says otherwise. */
export class Languages {
  readonly #byTag: BadgeLanguages;

  /** A language of the portal's that leaves sentences out takes them from the archiver's, or from English. */
  constructor(added: Readonly<Record<string, Partial<BadgeWords>>> = {}) {
    const merged = Object.entries(added).map(([tag, words]) => {
      return [tag, { ...(OWN_LANGUAGES[tag] ?? en), ...words }] as const;
    });
    this.#byTag = { ...OWN_LANGUAGES, ...Object.fromEntries(merged) };
  }

  /** `?lang=` where it names one of them, else what the caller's browser prefers, else English. */
  for(request: Request): Spoken {
    const { lang } = request.query;
    const tags = Object.keys(this.#byTag);
    const asked = typeof lang === 'string' ? this.#known(lang) : undefined;
    const language = asked ?? (request.acceptsLanguages(['en', ...tags]) || 'en');
    return { language, words: this.#byTag[language] ?? en };
  }

  /** `de-AT` is answered in `de`. */
  #known(asked: string): string | undefined {
    const tags = Object.keys(this.#byTag);
    const find = (tag: string) => tags.find((one) => one.toLowerCase() === tag.toLowerCase());
    return find(asked) ?? find(asked.split('-')[0] ?? '');
  }
}
