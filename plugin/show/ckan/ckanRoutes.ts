import type { Request, Response } from 'express';
import type { HandlerDeps } from '../HandlerDeps.ts';
import type { InputSchema } from '../input/inputParts.ts';
import type { Route } from '../Route.ts';
import type { Shaped } from '../shapes/parts.ts';
import { actionInputOf, answerAction } from './actionAnswer.ts';
import { archiverDatasetShow, archiverResourceShow, taskStatusShow } from './ckanActions.ts';
import { OF_DATASET, OF_RESOURCE, OF_TASK_STATUS } from './ckanInput.ts';

interface ActionRoute<Id extends string> {
  readonly id: Id;
  readonly name: string;
  readonly summary: string;
  readonly schema: string;
  readonly parameters: InputSchema;
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
    parameters: OF_RESOURCE,
  }),
  ...actionRoutes({
    id: 'archiverDatasetShow',
    name: 'archiver_dataset_show',
    summary: "How the worst resource of a dataset stands, as CKAN's archiver tells it",
    schema: 'CkanDataset',
    parameters: OF_DATASET,
  }),
  ...actionRoutes({
    id: 'taskStatusShow',
    name: 'task_status_show',
    summary: "A row of CKAN's task_status",
    schema: 'CkanTaskStatus',
    parameters: OF_TASK_STATUS,
  }),
] as const;

type Act<Input> = (deps: HandlerDeps, request: Request, input: Input) => Promise<object>;

const answers =
  <const Parameters extends InputSchema>(parameters: Parameters, act: Act<Shaped<Parameters>>) =>
  (deps: HandlerDeps, request: Request, response: Response) =>
    answerAction(deps, request, response, () => act(deps, request, actionInputOf(parameters, request)));

const showResource = answers(OF_RESOURCE, archiverResourceShow);
const showDataset = answers(OF_DATASET, archiverDatasetShow);
const showTaskStatus = answers(OF_TASK_STATUS, taskStatusShow);

/** What answers them. */
export const CKAN_ANSWERS = {
  archiverResourceShow: showResource,
  archiverResourceShowByPost: showResource,
  archiverDatasetShow: showDataset,
  archiverDatasetShowByPost: showDataset,
  taskStatusShow: showTaskStatus,
  taskStatusShowByPost: showTaskStatus,
};
