import { ADMIN_SCHEMAS } from './admin/adminSchemas.ts';
import { CKAN_SHAPES } from './shapes/ckanShapes.ts';
import { HISTORY_SHAPES } from './shapes/historyShapes.ts';
import { LIST_SHAPES } from './shapes/listShapes.ts';
import type { Schema } from './shapes/parts.ts';
import { PROPOSAL_SHAPES } from './shapes/proposalShapes.ts';
import { RESOURCE_SHAPES } from './shapes/resourceShapes.ts';
import { RUN_SHAPES } from './shapes/runShapes.ts';
import { SERVICE_SHAPES } from './shapes/serviceShapes.ts';

/** The shapes of all answers under their names in the document. A test holds every answer of the suite against them. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  ...RUN_SHAPES,
  ...RESOURCE_SHAPES,
  ...HISTORY_SHAPES,
  ...SERVICE_SHAPES,
  ...LIST_SHAPES,
  ...PROPOSAL_SHAPES,
  ...CKAN_SHAPES,
  ...ADMIN_SCHEMAS,
};

const NAMES = new Map<unknown, string>(Object.entries(SCHEMAS).map(([name, schema]) => [schema, name]));

/** The schemas as components of the document: what has a name of its own is referred to by it. */
export const components = (): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(SCHEMAS).map(([name, schema]) => [name, withReferences(schema, schema)]));

function withReferences(part: unknown, whole: Schema): unknown {
  const name = part === whole ? undefined : NAMES.get(part);
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  if (Array.isArray(part)) return part.map((one) => withReferences(one, whole));
  if (typeof part !== 'object' || part === null) return part;
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, withReferences(value, whole)]));
}
