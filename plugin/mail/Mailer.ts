/** One mail to one person. */
export interface Mail {
  readonly to: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Without brackets around it; the same when the same mail is tried again. */
  readonly messageId: string;
  readonly date: Date;
  /** Where a POST ends the mail (RFC 8058). */
  readonly endUrl: string;
}

/**
 * How sending ended. `refused`: the server wants no mail for this address; `postponed`: not now; `unavailable`: it takes no mail
 * from us at all, and nothing was sent; `unknown`: the connection broke while the mail was handed over, it may have been sent.
 */
export type MailEnd =
  | { readonly kind: 'sent' }
  | { readonly kind: 'refused' | 'postponed' | 'unavailable' | 'unknown'; readonly reason: string };

/** Hands mail to a server. Neither method throws for what the server does. */
export interface Mailer {
  /** null: it would take mail; else why not. */
  verify(): Promise<string | null>;
  send(mail: Mail): Promise<MailEnd>;
}
