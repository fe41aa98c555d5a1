/** Where on a page a link stands; what stands around every page of a site leads rarely to one dataset. */
export type Region = 'main' | 'header' | 'navigation' | 'aside' | 'footer';

/** How a page refers to a URL. */
export type LinkSource =
  | 'link'
  | 'alternate'
  | 'download-property'
  | 'access-property'
  | 'refresh'
  | 'frame'
  | 'object'
  | 'button'
  | 'field'
  | 'rule';

/** One reference of a page, with what is said about it. Texts are shortened, white space collapsed. */
export interface PageLink {
  /** Absolute, http or https, without a fragment. */
  readonly url: string;
  readonly source: LinkSource;
  readonly region: Region;
  /** What the link itself shows: text, alternative text of its pictures, titles. */
  readonly text: string;
  /** What stands next to it, up to the next link or line. */
  readonly near: string;
  /** The smallest row, item or paragraph around it that says more than the link. */
  readonly row: string;
  /** Headings above it, the nearest first. */
  readonly headings: readonly string[];
  /** Declared media type or format, e.g. of `type`, `data-format`, `encodingFormat`. */
  readonly declaredType: string | null;
  /** The `download` attribute; `''` when it names no file. */
  readonly download: string | null;
  readonly rel: string;
  readonly classes: string;
}

/** What a page says, as far as it matters for finding the data behind it. */
export interface Page {
  /** The URL that answered, and the one that was asked for with its fragment: share links keep words there. */
  readonly url: string;
  readonly askedUrl: string;
  readonly title: string;
  /** Texts of h1. */
  readonly headline: string;
  /** The first part of what is visible. */
  readonly opening: string;
  /** Generator, application and script hosts: which software made the page. */
  readonly software: string;
  readonly links: readonly PageLink[];
  /** Bodies of JSON-LD scripts. */
  readonly jsonLd: readonly string[];
  readonly hasPassword: boolean;
  /** The page had more links, or was longer, than is looked at. */
  readonly isCut: boolean;
}

/** What the portal says of the resource whose URL answered with the page. */
export interface Wanted {
  readonly declaredFormat: string | null;
  readonly resourceName: string | null;
  readonly datasetTitle: string | null;
}
