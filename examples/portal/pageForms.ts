import type { Request, Router } from 'express';
import type { Dataset } from './catalogue.ts';
import { type Input, ValidationError } from './fields.ts';
import type { Role } from './sessions.ts';
import { resourceOf, textOf, type Visits } from './visit.ts';

interface PageForm {
  readonly path: string;
  readonly view: 'datasetForm' | 'resourceForm';
  readonly title: string;
  /** The dataset that the form belongs to, and what it shows. */
  load(request: Request): Promise<readonly [Dataset | null, Input]>;
  /** Answers where to go then. Throws `ValidationError`. */
  save(request: Request, role: Role): Promise<string>;
}

/** The forms in which editors write datasets. */
export function addDatasetForms(router: Router, visits: Visits): void {
  addForm(router, visits, {
    path: '/new',
    view: 'datasetForm',
    title: 'New dataset',
    load: async () => [null, {}],
    save: async (request, role) => {
      await visits.act('package_create', request.body, role);
      return `/dataset/${textOf(request, 'name')}`;
    },
  });
  addForm(router, visits, {
    path: '/dataset/:name/edit',
    view: 'datasetForm',
    title: 'Edit dataset',
    load: async (request) => {
      const dataset = await visits.datasetOf(request);
      return [dataset, { ...dataset }];
    },
    save: async (request, role) => {
      const { id } = await visits.datasetOf(request);
      await visits.act('package_patch', { private: false, ...request.body, id }, role);
      return `/dataset/${textOf(request, 'name')}`;
    },
  });
}

/** The forms in which editors write resources, and the button that deletes one. */
export function addResourceForms(router: Router, visits: Visits): void {
  addForm(router, visits, {
    path: '/dataset/:name/new',
    view: 'resourceForm',
    title: 'New resource',
    load: async (request) => [await visits.datasetOf(request), {}],
    save: async (request, role) => {
      const dataset = await visits.datasetOf(request);
      await visits.act('resource_create', { ...request.body, id: undefined, package_id: dataset.id }, role);
      return `/dataset/${dataset.name}`;
    },
  });
  addForm(router, visits, {
    path: '/dataset/:name/resource/:id',
    view: 'resourceForm',
    title: 'Edit resource',
    load: async (request) => {
      const dataset = await visits.datasetOf(request);
      return [dataset, { ...resourceOf(dataset, request) }];
    },
    save: async (request, role) => {
      const dataset = await visits.datasetOf(request);
      await visits.act('resource_patch', { ...request.body, id: resourceOf(dataset, request).id }, role);
      return `/dataset/${dataset.name}`;
    },
  });
  router.post('/dataset/:name/resource/:id/delete', async (request, response) => {
    const role = visits.editorOf(request);
    const dataset = await visits.datasetOf(request);
    await visits.act('resource_delete', { id: resourceOf(dataset, request).id }, role);
    response.redirect(303, `/dataset/${dataset.name}`);
  });
}

/** Shown empty or filled, shown again with what is wrong, and left when it was saved. */
function addForm(router: Router, visits: Visits, { path, view, title, load, save }: PageForm): void {
  router.get(path, async (request, response) => {
    visits.editorOf(request);
    const [dataset, values] = await load(request);
    const organisations = await visits.parts.catalogue.organisations();
    visits.show(request, response, { view, title, dataset, organisations, values, errors: {} });
  });
  router.post(path, async (request, response) => {
    const role = visits.editorOf(request);
    const [dataset, values] = await load(request);
    try {
      response.redirect(303, await save(request, role));
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      const typed = { ...values, ...request.body };
      const organisations = await visits.parts.catalogue.organisations();
      const page = { view, status: 409, title, dataset, organisations, values: typed };
      visits.show(request, response, { ...page, errors: error.fields });
    }
  });
}
