import type { InputSchema } from '../input/inputParts.ts';

const textOf = <const Description extends string>(description: Description) =>
  ({ type: 'string', pattern: '^[^\\u0000]*$', description }) as const;

/** Of `archiver_resource_show`. */
export const OF_RESOURCE = {
  type: 'object',
  properties: { id: textOf('Of the resource.') },
  required: ['id'],
} as const satisfies InputSchema;

/** Of `archiver_dataset_show`. */
export const OF_DATASET = {
  type: 'object',
  properties: { id: textOf('Of the dataset, or its name.') },
  required: ['id'],
} as const satisfies InputSchema;

/** Of `task_status_show`. */
export const OF_TASK_STATUS = {
  type: 'object',
  properties: {
    entity_id: textOf('Of the resource; needs the two that follow.'),
    task_type: textOf('`archiver`'),
    key: textOf('`status`'),
    id: textOf('Of the row; needs none of the others.'),
  },
  anyOf: [{ required: ['id'] }, { required: ['entity_id', 'task_type', 'key'] }],
} as const satisfies InputSchema;
