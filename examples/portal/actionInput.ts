import { type Input, ValidationError } from './fields.ts';
import type { Role } from './sessions.ts';

/** By CKAN's names; how well a text fits is nothing that this portal can tell. */
const SORTABLE: Readonly<Record<string, string | null>> = {
  id: 'id',
  name: 'name',
  title: 'title',
  title_string: 'title',
  metadata_created: 'metadata_created',
  metadata_modified: 'metadata_modified',
  score: null,
};
const MOST_ROWS = 1000;

/** What `package_search` is asked for. Throws `ValidationError`. */
export function readSearch(input: Input, role: Role) {
  const sort = String(input.sort ?? 'metadata_modified desc');
  const text = String(input.q ?? '');
  return {
    sort,
    order: orderOf(sort),
    text: text === '*:*' ? '' : text,
    start: readCount(input, 'start', 0),
    rows: Math.min(readCount(input, 'rows', 10), MOST_ROWS),
    withPrivate: role !== 'anonymous' && String(input.include_private ?? '').toLowerCase() === 'true',
  };
}

/** `name asc, metadata_modified desc`, as SQL has it too; ids make the order the same on every page. */
function orderOf(sort: string): string {
  const terms = sort.split(',').map((term) => {
    const [, field = '', direction = 'asc'] = /^\s*(\w+)(?:\s+(asc|desc))?\s*$/i.exec(term) ?? [];
    const column = Object.hasOwn(SORTABLE, field) ? SORTABLE[field] : undefined;
    if (column !== undefined) return column === null ? [] : [`${column} ${direction}`];
    const fields = Object.keys(SORTABLE).join(', ');
    throw new ValidationError({ sort: [`Must be fields with asc or desc, separated by commas; fields: ${fields}.`] });
  });
  return [...terms.flat(), 'id asc'].join(', ');
}

function readCount(input: Input, field: string, fallback: number): number {
  const count = Number(input[field] ?? fallback);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new ValidationError({ [field]: ['Must be a whole number, 0 or more.'] });
}

/** Resources as they were sent. Throws `ValidationError`. */
export function readList(given: unknown): readonly Input[] {
  if (given === undefined || given === null) return [];
  const isList = Array.isArray(given) && given.every((one) => typeof one === 'object' && one !== null);
  if (!isList) throw new ValidationError({ resources: ['Must be a list of resources.'] });
  return given;
}
