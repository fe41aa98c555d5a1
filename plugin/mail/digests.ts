import { maskedAddress } from '../decide/mail/mailAddress.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../model/logger.ts';
import type { Mails, MailView, News } from '../record/Mails.ts';
import type { NamedLeases } from '../record/Records.ts';
import { type Composing, composeMail } from './composeMail.ts';
import type { MailDigest, MailReport } from './Digest.ts';
import { namedIds } from './letterOf.ts';
import type { Mail, MailEnd, Mailer } from './Mailer.ts';
import { speechOf } from './mailLanguages.ts';
import { type Addressee, addressees, type PeopleDeps } from './people.ts';

/** What digests need. */
export interface DigestDeps {
  readonly mails: Mails;
  readonly leases: Pick<NamedLeases, 'acquire' | 'release'>;
  /** null: the portal names nobody. */
  readonly contactOf: PeopleDeps['contactOf'] | null;
  readonly mailer: Mailer;
  readonly composing: Composing;
  readonly confirmFailures: number;
  readonly graceMs: number;
  readonly remindersMs: readonly number[];
  /** Names this process in its lease. */
  readonly owner: string;
  now(): Date;
  readonly logger: Logger;
}

const LEASE = 'mail';
/** Longer than one mail can take. */
const LEASE_MS = 300_000;
const HOUR_MS = 3_600_000;
/** A server that refuses an address is not asked again for it for so long: mailboxes come back, but not within a day. */
const REFUSED_MS = 7 * 24 * HOUR_MS;

type Ends = Record<MailEnd['kind'], number>;

/**
 * Tells each maintainer of all their links in one mail, at most one a day. The person's row is claimed before anything is sent: who
 * dies between the two, or loses the connection meanwhile, leaves that person without a mail for a day rather than with two.
 */
export class Digests {
  readonly #deps: DigestDeps;
  #isStopped = false;

  constructor(deps: DigestDeps) {
    this.#deps = deps;
  }

