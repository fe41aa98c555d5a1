/** What a mail says, in one language; as text and as HTML it says the same. */
export interface Letter {
  readonly language: string;
  readonly subject: string;
  readonly greeting: string;
  readonly intro: string;
  readonly sections: readonly LetterSection[];
  /** null: nothing is broken. */
  readonly advice: string | null;
  readonly why: string;
  readonly portal: LetterPlace;
  /** Where the mail is ended. */
  readonly end: LetterPlace;
}

/** Links of one kind. */
export interface LetterSection {
  readonly heading: string;
  readonly links: readonly LetterLink[];
  /** How many more there are, as a sentence; null: none. */
  readonly more: string | null;
}

/** One link. */
export interface LetterLink {
  /** Of its dataset, and its own where it has one. */
  readonly title: string;
  /** Where the portal shows it; null: nowhere. */
  readonly page: string | null;
  /** As the editor typed it. */
  readonly url: string;
  /** Sentences about it. */
  readonly notes: readonly string[];
  /** null: there is none, or the link works. */
  readonly copy: LetterPlace | null;
}

/** Something that is looked at in a browser. */
export interface LetterPlace {
  readonly label: string;
  readonly url: string;
}
