import type { Request } from 'express';
import { inputOf } from '../../input/inputOf.ts';
import type { InputProperty, InputSchema } from '../../input/inputParts.ts';
import { type Html, html } from '../frame/html.ts';

/** A field by which a list is narrowed. */
export type Filter =
  | (Named & {
      readonly kind: 'text';
      readonly hint?: string;
      /** What is chosen from, where that is known; another text is taken all the same. */
      readonly choices?: readonly Choice[];
    })
  | (Named & {
      readonly kind: 'choice';
      /** None: they are not known before the page is asked for. */
      readonly choices: readonly Choice[];
      /** What holds where none is chosen; absent: all. */
      readonly fallback?: string;
    });

interface Named {
  readonly name: string;
  readonly label: string;
  /** For the description of the routes. */
  readonly description: string;
}

/** One value of a field, and how it is called. */
export type Choice = readonly [value: string, label: string];

/** What is asked for; a filter that is not used is not among them. */
export type Filtered = Readonly<Record<string, string>>;

const LONGEST = 500;
/** A longer list is searched by typing. */
const MOST_CHOICES = 2000;

/** What the query may hold of these filters. */
export const filterProperties = (filters: readonly Filter[]): InputSchema['properties'] =>
  Object.fromEntries(filters.map((filter) => [filter.name, propertyOf(filter)]));

function propertyOf(filter: Filter): InputProperty {
  const { name, description } = filter;
  const text = { type: 'string', maxLength: LONGEST, pattern: '^[^\\u0000]*$' };
  const refusal = `${name} is one text of at most ${LONGEST} characters.`;
  if (filter.kind === 'text' || filter.choices.length === 0) return { ...text, description, refusal };
  const values = filter.choices.map(([one]) => one);
  const { fallback } = filter;
  return {
    ...{ type: 'string', enum: values, description, refusal: `${name} is one of ${values.join(', ')}.` },
    ...(fallback === undefined ? {} : { default: fallback }),
  };
}

/** What the query says of these filters; an empty one is not used. Throws `invalid-request`. */
export function filteredBy(filters: readonly Filter[], { query }: Pick<Request, 'query'>): Filtered {
  const names = filters.map(({ name }) => name);
  const given = Object.entries(query).filter(([name, value]) => names.includes(name) && value !== '');
  inputOf({ type: 'object', properties: filterProperties(filters) }, Object.fromEntries(given));
  return Object.fromEntries(given.map(([name, value]) => [name, String(value).trim()]));
}

/** The key of a table of choices that was asked for; null: any. */
export function chosenOf<Key extends string>(
  table: Readonly<Record<Key, unknown>>,
  text: string | undefined,
): Key | null {
  for (const key in table) if (key === text) return key;
  return null;
}

/** The fields, in a form whose answer has them in its URL. */
export function filterForm(filters: readonly Filter[], filtered: Filtered, path: string, sort: string | null): Html {
  const hidden = sort === null ? null : html`<input type="hidden" name="sort" value="${sort}">`;
  const clear = Object.keys(filtered).length === 0 ? null : html`<a class="button quiet" href="${path}">Clear</a>`;
  return html`<form class="filters" method="get" action="${path}" role="search">${hidden}
${filters.map((filter) => field(filter, filtered[filter.name] ?? ''))}
<div class="tools"><button type="submit">Filter</button>${clear}</div></form>`;
}

function field(filter: Filter, value: string): Html {
  const { name, label } = filter;
  const choices = choicesOf(filter, value);
  const input =
    choices !== null
      ? html`<select id="filter-${name}" name="${name}">${choices.map((one) => option(one, value === '' && filter.kind === 'choice' ? (filter.fallback ?? '') : value))}</select>`
      : html`<input id="filter-${name}" name="${name}" type="search" value="${value}" placeholder="${filter.kind === 'text' ? (filter.hint ?? '') : ''}" maxlength="${LONGEST}">`;
  return html`<div class="field"><label for="filter-${name}">${label}</label>${input}</div>`;
}

/** null: any text. */
function choicesOf(filter: Filter, value: string): readonly Choice[] | null {
  const { choices = [] } = filter;
  const all: readonly Choice[] = [['', 'all']];
  if (filter.kind === 'choice') return filter.fallback === undefined ? [...all, ...choices] : choices;
  if (choices.length === 0 || choices.length > MOST_CHOICES) return null;
  const isThere = value === '' || choices.some(([one]) => one === value);
  return [...all, ...(isThere ? [] : ([[value, value]] as const)), ...choices];
}

const option = ([value, label]: Choice, chosen: string): Html =>
  html`<option value="${value}"${value === chosen ? html` selected` : null}>${label}</option>`;
