/** At most one mail a person in so long. */
const DAY = `interval '1 day'`;

/** The first one has it for a day; a process that dies with it leaves the person unwritten to for so long, and never written to twice. */
export const CLAIM = `
  insert into :schema:.mail_person as p (address, token, claimed_at) values (:mailbox, :token, :now)
  on conflict (address) do update set claimed_at = excluded.claimed_at
  where p.unsubscribed_at is null and (p.claimed_at is null or p.claimed_at <= excluded.claimed_at - ${DAY})
    and (p.not_before is null or p.not_before <= excluded.claimed_at)
  returning token, mails as number`;

/** As it was before the claim. */
export const RELEASE = `
  update :schema:.mail_person set claimed_at = mailed_at, not_before = cast(:notBefore as timestamptz) where address = :mailbox`;

/** The same, and what the server said. */
export const REFUSE = `
  update :schema:.mail_person
  set claimed_at = mailed_at, not_before = :notBefore, refusal = :refusal, refusals = refusals + 1 where address = :mailbox`;

/** A mail is known to be sent: the next one has another number. */
export const SENT = `
  update :schema:.mail_person
  set mailed_at = claimed_at, mails = mails + 1, not_before = null, refusal = null, refusals = 0 where address = :mailbox`;

/** What was told is forgotten, so that it is told again should mail begin again. */
export const UNSUBSCRIBE = `
  with ended as (
    update :schema:.mail_person set unsubscribed_at = coalesce(unsubscribed_at, :now) where token = :token returning address),
  dropped as (delete from :schema:.mailed_link where address in (select address from ended))
  select address from ended`;

/** No row where nobody has the token. */
export const SUBSCRIBE = `
  update :schema:.mail_person set unsubscribed_at = null where token = :token returning address`;

/** How the person of a token stands. */
export const STANDING = `
  select case when unsubscribed_at is null then 'subscribed' else 'unsubscribed' end as standing
  from :schema:.mail_person where token = :token`;

/** Somebody writes to them, or has within a day. */
export const IS_CLAIMED = `claimed_at > cast(:now as timestamptz) - ${DAY}`;

/** People by how they stand. */
export const COUNTS = `
  select count(*) filter (where unsubscribed_at is null)::float8 as subscribed,
    count(*) filter (where unsubscribed_at is not null)::float8 as unsubscribed,
    count(*) filter (where unsubscribed_at is null and refusal is not null)::float8 as refused
  from :schema:.mail_person`;
