import type { Archiver } from 'portal-archiver';
import type { Catalogue } from './catalogue.ts';
import type { Input } from './fields.ts';
import { PortalActions } from './portalActions.ts';
import { NotAuthorized } from './refusals.ts';
import type { Role } from './sessions.ts';

/** One of CKAN's actions, as its API runs it. */
export interface Action {
  /** Reads answer a GET too. */
  readonly isRead: boolean;
  run(input: Input, role: Role): Promise<unknown>;
}

/** The actions of CKAN's API that an archive has to do with. */
export function createActions(catalogue: Catalogue, archiver: Archiver): Readonly<Record<string, Action>> {
  const actions = new PortalActions(catalogue, archiver.archive);
  return {
    status_show: read(async () => ({ site_title: 'Example portal', extensions: ['portal-archiver'] })),
    package_list: read(() => actions.packageList()),
    package_search: read((input, role) => actions.packageSearch(input, role)),
    package_show: read((input, role) => actions.packageShow(input, role)),
    resource_show: read((input, role) => actions.resourceShow(input, role)),
    task_status_show: read((input, role) => actions.taskStatusShow(input, role)),
    package_create: write((input) => actions.packageCreate(input)),
    package_update: write((input, role) => actions.packageUpdate(input, role)),
    package_patch: write((input, role) => actions.packagePatch(input, role)),
    package_delete: write((input, role) => actions.packageDelete(input, role)),
    resource_create: write((input, role) => actions.resourceCreate(input, role)),
    resource_update: write((input, role) => actions.resourceUpdate(input, role)),
    resource_patch: write((input, role) => actions.resourcePatch(input, role)),
    resource_delete: write((input, role) => actions.resourceDelete(input, role)),
  };
}

const read = (run: Action['run']): Action => ({ isRead: true, run });

const write = (run: Action['run']): Action => ({
  isRead: false,
  run: async (input, role) => {
    if (role === 'anonymous') throw new NotAuthorized('Give the token of an editor or administrator in Authorization.');
    return run(input, role);
  },
});
