import { tokenizeHtml } from '../html/tokenizeHtml.ts';
import type { Field, Form, FormPage } from './Form.ts';

const MAX_PAGE = 2 * 1024 * 1024;
const MAX_FORMS = 20;
const MAX_FIELDS = 500;
const MAX_LINKS = 5000;
const MAX_TEXT = 64 * 1024;
const MAX_LABEL = 300;
const HIDDEN = /^(script|style|template|title|noscript|svg|math|iframe|noembed|noframes|xmp)$/;
const BLOCK = /^(p|div|li|tr|br|h[1-6]|section|article|td|th|form|label|button|ul|ol|table|dd|dt|option)$/;
const CAPTCHA = /captcha|turnstile|recaptcha|arkose|friendlycaptcha/i;

type Attributes = ReadonlyMap<string, string>;
type Draft<Value> = { -readonly [Key in keyof Value]: Value[Key] };

interface FormDraft extends Draft<Omit<Form, 'fields'>> {
  readonly fields: Draft<Field>[];
  readonly id: string;
}

/** Reads the forms, links and words of a page, in one pass and in bounded memory. */
export function readForms(html: string, url: string): FormPage {
  const reader = new FormReader(url);
  tokenizeHtml(html.slice(0, MAX_PAGE), {
    open: (name, attributes) => reader.open(name, attributes),
    close: (name) => reader.close(name),
    text: (chars) => reader.text(chars),
  });
  return reader.page(html.length > MAX_PAGE);
}

class FormReader {
  readonly #url: string;
  readonly #forms: FormDraft[] = [];
  readonly #links: { url: string; text: string }[] = [];
  /** Labels by the id of their field, and fields that have an id. */
  readonly #labels = new Map<string, string>();
  readonly #identified = new Map<string, Draft<Field>>();
  #base: string;
  #form: FormDraft | null = null;
  #hidden: string | null = null;
  #text = '';
  #refresh: string | null = null;
  #hasCaptcha = false;
  #isCut = false;
  #fields = 0;
  #link: { url: string; text: string } | null = null;
  #button: Draft<Field> | null = null;
  #select: Draft<Field> | null = null;
  #option: { value: string | null; text: string; selected: boolean } | null = null;
  #area: Draft<Field> | null = null;
  #label: { readonly for: string | null; text: string; field: Draft<Field> | null } | null = null;
  /** The last box without a label: what follows it is one. */
  #bare: Draft<Field> | null = null;

  constructor(url: string) {
    this.#url = url;
    this.#base = url;
  }

  open(name: string, attributes: Attributes): void {
    if (HIDDEN.test(name)) this.#hidden = name;
    if (BLOCK.test(name)) this.#space();
    this.#note(name, attributes);
    if (name === 'form') this.#openForm(attributes);
    else if (name === 'a') this.#openLink(attributes);
    else if (name === 'option') this.#openOption(attributes);
    else if (name === 'label') this.#label = { for: attributes.get('for') ?? null, text: '', field: null };
    else if (/^(input|button|select|textarea)$/.test(name)) this.#openField(name, attributes);
  }

