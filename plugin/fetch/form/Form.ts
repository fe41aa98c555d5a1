/** One control of a form, as its page shows it before anybody touches it. */
export interface Field {
  readonly name: string;
  /** In lower case: `text`, `hidden`, `checkbox`, `select`, `textarea`, `submit` … */
  readonly type: string;
  readonly value: string;
  readonly checked: boolean;
  readonly required: boolean;
  /** Its label, or a button's text. */
  readonly label: string;
  /** Of a select: value and text of each option. */
  readonly options: readonly (readonly [string, string])[];
  /** A button's own target; null: the form's. */
  readonly action: string | null;
}

/** A form of a page. */
export interface Form {
  /** Absolute; null when it leads nowhere that could be fetched. */
  readonly action: string | null;
  readonly method: 'get' | 'post' | 'dialog';
  readonly isMultipart: boolean;
  readonly fields: readonly Field[];
  readonly text: string;
  readonly role: string;
  /** A form begins within it, which HTML does not know. */
  readonly isNested: boolean;
}

/** A page as somebody with a form to fill in sees it. */
export interface FormPage {
  readonly url: string;
  readonly forms: readonly Form[];
  readonly links: readonly { readonly url: string; readonly text: string }[];
  /** Where the page itself sends browsers (meta refresh). */
  readonly refresh: string | null;
  /** What is visible, white space collapsed, up to 64 KiB. */
  readonly text: string;
  /** Something on the page asks whether a person is there. */
  readonly hasCaptcha: boolean;
  /** Fields or forms were more than are looked at. */
  readonly isCut: boolean;
}

/** What a filled-in form sends, and where. */
export interface Submission {
  readonly url: URL;
  /** null: a GET, its fields in the URL. */
  readonly content: { readonly content: Buffer; readonly headers: Readonly<Record<string, string>> } | null;
}
