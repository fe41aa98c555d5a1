import { randomBytes } from 'node:crypto';
import type { Field, Form, Submission } from './Form.ts';

/** A form with what is filled in, ticked and pressed. */
export interface FilledForm {
  readonly form: Form;
  /** By field name; texts, the value or text of an option, the value of a radio button. */
  readonly values: ReadonlyMap<string, string>;
  readonly ticked: ReadonlySet<Field>;
  readonly button: Field | null;
}

/** Controls that are never sent: WHATWG HTML, section 4.10.22.4. */
const UNSUCCESSFUL = /^(disabled|file|reset|button)$/;

/**
 * What a browser would send (WHATWG HTML, section 4.10.22): successful controls in the order of the page, urlencoded or
 * multipart. `pageUrl` is named as the Referer, which checks against forged forms want. null: it leads nowhere.
 */
export function submissionOf(filled: FilledForm, pageUrl: string): Submission | null {
  const action = filled.button?.action ?? filled.form.action;
  if (action === null) return null;
  const url = new URL(action);
  const entries = entriesOf(filled);
  if (filled.form.method !== 'post') {
    url.search = new URLSearchParams(entries).toString();
    return { url, content: null };
  }
  const { content, type } = filled.form.isMultipart ? multipart(entries) : urlencoded(entries);
  const page = new URL(pageUrl);
  const headers = {
    'content-type': type,
    origin: page.origin,
    referer: `${page.origin}${page.pathname}${page.search}`,
  };
  return { url, content: { content, headers } };
}

function entriesOf({ form, values, ticked, button }: FilledForm): [string, string][] {
  return form.fields.flatMap((field): [string, string][] => {
    if (field.name === '' || UNSUCCESSFUL.test(field.type)) return [];
    if (field.type === 'submit' || field.type === 'image') return field === button ? buttonEntries(field) : [];
    if (field.type === 'checkbox') return field.checked || ticked.has(field) ? [[field.name, field.value]] : [];
    if (field.type === 'radio') return isChosen(field, values, ticked) ? [[field.name, field.value]] : [];
    return [[field.name, filledValue(field, values)]];
  });
}

function isChosen(field: Field, values: ReadonlyMap<string, string>, ticked: ReadonlySet<Field>): boolean {
  const chosen = values.get(field.name);
  return chosen === undefined ? field.checked || ticked.has(field) : chosen === field.value || chosen === field.label;
}

function buttonEntries({ name, type, value }: Field): [string, string][] {
  if (type !== 'image') return [[name, value]];
  return [
    [`${name}.x`, '1'],
    [`${name}.y`, '1'],
  ];
}

function filledValue({ name, type, value, options }: Field, values: ReadonlyMap<string, string>): string {
  const given = values.get(name);
  if (given === undefined) return value;
  if (type !== 'select') return given;
  return options.find(([one, text]) => one === given || text === given)?.[0] ?? given;
}

function urlencoded(entries: readonly [string, string][]) {
  const text = new URLSearchParams([...entries]).toString();
  return { content: Buffer.from(text, 'utf8'), type: 'application/x-www-form-urlencoded' };
}

/** RFC 7578; names and values as browsers escape them. */
function multipart(entries: readonly [string, string][]) {
  const boundary = `----form${randomBytes(16).toString('hex')}`;
  const parts = entries.map(
    ([name, value]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(name)}"\r\n\r\n${value.replace(/\r?\n|\r/g, '\r\n')}\r\n`,
  );
  const content = Buffer.from(`${parts.join('')}--${boundary}--\r\n`, 'utf8');
  return { content, type: `multipart/form-data; boundary=${boundary}` };
}

const escaped = (name: string): string => name.replace(/\r?\n|\r/g, '%0D%0A').replace(/"/g, '%22');
