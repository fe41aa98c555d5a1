/** A form that was sent on the way to a file: kept, so that it can be shown what was agreed to, and when. Plain data. */
export interface Acceptance {
  /** ISO 8601. */
  readonly at: string;
  /** The page that asked, without credentials. */
  readonly url: string;
  /** `rule`: a rule of the setting `forms`; `automatic`: a plain licence form of a listed host. */
  readonly mode: 'rule' | 'automatic';
  /** The rule's `url`, or the entry of `acceptLicences`. */
  readonly rule: string;
  /** Of {@link text} in UTF-8, 64 hexadecimal digits. */
  readonly sha256: string;
  /** What the page showed, white space collapsed, up to 64 KiB. */
  readonly text: string;
}
