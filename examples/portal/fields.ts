import { randomUUID } from 'node:crypto';

/** What an editor may set. The rest of a row is the portal's, or the archiver's. */
export interface DatasetFields {
  readonly name: string;
  readonly title: string;
  readonly notes: string;
  readonly license_id: string;
  readonly private: boolean;
  /** Id of the organisation; null: nobody's. */
  readonly owner_org: string | null;
  /** Who looks after it, and gets mail about its links; null: nobody. */
  readonly maintainer: string | null;
  readonly maintainer_email: string | null;
}

/** What an editor may set of a resource. */
export interface ResourceFields {
  /** Any text: judging it is the archiver's work. */
  readonly url: string;
  readonly name: string;
  readonly description: string;
  readonly format: string;
  readonly url_type: string | null;
}

/** What came in with a request, not checked yet. */
export type Input = Readonly<Record<string, unknown>>;

/** CKAN's Validation Error: for each field what is wrong with it. */
export class ValidationError extends Error {
  readonly fields: Readonly<Record<string, readonly string[]>>;

  constructor(fields: Readonly<Record<string, readonly string[]>>) {
    super('Validation Error');
    this.fields = fields;
  }
}

/** Reads fields one by one and reports everything that is wrong together. */
class FieldReader {
  readonly #input: Input;
  readonly #errors: Record<string, string[]> = {};

  constructor(input: Input) {
    this.#input = input;
  }

  text(field: string): string {
    const value = this.#input[field];
    if (value === undefined || value === null) return '';
    if (typeof value !== 'string') return this.wrong(field, 'Must be a text.', '');
    return value.includes('\0') ? this.wrong(field, 'Must not hold the character NUL.', '') : value;
  }

  truth(field: string): boolean {
    const value = this.#input[field];
    if (value === undefined || value === null || value === '') return false;
    const read = { true: true, false: false, on: true }[String(value).toLowerCase()];
    return read ?? this.wrong(field, 'Must be true or false.', false);
  }

  wrong<Fallback>(field: string, message: string, fallback: Fallback): Fallback {
    this.#errors[field] = [...(this.#errors[field] ?? []), message];
    return fallback;
  }

  /** Throws `ValidationError`. */
  finish<Fields>(fields: Fields): Fields {
    if (Object.keys(this.#errors).length > 0) throw new ValidationError(this.#errors);
    return fields;
  }
}

/** Throws `ValidationError` with everything that is wrong. */
export function readDataset(input: Input): DatasetFields {
  const reader = new FieldReader(input);
  const name = reader.text('name');
  if (!/^[a-z0-9_-]{2,100}$/.test(name))
    reader.wrong('name', 'Must be 2 to 100 lower-case letters, digits, hyphens or underscores.', null);
  const email = reader.text('maintainer_email') || null;
  if (email !== null && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email))
    reader.wrong('maintainer_email', 'Must be an address of e-mail.', null);
  return reader.finish({
    name,
    title: reader.text('title') || name,
    notes: reader.text('notes'),
    license_id: reader.text('license_id'),
    private: reader.truth('private'),
    owner_org: reader.text('owner_org') || null,
    maintainer: reader.text('maintainer') || null,
    maintainer_email: email,
  });
}

/** Throws `ValidationError` with everything that is wrong. */
export function readResource(input: Input): ResourceFields {
  const reader = new FieldReader(input);
  return reader.finish({
    url: reader.text('url'),
    name: reader.text('name'),
    description: reader.text('description'),
    format: reader.text('format'),
    url_type: reader.text('url_type') || null,
  });
}

/** A new id, or the one that was asked for. */
export function readNewId(input: Input): string {
  const { id } = input;
  if (id === undefined || id === null || id === '') return randomUUID();
  if (typeof id === 'string' && /^[A-Za-z0-9_-]{7,100}$/.test(id)) return id;
  throw new ValidationError({ id: ['Must be 7 to 100 letters, digits, hyphens or underscores.'] });
}

/** Which one is meant; CKAN answers a missing id with a validation error too. */
export function readReference(input: Input, field = 'id'): string {
  const value = input[field];
  if (typeof value !== 'string' || value === '') throw new ValidationError({ [field]: ['Missing value'] });
  if (value.includes('\0')) throw new ValidationError({ [field]: ['Must not hold the character NUL.'] });
  return value;
}