  /** What is sent now ends; nothing more begins. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Whom there is a reason to write to, and whether they are. Sends and changes nothing. */
  async preview(): Promise<readonly MailDigest[]> {
    const { mails, now } = this.#deps;
    const people = await this.#people(false);
    const known = await mails.people(
      people.map(({ mailbox }) => mailbox),
      now(),
    );
    const digests: MailDigest[] = [];
    for (const person of people) {
      const news = await mails.news(person.mailbox, person.datasetIds, this.#view());
      digests.push({ ...this.#counted(person, news), held: heldBy(known.get(person.mailbox), now()) });
    }
    return digests;
  }

  /** Sends what is due, unless another process does so. Throws `database-failed`. */
  async run(): Promise<MailReport> {
    const { leases, owner, now } = this.#deps;
    const ends: Ends = { sent: 0, refused: 0, postponed: 0, unavailable: 0, unknown: 0 };
    if (!(await leases.acquire(LEASE, owner, LEASE_MS, now()))) return reportOf(ends, null);
    try {
      return reportOf(ends, await this.#runAlone(ends));
    } finally {
      await this.#countEnds(ends);
      await leases.release(LEASE, owner);
    }
  }

  /** Answers why the server takes no mail. */
  async #runAlone(ends: Ends): Promise<string | null> {
    const { mailer } = this.#deps;
    const refusal = await mailer.verify();
    await this.#noteServer(refusal);
    if (refusal !== null) return refusal;
    for (const person of await this.#people(true)) {
      if (this.#isStopped || !(await this.#isMine())) return null;
      const end = await this.#write(person);
      if (end === null) continue;
      ends[end.kind] += 1;
      if (end.kind !== 'unavailable' && end.kind !== 'unknown') continue;
      await this.#noteServer(end.reason);
      return end.reason;
    }
    return null;
  }

  async #isMine(): Promise<boolean> {
    const { leases, owner, now } = this.#deps;
    return leases.acquire(LEASE, owner, LEASE_MS, now());
  }

  async #people(settle: boolean): Promise<readonly Addressee[]> {
    const { mails, contactOf } = this.#deps;
    return contactOf === null ? [] : addressees({ mails, contactOf }, this.#view(), { settle });
  }

  /** null: nothing is sent to them now. */
  async #write(person: Addressee): Promise<MailEnd | null> {
    const { mails, now } = this.#deps;
    const { mailbox, datasetIds } = person;
    const claim = await mails.claim(mailbox, now());
    if (claim === null) return null;
    const view = this.#view();
    const composed = await this.#orRelease(mailbox, async () => {
      const news = await mails.news(mailbox, datasetIds, view);
      if (!news.some(({ isDue }) => isDue)) return null;
      const links = await mails.links(namedIds(news), { ...view, site: this.#deps.composing.portal.site });
      return { news, mail: composeMail({ person, claim, news, links, date: view.now }, this.#deps.composing) };
    });
    if (composed !== null) return this.#send(mailbox, composed);
    await mails.release(mailbox, null);
    return null;
  }

  /** Nothing is sent before it is composed. */
  async #orRelease<Value>(mailbox: string, work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      await this.#deps.mails.release(mailbox, null);
      throw error;
    }
  }

  async #send(
    mailbox: string,
    { mail, news }: { readonly mail: Mail; readonly news: readonly News[] },
  ): Promise<MailEnd> {
    const { mails, mailer, remindersMs, now, logger } = this.#deps;
    const end = await mailer.send(mail);
    const to = maskedAddress(mailbox);
    if (end.kind === 'sent') {
      await mails.sent(mailbox, news, { remindersMs, now: now() });
      logger.info({ to, links: news.length }, 'a maintainer was written to');
      return end;
    }
    logger.warn({ to, end: end.kind, failure: end.reason }, 'mail to a maintainer was not sent');
    if (end.kind === 'refused') await mails.refuse(mailbox, end.reason, this.#in(REFUSED_MS));
    else if (end.kind === 'postponed') await mails.refuse(mailbox, end.reason, this.#in(HOUR_MS));
    else if (end.kind === 'unavailable') await mails.release(mailbox, null);
    return end;
  }

  /** An outage is told when it begins, at each look, and when it ends. */
  async #noteServer(failure: string | null): Promise<void> {
    const { mails, logger, now } = this.#deps;
    const before = await mails.noteRun(failure, now());
    if (failure !== null) logger.error({ failure }, 'the mail server takes no mail; it is tried again');
    else if (before !== null && before.failingSince !== null)
      logger.info({ since: before.failingSince.toISOString() }, 'the mail server takes mail again');
  }

  /** What is counted for metrics alone stops nothing. */
  async #countEnds(ends: Ends): Promise<void> {
    const { mails, logger } = this.#deps;
    const some = Object.fromEntries(Object.entries(ends).filter(([, count]) => count > 0));
    await mails.count(some).catch((error: unknown) => {
      logger.warn({ error: messageOf(error) }, 'mails could not be counted');
    });
  }

  #counted({ contact }: Addressee, news: readonly News[]): Omit<MailDigest, 'held'> {
    const { languages, language } = this.#deps.composing;
    const count = (wanted: News['kind']) => news.filter(({ kind }) => kind === wanted).length;
    return {
      address: contact.address,
      language: speechOf(languages, [contact.language, language]).language,
      newlyBroken: count('new'),
      stillBroken: count('still'),
      worksAgain: count('again'),
    };
  }

  #in(ms: number): Date {
    return new Date(this.#deps.now().getTime() + ms);
  }

  #view(): MailView {
    const { confirmFailures, graceMs, now } = this.#deps;
    const at = now();
    return { confirmFailures, brokenBefore: new Date(at.getTime() - graceMs), now: at };
  }
}

type Known = Awaited<ReturnType<Mails['people']>> extends ReadonlyMap<string, infer Person> ? Person : never;

function heldBy(person: Known | undefined, now: Date): MailDigest['held'] {
  if (person === undefined) return null;
  if (person.unsubscribedAt !== null) return 'unsubscribed';
  if (person.isClaimed) return 'within a day';
  return person.notBefore !== null && person.notBefore > now ? 'refused' : null;
}

function reportOf({ sent, refused, postponed, unknown }: Ends, failure: string | null): MailReport {
  return { sent, refused, postponed, unknown, failure };
}
