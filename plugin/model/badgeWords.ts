/**
 * What a badge says in one language. `{copied}` stands for the date of the newest copy, `{since}` for that of the first
 * failure; a sentence need not name them.
 */
export interface BadgeWords {
  /** The left half of the picture. */
  readonly label: string;
  /** There is a copy, and the link works. */
  readonly archived: string;
  readonly broken: string;
  /** There is a copy; the link failed, which is not confirmed or may be our view alone. */
  readonly unsure: string;
  readonly brokenWithoutCopy: string;
  /** Nothing could be archived so far. */
  readonly withoutCopy: string;
  readonly pending: string;
}

/** What a badge shows, which is also a sentence of {@link BadgeWords}. */
export type BadgeState = Exclude<keyof BadgeWords, 'label'>;

/** Words by language: a BCP 47 tag such as `en` or `pt-BR`. */
export type BadgeLanguages = Readonly<Record<string, BadgeWords>>;
