import { formatByName } from '../sniff/formats.ts';

/** The direct form of a page that shows one file or dataset, as its software documents it. */
export interface DirectForm {
  readonly url: string;
  /** `a file page of GitHub` */
  readonly because: string;
  /** The format that the form asks for, where it asks for one. */
  readonly format: string | null;
}

/** What a rule looks at. */
export interface RuleContext {
  readonly url: URL;
  /** Declared format in lower-case letters and digits; `''` when none is declared. */
  readonly wanted: string;
  /** Which software the page names: generator, script hosts, and its own words. */
  readonly software: string;
}

/** Knows the pages of one platform; null for all others. */
export type DirectFormRule = (context: RuleContext) => DirectForm | null;

/** Lower-case letters and digits alone. */
export const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');

/** The domain itself or a host below it. */
export const isHost = ({ hostname }: URL, domain: string): boolean =>
  hostname === domain || hostname.endsWith(`.${domain}`);

/** `format`: what the form asks for. */
export const form = (url: string, because: string, format: string | null = null): DirectForm => ({
  url,
  because,
  format,
});

/** The same URL with another path, query kept or set. */
export function moved(url: URL, path: string, query?: Readonly<Record<string, string>>): string {
  const target = new URL(url.href);
  target.pathname = path;
  target.hash = '';
  if (query) target.search = new URLSearchParams(query).toString();
  return target.href;
}

/** The same URL with one parameter set, without its fragment. */
export function withParameter(url: URL, name: string, value: string): string {
  const target = new URL(url.href);
  target.hash = '';
  target.searchParams.set(name, value);
  return target.href;
}

/** The format that was declared, when the platform exports it; else the first it exports. */
export function choice<Value>(
  wanted: string,
  exports: Readonly<Record<string, Value>>,
  otherwise: string,
): [string, Value | undefined] {
  const known = plain(formatByName(wanted)?.format ?? wanted);
  const name = Object.keys(exports).find((one) => one === known || one === wanted) ?? otherwise;
  return [name, exports[name]];
}
