import type { Request } from 'express';
import { knownLanguage } from '../decide/languages.ts';

/** A language and its words. */
export interface Spoken<Words> {
  readonly language: string;
  readonly words: Words;
}

/** Which language a caller is answered in. */
export class Languages<Words> {
  readonly #byTag: Readonly<Record<string, Words>>;
  readonly #english: Words;

  /** Words by BCP 47 tag, and the English ones for those who prefer none of them. */
  constructor(byTag: Readonly<Record<string, Words>>, english: Words) {
    this.#byTag = byTag;
    this.#english = english;
  }

  /** `?lang=` where it names one of them, else what the caller's browser prefers, else English. */
  for(request: Request): Spoken<Words> {
    const { lang } = request.query;
    const tags = Object.keys(this.#byTag);
    const asked = typeof lang === 'string' ? knownLanguage(tags, lang) : undefined;
    const language = asked ?? (request.acceptsLanguages(['en', ...tags]) || 'en');
    return { language, words: this.#byTag[language] ?? this.#english };
  }
}
