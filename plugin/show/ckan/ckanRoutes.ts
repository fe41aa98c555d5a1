import type { Request, Response } from 'express';
import type { HandlerDeps } from '../HandlerDeps.ts';
import type { Route } from '../Route.ts';
import { type ActionInput, answerAction } from './actionAnswer.ts';
import { archiverDatasetShow, archiverResourceShow, taskStatusShow } from './ckanActions.ts';

interface ActionRoute<Id extends string> {
  readonly id: Id;
  readonly name: string;
  readonly summary: string;
  readonly schema: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** A client of CKAN's asks by POST as it does for everything; a person and a cache by GET. */
function actionRoutes<Id extends string>({ id, name, summary, schema, parameters }: ActionRoute<Id>) {
  const common = {
    path: `/api/3/action/${name}`,
    action: 'archive.read',
    answers: {
      200: { description: "In CKAN's envelope.", schema },
      404: { description: 'Not there, or not for you.', schema: 'CkanFailure' },
      409: { description: 'A parameter is wrong.', schema: 'CkanFailure' },
    },
  } as const;
  return [
    { ...common, id, method: 'get', summary, query: parameters, problems: [500, 503] },
    {
      ...common,
      id: `${id}ByPost` as const,
      method: 'post',
      summary: `${summary}, for clients that always POST`,
      json: parameters,
      problems: [400, 403, 413, 500, 503],
    },
  ] as const satisfies readonly Route[];
}

/** What clients of CKAN and of its archiver know: reads alone. */
export const CKAN_ROUTES = [
  ...actionRoutes({
    id: 'archiverResourceShow',
    name: 'archiver_resource_show',
    summary: "How a resource stands, as CKAN's archiver tells it",
    schema: 'CkanResource',
    parameters: { id: 'Of the resource.' },
  }),
  ...actionRoutes({
    id: 'archiverDatasetShow',
    name: 'archiver_dataset_show',
    summary: "How the worst resource of a dataset stands, as CKAN's archiver tells it",
    schema: 'CkanDataset',
    parameters: { id: 'Of the dataset, or its name.' },
  }),
  ...actionRoutes({
    id: 'taskStatusShow',
    name: 'task_status_show',
    summary: "A row of CKAN's task_status",
    schema: 'CkanTaskStatus',
    parameters: {
      id: 'Of the row.',
      entity_id: 'Of the resource; without id, with the two that follow.',
      task_type: '`archiver`',
      key: '`status`',
    },
  }),
] as const;

type Act = (deps: HandlerDeps, request: Request, input: ActionInput) => Promise<object>;
const answers = (act: Act) => (deps: HandlerDeps, request: Request, response: Response) =>
  answerAction(deps, request, response, (input) => act(deps, request, input));

/** What answers them. */
export const CKAN_ANSWERS = {
  archiverResourceShow: answers(archiverResourceShow),
  archiverResourceShowByPost: answers(archiverResourceShow),
  archiverDatasetShow: answers(archiverDatasetShow),
  archiverDatasetShowByPost: answers(archiverDatasetShow),
  taskStatusShow: answers(taskStatusShow),
  taskStatusShowByPost: answers(taskStatusShow),
};
