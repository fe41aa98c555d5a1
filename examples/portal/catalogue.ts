import type { Knex } from 'knex';
import type { HookEvent, HookName, UrlUpdate } from 'portal-archiver';
import { type DatasetFields, type ResourceFields, ValidationError } from './fields.ts';
import type { PortalHooks } from './hooks.ts';

/** A row of `package`, in CKAN's names. */
export interface DatasetRow extends DatasetFields {
  readonly id: string;
  readonly state: string;
  readonly metadata_created: Date;
  readonly metadata_modified: Date;
}

/** A row of `resource`, with the columns that the archiver adds. */
export interface ResourceRow extends ResourceFields {
  readonly id: string;
  readonly package_id: string;
  readonly position: number;
  readonly state: string;
  readonly created: Date;
  readonly metadata_modified: Date;
  readonly hash: string | null;
  /** PostgreSQL's bigint arrives as text. */
  readonly size: string | null;
  readonly mimetype: string | null;
  readonly cache_url?: string | null;
  readonly cache_last_updated?: Date | null;
}

/** A row of `group`, in CKAN's names. */
export interface OrganisationRow {
  readonly id: string;
  readonly name: string;
  readonly title: string;
}

/** An organisation of the portal, and the id of the one that it is a part of. */
export interface NewOrganisation extends OrganisationRow {
  readonly parentId: string | null;
}

/** A dataset with its resources, in their order. */
export interface Dataset extends DatasetRow {
  /** Whose it is; null: nobody's. */
  readonly organization: OrganisationRow | null;
  readonly resources: readonly ResourceRow[];
}

/** Which datasets are looked for. `order` is SQL that only this portal writes. */
export interface SearchQuery {
  readonly text: string;
  readonly withPrivate: boolean;
  readonly order: string;
  readonly start: number;
  readonly rows: number;
}

const ACTIVE = { state: 'active' };

/** Datasets and resources. Every save tells the hooks within its transaction, so that both happen or neither. */
export class Catalogue {
  readonly #knex: Knex;
  readonly #hooks: PortalHooks;

  constructor(knex: Knex, hooks: PortalHooks) {
    this.#knex = knex;
    this.#hooks = hooks;
  }

  async dataset(idOrName: string): Promise<Dataset | null> {
    if (idOrName.includes('\0')) return null;
    const rows = await this.#knex<DatasetRow>('package')
      .where(ACTIVE)
      .andWhere((either) => either.where({ id: idOrName }).orWhere({ name: idOrName }))
      .limit(1);
    return (await this.#withResources(rows))[0] ?? null;
  }

  async resource(id: string): Promise<ResourceRow | null> {
    return (
      (await this.#knex<ResourceRow>('resource')
        .where({ id, ...ACTIVE })
        .first()) ?? null
    );
  }

  async search(query: SearchQuery): Promise<{ readonly count: number; readonly results: readonly Dataset[] }> {
    const found = this.#knex<DatasetRow>('package').where(ACTIVE);
    if (!query.withPrivate) found.andWhere({ private: false });
    // PostgreSQL knows no text with NUL in it.
    for (const word of query.text.split(/[\s\0]+/).filter(Boolean)) {
      const pattern = `%${word.replace(/[\\%_]/g, '\\$&')}%`;
      found.andWhereRaw('(name ilike :pattern or title ilike :pattern or notes ilike :pattern)', { pattern });
    }
    const [counted] = await found.clone().count<{ count: string }[]>({ count: '*' });
    const rows = await found.clone().orderByRaw(query.order).offset(query.start).limit(query.rows);
    return { count: Number(counted?.count ?? 0), results: await this.#withResources(rows) };
  }

  async organisations(): Promise<readonly OrganisationRow[]> {
    return this.#knex<OrganisationRow & { state: string }>('group')
      .select('id', 'name', 'title')
      .where(ACTIVE)
      .orderBy('title');
  }

  /** Answers those that were not there yet; they are made, each as a part of its parent. */
  async addOrganisations(organisations: readonly NewOrganisation[]): Promise<readonly string[]> {
    return this.#knex.transaction(async (transaction) => {
      const rows = organisations.map(({ id, name, title }) => ({ id, name, title }));
      const added: { id: string }[] = await transaction('group').insert(rows).onConflict().ignore().returning('id');
      const ids = added.map(({ id }) => id);
      const members = organisations.flatMap(({ id, parentId }) =>
        parentId !== null && ids.includes(id)
          ? [{ id: `${id} in ${parentId}`, table_name: 'group', table_id: parentId, group_id: id }]
          : [],
      );
      if (members.length > 0) await transaction('member').insert(members).onConflict().ignore();
      return ids;
    });
  }

