import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { AdminPortal } from './adminPortal.ts';
import { recordsIn } from './recordsIn.ts';

type UpdateUrl = (
  id: string,
  url: string,
  edit: { readonly expected: string; readonly by: string | null },
) => Promise<'updated' | 'edited' | 'missing'>;

const DAY_MS = 24 * 3_600_000;

/** A portal whose clock can be moved on, and whose editors' saves tell its hooks; some of its URLs redirect. */
export class MovedResources {
  admin: AdminPortal;
  /** Who applied what, as the portal heard it. */
  readonly edits: (readonly [id: string, url: string, by: string | null])[] = [];
  /** Thrown by the portal in the place of an edit; null: it takes URLs. */
  refusal: Error | null = null;
  #laterMs = 0;

  private constructor() {
    // Set before anybody is given this.
    this.admin = Object(null);
  }

  static async open({ takesUrls = true }: { readonly takesUrls?: boolean } = {}): Promise<MovedResources> {
    const moved = new MovedResources();
    moved.admin = await AdminPortal.open({
      settings: { confirmFailures: 1, hostRequestsPerSecond: 1000, hostBurst: 1000 },
      now: () => new Date(Date.now() + moved.#laterMs),
      caller: ({ headers }: IncomingMessage) => /(?:^|;\s*)login=(\w+)/.exec(headers.cookie ?? '')?.[1] ?? null,
      ...(takesUrls && { updateUrl: (...edit: Parameters<UpdateUrl>) => moved.#edit(edit) }),
    });
    return moved;
  }

  /** `path` answers with a redirect to `target` of the same publisher from now on. */
  redirect(path: string, target: string, status = 301): void {
    this.admin.portal.files.set(path, { body: '', status, headers: { Location: target } });
  }

  /** Each resource is archived from its path, and once more after a day: what both saw alike is proposed. */
  async checkTwice(paths: Readonly<Record<string, string>>): Promise<void> {
    for (const [id, path] of Object.entries(paths)) await this.admin.portal.archived(id, path);
    await this.checkAfter(1, Object.keys(paths));
  }

  async checkAfter(days: number, ids: readonly string[]): Promise<void> {
    this.#laterMs += days * DAY_MS + 1000;
    for (const id of ids) {
      const asked = await this.admin.portal.archiver.archive.requestResource(id);
      assert.ok(asked.kind === 'accepted');
      await this.admin.portal.ended(asked.run.id);
    }
  }

  /** What is kept of a resource: each target with its state, by target. */
  async states(id: string): Promise<readonly (readonly [path: string, state: string])[]> {
    const proposals = await recordsIn(this.admin.portal.database.knex).proposals.listByResource(id);
    const origin = this.admin.portal.urlOf('');
    return proposals.map(({ url, state }) => [url.replace(origin, ''), state] as const).toSorted();
  }

  async urlOf(id: string): Promise<string> {
    const row = await this.admin.portal.database.knex('resource').where({ id }).first();
    return row.url.replace(this.admin.portal.urlOf(''), '');
  }

  close(): Promise<void> {
    return this.admin.close();
  }

  async #edit([id, url, { expected, by }]: Parameters<UpdateUrl>): Promise<'updated' | 'edited' | 'missing'> {
    if (this.refusal) throw this.refusal;
    const { knex } = this.admin.portal.database;
    const row = await knex('resource').where({ id }).first();
    if (!row) return 'missing';
    if (row.url === url) return 'updated';
    const edited = await knex('resource').where({ id, url: expected }).update({ url });
    if (edited === 0) return (await knex('resource').where({ id, url }).first()) ? 'updated' : 'edited';
    this.edits.push([id, url.replace(this.admin.portal.urlOf(''), ''), by]);
    await this.admin.portal.archiver.hooks.afterResourceUpdate({ resourceId: id, datasetId: row.package_id });
    return 'updated';
  }
}
