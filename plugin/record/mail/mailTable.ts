import { randomBytes } from 'node:crypto';
import type { Database } from '../database/Database.ts';
import { isUnstorable } from '../database/isUnstorable.ts';
import { moment } from '../database/ownTypes.ts';
import { addToCounters } from '../history/counterTable.ts';
import type { DatasetOwner, MailClaim, MailCounts, MailPerson, MailState, Mails, MailView, News } from '../Mails.ts';
import type { ReportedLink } from '../ReportedLinks.ts';
import { BESIDE_LINKS, LINK_LIST, type LinkRow, reportedLink } from '../report/linkRows.ts';
import { DATASETS, DROP_GONE, DUE, NEWS, SETTLE, TELL } from './newsStatements.ts';
import {
  CLAIM,
  COUNTS,
  IS_CLAIMED,
  REFUSE,
  RELEASE,
  SENT,
  STANDING,
  SUBSCRIBE,
  UNSUBSCRIBE,
} from './personStatements.ts';

const TOKEN_BYTES = 24;

const PEOPLE = `
  select address as mailbox, coalesce(${IS_CLAIMED}, false) as "isClaimed", ${moment('not_before')} as "notBefore", refusals, refusal,
    ${moment('unsubscribed_at')} as "unsubscribedAt"
  from :schema:.mail_person where address = any(cast(:mailboxes as text[]))`;

const STATE_LIST = `${moment('run_at')} as "runAt", ${moment('failing_since')} as "failingSince", failure`;

const NOTE_RUN = `
  with before as (select * from :schema:.mail_state),
  noted as (
    insert into :schema:.mail_state as s (run_at, failing_since, failure)
    values (:now, case when cast(:failure as text) is not null then cast(:now as timestamptz) end, cast(:failure as text))
    on conflict (only_row) do update
    set run_at = excluded.run_at, failure = excluded.failure,
      failing_since = case when excluded.failure is not null then coalesce(s.failing_since, excluded.failing_since) end)
  select ${STATE_LIST} from before`;

/** {@link Mails} in PostgreSQL. */
export class MailTable implements Mails {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async datasets(view: MailView): Promise<readonly string[]> {
    const rows = await this.#database.rows<{ datasetId: string }>('looking for mail to send', DATASETS, { ...view });
    return rows.map(({ datasetId }) => datasetId);
  }

  async due(owners: readonly DatasetOwner[], view: MailView): Promise<ReadonlySet<string>> {
    const bindings = { ...view, ...ownerBindings(owners) };
    const rows = await this.#database.rows<{ mailbox: string }>('looking for mail to send', DUE, bindings);
    return new Set(rows.map(({ mailbox }) => mailbox));
  }

  news(mailbox: string, datasetIds: readonly string[], view: MailView): Promise<News[]> {
    const owners = datasetIds.map((datasetId) => ({ datasetId, mailbox }));
    return this.#database.rows('reading what a mail is about', NEWS, { ...view, ...ownerBindings(owners) });
  }

  async links(ids: readonly string[], view: MailView & { readonly site: string }): Promise<readonly ReportedLink[]> {
    const sql = `select ${LINK_LIST} from :schema:.link as l ${BESIDE_LINKS} where l.resource_id = any(cast(:ids as text[]))`;
    const bindings = { ids, confirmFailures: view.confirmFailures };
    const rows = await this.#database.rows<LinkRow>('reading the links of a mail', sql, bindings);
    const byId = new Map(rows.map((row) => [row.resourceId, reportedLink(row, view)]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  async settle(owners: readonly DatasetOwner[]): Promise<void> {
    await this.#database.rows('forgetting what was mailed', SETTLE, ownerBindings(owners));
    await this.#database.rows('forgetting what was mailed', DROP_GONE);
  }

  async people(mailboxes: readonly string[], now: Date): Promise<ReadonlyMap<string, MailPerson>> {
    const rows = await this.#database.rows<MailPerson>('reading who gets mail', PEOPLE, { mailboxes, now });
    return new Map(rows.map((person) => [person.mailbox, person]));
  }

  async claim(mailbox: string, now: Date): Promise<MailClaim | null> {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const [claimed] = await this.#database.rows<MailClaim>('claiming a mail', CLAIM, { mailbox, token, now });
    return claimed ?? null;
  }

  async release(mailbox: string, notBefore: Date | null): Promise<void> {
    await this.#database.rows('giving a mail back', RELEASE, { mailbox, notBefore });
  }

  async refuse(mailbox: string, refusal: string, notBefore: Date): Promise<void> {
    await this.#database.rows('noting a refused address', REFUSE, { mailbox, refusal, notBefore });
  }

  async sent(
    mailbox: string,
    news: readonly News[],
    { remindersMs, now }: { readonly remindersMs: readonly number[]; readonly now: Date },
  ): Promise<void> {
    const told = {
      ids: news.map(({ resourceId }) => resourceId),
      kinds: news.map(({ kind }) => kind),
      dues: news.map(({ isDue }) => isDue),
    };
    const { guard, rows, knex } = this.#database;
    await guard('noting a mail', () =>
      knex.transaction(async (on) => {
        await rows('noting who was written to', SENT, { mailbox }, on);
        await rows('noting what was mailed', TELL, { ...told, mailbox, now, reminders: [...remindersMs] }, on);
      }),
    );
  }

  async standing(token: string): Promise<'subscribed' | 'unsubscribed' | null> {
    const rows = await this.#byToken<{ standing: 'subscribed' | 'unsubscribed' }>(
      'reading a subscription',
      STANDING,
      token,
    );
    return rows[0]?.standing ?? null;
  }

  async unsubscribe(token: string, now: Date): Promise<boolean> {
    return (await this.#byToken('ending a subscription', UNSUBSCRIBE, token, { now })).length > 0;
  }

  async subscribe(token: string): Promise<boolean> {
    return (await this.#byToken('beginning a subscription', SUBSCRIBE, token)).length > 0;
  }

  async state(): Promise<MailState | null> {
    const sql = `select ${STATE_LIST} from :schema:.mail_state`;
    const [state] = await this.#database.rows<MailState>('asking whether mail is sent', sql);
    return state ?? null;
  }

  async noteRun(failure: string | null, now: Date): Promise<MailState | null> {
    const [before] = await this.#database.rows<MailState>('noting whether mail is sent', NOTE_RUN, { failure, now });
    return before ?? null;
  }

  async count(ends: Readonly<Record<string, number>>): Promise<void> {
    const counted = Object.entries(ends).map(([end, value]) => {
      return { name: 'archiver_mails_total', labels: { end }, value } as const;
    });
    await this.#database.guard('counting mails', () => addToCounters(this.#database, counted, this.#database.knex));
  }

  async counts(): Promise<MailCounts> {
    const [counted] = await this.#database.rows<MailCounts>('counting who gets mail', COUNTS);
    return counted ?? { subscribed: 0, unsubscribed: 0, refused: 0 };
  }

  /** Nobody has a token that PostgreSQL cannot store. */
  async #byToken<Row>(
    doing: string,
    sql: string,
    token: string,
    bindings: Readonly<Record<string, unknown>> = {},
  ): Promise<readonly Row[]> {
    return isUnstorable(token) ? [] : this.#database.rows<Row>(doing, sql, { token, ...bindings });
  }
}

function ownerBindings(owners: readonly DatasetOwner[]): Readonly<Record<string, unknown>> {
  return {
    datasetIds: owners.map(({ datasetId }) => datasetId),
    mailboxes: owners.map(({ mailbox }) => mailbox),
  };
}
