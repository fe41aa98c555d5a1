import { Eta } from 'eta';
import type { Request, Response } from 'express';
import type { Archiver } from 'portal-archiver';
import type { Access } from './access.ts';
import type { Action } from './actions.ts';
import type { Catalogue, Dataset, ResourceRow } from './catalogue.ts';
import type { Input } from './fields.ts';
import { NotAuthorized, NotFound } from './refusals.ts';
import type { Role } from './sessions.ts';

/** What the pages are made of. */
export interface PageParts {
  /** Absolute URL of the portal, as its visitors see it. */
  readonly site: string;
  readonly catalogue: Catalogue;
  readonly archiver: Archiver;
  readonly access: Access;
  readonly actions: Readonly<Record<string, Action>>;
}

/** Where the pages' templates and their style lie. */
export const VIEWS = new URL('./views/', import.meta.url).pathname;

/** A template of `views/`, the status it goes out with (200 where it names none), and what it is filled with. */
export interface Page {
  readonly view: string;
  readonly status?: number;
  readonly [name: string]: unknown;
}

/** What every page needs of a request: who asks, what for, and how it is answered. */
export class Visits {
  readonly parts: PageParts;
  readonly #eta = new Eta({ views: VIEWS });

  constructor(parts: PageParts) {
    this.parts = parts;
  }

  show(request: Request, response: Response, page: Page) {
    const { view, status = 200, ...data } = page;
    const { said } = request.query;
    const about = { view, role: this.roleOf(request), path: request.originalUrl };
    const shown = { ...about, said: typeof said === 'string' ? said : null, ...data };
    return response.status(status).send(this.#eta.render('layout', shown));
  }

  /** One of the actions of the API. */
  async act(name: string, input: Input, role: Role): Promise<unknown> {
    const action = this.parts.actions[name];
    if (!action) throw new NotFound(`Action ${name}`);
    return action.run(input, role);
  }

  roleOf(request: Request): Role {
    return this.parts.access.roleOfCookie(request);
  }

  /** Throws `NotAuthorized` for who is neither editor nor administrator. */
  editorOf(request: Request): Role {
    const role = this.roleOf(request);
    if (role === 'anonymous') throw new NotAuthorized('Sign in as an editor or administrator.');
    return role;
  }

  /** What somebody may not see does not exist for them. */
  async datasetOf(request: Request): Promise<Dataset> {
    const dataset = await this.parts.catalogue.dataset(String(request.params.name));
    if (!dataset || (dataset.private && this.roleOf(request) === 'anonymous')) throw new NotFound('Dataset');
    return dataset;
  }
}

/** The resource of a dataset that the path names. */
export function resourceOf({ resources }: Dataset, request: Request): ResourceRow {
  const resource = resources.find(({ id }) => id === request.params.id);
  if (!resource) throw new NotFound('Resource');
  return resource;
}

/** '' where the form has no such field. */
export function textOf({ body }: Request, field: string): string {
  const value: unknown = body?.[field];
  return typeof value === 'string' ? value : '';
}
