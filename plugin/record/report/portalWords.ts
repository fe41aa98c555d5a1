import type { Organisation } from '../../model/resource.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Database } from '../database/Database.ts';
import type { PortalWords } from '../Reports.ts';

/** Only what differs is written, so that those who say the same do not wait for each other. */
const NOTE_OWNERS = `
  insert into :schema:.organisation (id, name, title)
  select g.id, g.name, g.title
  from unnest(cast(:ids as text[]), cast(:names as text[]), cast(:titles as text[])) as g (id, name, title)
    left join :schema:.organisation as o on o.id = g.id
  where o.id is null or (o.name, o.title) is distinct from (g.name, g.title) order by g.id
  on conflict (id) do update set name = excluded.name, title = excluded.title`;

const NOTE_DATASETS = `
  insert into :schema:.dataset (id, name, title, page)
  select g.* from unnest(cast(:ids as text[]), cast(:names as text[]), cast(:titles as text[]), cast(:pages as text[]))
      as g (id, name, title, page)
    left join :schema:.dataset as d on d.id = g.id
  where d.id is null or (d.name, d.title, d.page) is distinct from (g.name, g.title, g.page) order by g.id
  on conflict (id) do update set name = excluded.name, title = excluded.title, page = excluded.page`;

/** Each link is looked up by its key: for a join the planner reads all of a table that has a hundred times as many. */
const NOTE_LINKS = `
  with given as (
      select * from unnest(cast(:ids as text[]), cast(:owners as text[]), cast(:names as text[]), cast(:pages as text[]))
        as g (id, owner, name, page) order by id),
    changed as (
      select given.* from given cross join lateral (
        select from :schema:.link as l
        where l.resource_id = given.id
          and (l.organisation_id, l.name, l.page) is distinct from (given.owner, given.name, given.page)
        for update of l) as differing)
  update :schema:.link as l
  set organisation_id = c.owner, name = c.name, page = c.page,
    changed_at = case when l.organisation_id = c.owner then l.changed_at else clock_timestamp() end
  from changed as c where l.resource_id = c.id and l.resource_id = any(array(select id from changed))`;

const PUT_ALL = `
  insert into :schema:.organisation (id, name, title, parent_id)
  select g.* from unnest(cast(:ids as text[]), cast(:names as text[]), cast(:titles as text[]), cast(:parents as text[]))
      as g (id, name, title, parent_id)
    left join :schema:.organisation as o on o.id = g.id
  where o.id is null or (o.name, o.title, o.parent_id) is distinct from (g.name, g.title, g.parent_id) order by g.id
  on conflict (id) do update set name = excluded.name, title = excluded.title, parent_id = excluded.parent_id`;

const DROP_OTHERS = `
  delete from :schema:.organisation as o where not (o.id = any(cast(:ids as text[])))
    and not exists (select from :schema:.link as l where l.organisation_id = o.id)`;

/** What the portal says of these resources and datasets, in one transaction. `site`: below which its pages are. */
export function notePortalWords(database: Database, { resources, datasets }: PortalWords, site: string): Promise<void> {
  const { guard, knex, rows } = database;
  const doing = 'noting what the portal says of resources';
  const links = [...new Map(resources.map((resource) => [resource.id, resource])).values()];
  const note = async (on: HostTransaction) => {
    await rows(doing, NOTE_OWNERS, ownerBindings(links.flatMap(({ organisation }) => organisation ?? [])), on);
    await rows(doing, NOTE_DATASETS, datasetBindings(datasets, site), on);
    const bindings = {
      ids: links.map(({ id }) => id),
      owners: links.map(({ organisation }) => organisation?.id ?? ''),
      names: links.map(({ name }) => name),
      pages: links.map(({ pageUrl }) => storedPage(pageUrl, site)),
    };
    await rows(doing, NOTE_LINKS, bindings, on);
  };
  return guard(doing, () => knex.transaction(note));
}

/** Of these ids, those of datasets that nothing was noted of. */
export async function datasetsUnnoted({ rows }: Database, ids: readonly string[]): Promise<readonly string[]> {
  const sql = `select id from unnest(cast(:ids as text[])) as g (id)
    where not exists (select from :schema:.dataset as d where d.id = g.id)`;
  const found = await rows<{ id: string }>('reading datasets', sql, { ids });
  return found.map(({ id }) => id);
}

/** All organisations, each with what it is a part of. Those that are no longer there, and own nothing, go. */
export async function noteAllOrganisations({ rows }: Database, organisations: readonly Organisation[]): Promise<void> {
  const bindings = ownerBindings(organisations);
  const byId = new Map(organisations.map(({ id, parentId }) => [id, parentId ?? null]));
  const parents = bindings.ids.map((id) => byId.get(id) ?? null);
  await rows('noting organisations', PUT_ALL, { ...bindings, parents });
  await rows('dropping organisations', DROP_OTHERS, { ids: bindings.ids });
}

/** Each of them once. */
function ownerBindings(organisations: readonly Organisation[]) {
  const owners = [...new Map(organisations.map((organisation) => [organisation.id, organisation])).values()];
  return {
    ids: owners.map(({ id }) => id),
    names: owners.map(({ name }) => name),
    titles: owners.map(({ title }) => title),
  };
}

function datasetBindings(given: PortalWords['datasets'], site: string) {
  const datasets = [...new Map(given.map((dataset) => [dataset.id, dataset])).values()];
  return {
    ids: datasets.map(({ id }) => id),
    names: datasets.map(({ name }) => name),
    titles: datasets.map(({ title }) => title),
    pages: datasets.map(({ pageUrl }) => storedPage(pageUrl, site)),
  };
}

/** Below the portal's URL only the path is kept: a portal may move, and a command may not know where it is. */
function storedPage(pageUrl: string | null | undefined, site: string): string | null {
  if (!pageUrl) return null;
  return pageUrl.startsWith(`${site}/`) ? pageUrl.slice(site.length) : pageUrl;
}

/** The absolute URL of what {@link storedPage} kept. */
export function shownPage(page: string | null, site: string): string | null {
  return page?.startsWith('/') ? `${site}${page}` : page;
}