  async createDataset(id: string, fields: DatasetFields): Promise<void> {
    await this.#saving('name', 'That name is taken.', async (transaction) => {
      await transaction('package').insert({ id, ...fields });
    });
  }

  async updateDataset(id: string, fields: DatasetFields): Promise<void> {
    await this.#saving('name', 'That name is taken.', async (transaction) => {
      await transaction('package')
        .where({ id })
        .update({ ...fields, metadata_modified: transaction.fn.now() });
      await this.#tell('afterDatasetUpdate', { datasetId: id, resourceId: null, transaction });
    });
  }

  /** Says whose it is. */
  async giveDataset(id: string, owner_org: string): Promise<void> {
    await this.#knex.transaction(async (transaction) => {
      await transaction('package').where({ id }).update({ owner_org });
      await this.#tell('afterDatasetUpdate', { datasetId: id, resourceId: null, transaction });
    });
  }

  async deleteDataset(id: string): Promise<void> {
    await this.#knex.transaction(async (transaction) => {
      const deleted = { state: 'deleted', metadata_modified: transaction.fn.now() };
      await transaction('resource').where({ package_id: id }).update(deleted);
      // Its name is free again.
      await transaction('package')
        .where({ id })
        .update({ ...deleted, name: transaction.raw(`id || ' ' || name`) });
      await this.#tell('afterDatasetDelete', { datasetId: id, resourceId: null, transaction });
    });
  }

  async createResource(id: string, datasetId: string, fields: ResourceFields): Promise<void> {
    await this.#saving('id', 'That id is taken.', async (transaction) => {
      const position = transaction('resource')
        .where({ package_id: datasetId, ...ACTIVE })
        .count();
      await transaction('resource').insert({ id, package_id: datasetId, ...fields, position });
      await this.#touch(datasetId, transaction);
      await this.#tell('afterResourceCreate', { datasetId, resourceId: id, transaction });
    });
  }

  /** Replaces what an editor may set; what the archiver wrote stays. */
  async updateResource(id: string, datasetId: string, fields: ResourceFields): Promise<void> {
    await this.#knex.transaction(async (transaction) => {
      await transaction('resource')
        .where({ id })
        .update({ ...fields, metadata_modified: transaction.fn.now() });
      await this.#touch(datasetId, transaction);
      await this.#tell('afterResourceUpdate', { datasetId, resourceId: id, transaction });
    });
  }

  /** An edit of the URL alone, where it is still the one expected; one that is made already is not made again. */
  async updateUrl(id: string, url: string, expected: string): Promise<UrlUpdate> {
    return this.#knex.transaction(async (transaction) => {
      const row = await transaction<ResourceRow>('resource')
        .where({ id, ...ACTIVE })
        .forUpdate()
        .first();
      if (!row) return 'missing';
      if (row.url === url) return 'updated';
      if (row.url !== expected) return 'edited';
      await transaction('resource').where({ id }).update({ url, metadata_modified: transaction.fn.now() });
      await this.#touch(row.package_id, transaction);
      await this.#tell('afterResourceUpdate', { datasetId: row.package_id, resourceId: id, transaction });
      return 'updated';
    });
  }

  async deleteResource(id: string, datasetId: string): Promise<void> {
    await this.#knex.transaction(async (transaction) => {
      await transaction('resource').where({ id }).update({ state: 'deleted', metadata_modified: transaction.fn.now() });
      await this.#touch(datasetId, transaction);
      await this.#tell('afterResourceDelete', { datasetId, resourceId: id, transaction });
    });
  }

  #touch(id: string, transaction: Knex.Transaction): PromiseLike<unknown> {
    return transaction('package').where({ id }).update({ metadata_modified: transaction.fn.now() });
  }

  #tell(name: HookName, event: HookEvent): Promise<void> {
    return this.#hooks.tell(name, event);
  }

  async #withResources(rows: readonly DatasetRow[]): Promise<Dataset[]> {
    const ids = rows.map(({ id }) => id);
    const resources = await this.#knex<ResourceRow>('resource')
      .whereIn('package_id', ids)
      .andWhere(ACTIVE)
      .orderBy(['position', 'created', 'id']);
    const owners = rows.flatMap(({ owner_org }) => owner_org ?? []);
    const organisations = await this.#knex<OrganisationRow>('group')
      .select('id', 'name', 'title')
      .whereIn('id', owners);
    return rows.map((row) => ({
      ...row,
      organization: organisations.find(({ id }) => id === row.owner_org) ?? null,
      resources: resources.filter(({ package_id }) => package_id === row.id),
    }));
  }

  async #saving(field: string, taken: string, save: (transaction: Knex.Transaction) => Promise<void>): Promise<void> {
    try {
      await this.#knex.transaction(save);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null;
      // The one foreign key that an editor may set.
      if (code === '23503') throw new ValidationError({ owner_org: ['Organization does not exist'] });
      throw code === '23505' ? new ValidationError({ [field]: [taken] }) : error;
    }
  }
}
