import type { ReportedLink } from './ReportedLinks.ts';

/** From where it is looked at whether there is something to write about. */
export interface MailView {
  /** Failures in a row that make a link broken. */
  readonly confirmFailures: number;
  /** Links that were broken before this moment are written about; others may pass. */
  readonly brokenBefore: Date;
  readonly now: Date;
}

/** A dataset and whose links it has: the address in lower case; null: nobody's. */
export interface DatasetOwner {
  readonly datasetId: string;
  readonly mailbox: string | null;
}

/**
 * What a mail says of a link. `new`: it is broken, which this person was not told yet; `still`: was told; `again`: it works
 * again after this person was told that it did not.
 */
export type NewsKind = 'new' | 'still' | 'again';

/** A link that a mail is about. */
export interface News {
  readonly resourceId: string;
  readonly kind: NewsKind;
  /** It is a reason to write. A reminder that is not due yet is only listed beside others. */
  readonly isDue: boolean;
}

/** A person who was, or is to be, written to. */
export interface MailPerson {
  readonly mailbox: string;
  /** Somebody writes to them now, or did within a day. */
  readonly isClaimed: boolean;
  /** The server refused the last mail: nothing is tried before. */
  readonly notBefore: Date | null;
  readonly refusals: number;
  readonly refusal: string | null;
  readonly unsubscribedAt: Date | null;
}

/** The right to send one mail to one person; nobody else has it for a day. */
export interface MailClaim {
  /** In the URLs by which mail is ended. */
  readonly token: string;
  /** Of the mail, from 0; the same until one is known to be sent. */
  readonly number: number;
}

/** Whether mail can be sent. */
export interface MailState {
  readonly runAt: Date;
  /** null: the mail server takes mail. */
  readonly failingSince: Date | null;
  readonly failure: string | null;
}

/** People by how they stand. */
export interface MailCounts {
  readonly subscribed: number;
  readonly unsubscribed: number;
  /** Of the subscribed, those whose last mail the server refused. */
  readonly refused: number;
}

/** Who is written to about links, and what they were told. */
export interface Mails {
  /** Datasets with links that are broken and may be written about, or that somebody was told of. */
  datasets(view: MailView): Promise<readonly string[]>;
  /** The mailboxes among these owners that there is a reason to write to. */
  due(owners: readonly DatasetOwner[], view: MailView): Promise<ReadonlySet<string>>;
  /** All that a mail to this person is about, what is due first, then by how long it is broken. */
  news(mailbox: string, datasetIds: readonly string[], view: MailView): Promise<readonly News[]>;
  /** These links as reports show them, in the order of the ids. `site`: absolute URL of the portal. */
  links(resourceIds: readonly string[], view: MailView & { readonly site: string }): Promise<readonly ReportedLink[]>;
  /** Links of these datasets that nobody needs to be told more of: they are gone, or work and are another's now. */
  settle(owners: readonly DatasetOwner[]): Promise<void>;
  /** Those of these mailboxes that are known. */
  people(mailboxes: readonly string[], now: Date): Promise<ReadonlyMap<string, MailPerson>>;
  /** null: they have ended the mail, were written to within a day, refuse, or somebody else writes to them now. */
  claim(mailbox: string, now: Date): Promise<MailClaim | null>;
  /** Nothing was sent, for certain: it may be tried again from `notBefore` on (null: now). */
  release(mailbox: string, notBefore: Date | null): Promise<void>;
  /** The server refuses mail to this address; as `release`, and counted. */
  refuse(mailbox: string, refusal: string, notBefore: Date): Promise<void>;
  /** What the mail said is told; `remindersMs`: waits before a link is a reason again, the last of them from then on. */
  sent(
    mailbox: string,
    news: readonly News[],
    how: { readonly remindersMs: readonly number[]; readonly now: Date },
  ): Promise<void>;
  /** null: there is no such token. */
  standing(token: string): Promise<'subscribed' | 'unsubscribed' | null>;
  /** From now on nothing is sent; false: there is no such token. */
  unsubscribe(token: string, now: Date): Promise<boolean>;
  /** Mail begins again, with all that is broken then; false: there is no such token. */
  subscribe(token: string): Promise<boolean>;
  /** null: it was never looked for mail. */
  state(): Promise<MailState | null>;
  /** It was looked for mail; `failure`: why the server takes none, null: it does. Answers what was known before. */
  noteRun(failure: string | null, now: Date): Promise<MailState | null>;
  /** Counts how mails ended, for metrics. */
  count(ends: Readonly<Record<string, number>>): Promise<void>;
  counts(): Promise<MailCounts>;
}
