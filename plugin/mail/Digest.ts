/** What somebody is to be told, as a dry run shows it. */
export interface MailDigest {
  readonly address: string;
  readonly language: string;
  /** Links by what is said of them. */
  readonly newlyBroken: number;
  readonly stillBroken: number;
  readonly worksAgain: number;
  /** Why no mail is sent now: they have ended it, were written to within a day, or the server refused; null: it is. */
  readonly held: 'unsubscribed' | 'within a day' | 'refused' | null;
}

/** How it went to send what was due. */
export interface MailReport {
  /** Mails by how they ended. */
  readonly sent: number;
  readonly refused: number;
  readonly postponed: number;
  /** Handed over while the connection broke: they may have been sent, and are not sent again for a day. */
  readonly unknown: number;
  /** Why the server takes no mail; null: it does. */
  readonly failure: string | null;
}