  close(name: string): void {
    if (name === this.#hidden) this.#hidden = null;
    if (BLOCK.test(name)) this.#space();
    if (name === 'form') this.#form = null;
    if (name === 'a') this.#link = null;
    if (name === 'button') this.#button = null;
    if (name === 'textarea') this.#area = null;
    if (name === 'option' || name === 'select') this.#endOption();
    if (name === 'select') this.#select = null;
    if (name === 'label') this.#endLabel();
  }

  text(chars: string): void {
    if (this.#hidden !== null) return;
    const text = chars.slice(0, MAX_TEXT);
    if (this.#area) this.#area.value = (this.#area.value + text).slice(0, MAX_TEXT);
    if (this.#option) {
      if (this.#option.text.length < MAX_LABEL) this.#option.text += text;
      return;
    }
    if (this.#text.length < MAX_TEXT) this.#text += text;
    if (this.#form && this.#form.text.length < MAX_TEXT) this.#form.text += text;
    for (const holder of [this.#link, this.#label]) if (holder && holder.text.length < MAX_LABEL) holder.text += text;
    const labelled = this.#button ?? (this.#label ? null : this.#bare);
    if (labelled && labelled.label.length < MAX_LABEL) labelled.label += text;
  }

  page(isCut: boolean): FormPage {
    for (const [id, label] of this.#labels) {
      const field = this.#identified.get(id);
      if (field) field.label = `${label} ${field.label}`;
    }
    const forms = this.#forms.map((form) => ({
      ...form,
      text: clean(form.text, MAX_TEXT),
      fields: form.fields.map((field) => ({ ...field, label: clean(field.label, MAX_LABEL) })),
    }));
    return {
      url: this.#url,
      forms,
      links: this.#links.map(({ url, text }) => ({ url, text: clean(text, MAX_LABEL) })),
      refresh: this.#refresh,
      text: clean(this.#text, MAX_TEXT),
      hasCaptcha: this.#hasCaptcha,
      isCut: isCut || this.#isCut,
    };
  }

  #openForm(attributes: Attributes): void {
    // As in browsers: the tag of a form within a form counts for nothing.
    if (this.#form) {
      this.#form.isNested = true;
      return;
    }
    if (this.#forms.length >= MAX_FORMS) {
      this.#isCut = true;
      return;
    }
    const method = attributes.get('method')?.trim().toLowerCase();
    this.#form = {
      id: attributes.get('id') ?? '',
      action: this.#absolute(attributes.get('action') ?? ''),
      method: method === 'post' || method === 'dialog' ? method : 'get',
      isMultipart: /multipart\/form-data/i.test(attributes.get('enctype') ?? ''),
      fields: [],
      text: '',
      role: `${attributes.get('role') ?? ''} ${attributes.get('class') ?? ''} ${attributes.get('id') ?? ''}`.slice(
        0,
        MAX_LABEL,
      ),
      isNested: false,
    };
    this.#forms.push(this.#form);
  }

  #openField(name: string, attributes: Attributes): void {
    const owner = attributes.get('form');
    const form = owner === undefined ? this.#form : (this.#forms.find(({ id }) => id === owner) ?? this.#form);
    if (!form) return;
    this.#fields += 1;
    if (this.#fields > MAX_FIELDS) {
      this.#isCut = true;
      return;
    }
    const field = this.#fieldOf(name, attributes);
    form.fields.push(field);
    if (name === 'input' && field.type === 'submit') this.text(` ${field.value} `);
    const id = attributes.get('id');
    if (id !== undefined) this.#identified.set(id, field);
    if (this.#label) this.#label.field ??= field;
    if (name === 'button') this.#button = field;
    if (name === 'select') this.#select = field;
    if (name === 'textarea') this.#area = field;
    this.#bare = /^(checkbox|radio)$/.test(field.type) ? field : null;
  }

  #fieldOf(name: string, attributes: Attributes): Draft<Field> {
    const declared = attributes.get('type')?.trim().toLowerCase();
    const type = name === 'input' ? (declared ?? 'text') : name === 'button' ? (declared ?? 'submit') : name;
    const isBox = type === 'checkbox' || type === 'radio';
    const formaction = attributes.get('formaction');
    return {
      name: attributes.get('name') ?? '',
      type: attributes.has('disabled') ? 'disabled' : type,
      value: attributes.get('value') ?? (isBox ? 'on' : ''),
      checked: attributes.has('checked'),
      required: attributes.has('required') || attributes.get('aria-required') === 'true',
      label: `${attributes.get('aria-label') ?? ''} ${type === 'submit' && name === 'input' ? (attributes.get('value') ?? '') : ''} ${attributes.get('alt') ?? ''}`,
      options: [],
      action: formaction === undefined ? null : this.#absolute(formaction),
    };
  }

  #openOption(attributes: Attributes): void {
    this.#endOption();
    if (this.#select)
      this.#option = { value: attributes.get('value') ?? null, text: '', selected: attributes.has('selected') };
  }

  #endOption(): void {
    if (!this.#option || !this.#select) return;
    const text = clean(this.#option.text, MAX_LABEL);
    const value = this.#option.value ?? text;
    if (this.#select.options.length < MAX_FIELDS) this.#select.options = [...this.#select.options, [value, text]];
    if (this.#option.selected || this.#select.options.length === 1) this.#select.value = value;
    this.#option = null;
  }

  #endLabel(): void {
    if (!this.#label) return;
    const { for: id, text, field } = this.#label;
    if (field) field.label += ` ${text}`;
    else if (id !== null && this.#labels.size < MAX_FIELDS) this.#labels.set(id, text);
    this.#label = null;
    this.#bare = null;
  }

  #openLink(attributes: Attributes): void {
    const url = this.#absolute(attributes.get('href') ?? '#');
    const usable = attributes.has('href') && url !== null && this.#links.length < MAX_LINKS;
    this.#link = usable ? { url, text: attributes.get('title') ?? '' } : null;
    if (this.#link) this.#links.push(this.#link);
  }

  #note(name: string, attributes: Attributes): void {
    if (name === 'base') this.#base = this.#absolute(attributes.get('href') ?? '') ?? this.#base;
    const marks = ['src', 'class', 'id', 'name'].map((key) => (attributes.get(key) ?? '').slice(0, 200)).join(' ');
    if (CAPTCHA.test(marks)) this.#hasCaptcha = true;
    if (name !== 'meta' || !/^refresh$/i.test(attributes.get('http-equiv') ?? '')) return;
    const target = /url\s*=\s*['"]?([^'"]+)/i.exec((attributes.get('content') ?? '').slice(0, 4096))?.[1];
    if (target !== undefined) this.#refresh ??= this.#absolute(target.trim());
  }

  #space(): void {
    if (this.#text.length < MAX_TEXT && this.#hidden === null) this.#text += ' ';
    if (this.#form && this.#form.text.length < MAX_TEXT) this.#form.text += ' ';
  }

  #absolute(href: string): string | null {
    if (href.length > 4096 || !URL.canParse(href.trim(), this.#base)) return null;
    const url = new URL(href.trim(), this.#base);
    url.hash = '';
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
  }
}

const clean = (text: string, length: number): string => text.replace(/\s+/g, ' ').trim().slice(0, length);
