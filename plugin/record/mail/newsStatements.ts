/**
 * Only what is certain is written about: the failures are confirmed, and the last attempt showed that the link is broken; one that
 * says nothing of it (403, a time limit) keeps it out. A host that is left alone, because it asked for it or cannot be reached from
 * here, may have the files: unless its name is gone, which the name servers say and not the host.
 */
const MAY_BE_TOLD = `
  l.failing_since <= :brokenBefore and l.failures >= :confirmFailures and a.broken is true
  and (a.code = 'dns' or not exists (
    select from :schema:.host_limit as h where h.host = l.host and (h.open_count > 0 or h.pause_until > :now)))`;

const WORKS = 'l.failures < 0';

/** A link (`l`) and what was told of it (`m`) to the owner (`w`). */
const LINKS_OF_OWNERS = `
  from unnest(cast(:datasetIds as text[]), cast(:mailboxes as text[])) as w (dataset_id, mailbox)
  join :schema:.archival as a on a.dataset_id = w.dataset_id
  join :schema:.link as l on l.resource_id = a.resource_id
  left join :schema:.mailed_link as m on m.resource_id = l.resource_id and m.address = w.mailbox`;

const IS_NEWS = `((m.resource_id is not null and ${WORKS}) or (${MAY_BE_TOLD}))`;
const IS_DUE = `coalesce(m.resource_id is null or ${WORKS} or m.remind_at <= :now, false)`;

/** Datasets with something to be told of. */
export const DATASETS = `
  select a.dataset_id as "datasetId" from :schema:.link as l join :schema:.archival as a on a.resource_id = l.resource_id
  where ${MAY_BE_TOLD}
  union select a.dataset_id from :schema:.mailed_link as m join :schema:.archival as a on a.resource_id = m.resource_id`;

/** Mailboxes that there is a reason to write to. */
export const DUE = `select distinct w.mailbox ${LINKS_OF_OWNERS} where w.mailbox is not null and ${IS_NEWS} and ${IS_DUE}`;

/** All that a mail to one person is about. */
export const NEWS = `
  select l.resource_id as "resourceId", ${IS_DUE} as "isDue",
    case when ${WORKS} then 'again' when m.resource_id is null then 'new' else 'still' end as kind
  ${LINKS_OF_OWNERS} where ${IS_NEWS}
  order by ${IS_DUE} desc, l.failing_since nulls last, l.resource_id`;

/** What nobody needs to hear of again: the link is gone, works and is another's by now, or is nobody's. */
export const SETTLE = `
  delete from :schema:.mailed_link as m
  using unnest(cast(:datasetIds as text[]), cast(:mailboxes as text[])) as w (dataset_id, mailbox)
    join :schema:.archival as a on a.dataset_id = w.dataset_id
    join :schema:.link as l on l.resource_id = a.resource_id
  where m.resource_id = l.resource_id
    and (w.mailbox is null or (m.address <> w.mailbox and ${WORKS}))`;

/** Links that have left the portal. */
export const DROP_GONE = `
  delete from :schema:.mailed_link as m
  where not exists (select from :schema:.archival as a where a.resource_id = m.resource_id)`;

/**
 * What a mail listed is told: the wait before the next reminder begins again for all of it, and grows for what was due, so that
 * links which broke one by one come together in fewer and fewer mails.
 */
export const TELL = `
  with told as (
    select * from unnest(cast(:ids as text[]), cast(:kinds as text[]), cast(:dues as boolean[])) as t (resource_id, kind, is_due)),
  ended as (
    delete from :schema:.mailed_link where resource_id in (select resource_id from told where kind = 'again')),
  staged as (
    select t.resource_id, case when t.kind = 'new' then 0 when t.is_due then coalesce(m.stage, 0) + 1 else coalesce(m.stage, 0) end as stage
    from told as t left join :schema:.mailed_link as m on m.resource_id = t.resource_id and m.address = :mailbox
    where t.kind <> 'again')
  insert into :schema:.mailed_link as m (resource_id, address, stage, mailed_at, remind_at)
  select resource_id, :mailbox, least(stage, 1000), :now,
    cast(:now as timestamptz)
      + (cast(:reminders as float8[]))[least(stage + 1, cardinality(cast(:reminders as float8[])))] * interval '1 millisecond'
  from staged
  on conflict (resource_id) do update
  set address = excluded.address, stage = excluded.stage, remind_at = excluded.remind_at,
    mailed_at = case when m.address = excluded.address then m.mailed_at else excluded.mailed_at end`;
