import type { HeadText } from './headText.ts';

/** Which piece of a body, beyond its first bytes, tells what it is: its end, or what begins at an offset. */
export type SampleRange = 'end' | number;

/** What is known of a body when it is asked what it is. */
export interface SniffInput {
  /** The first bytes of the representation, decoded, at most 64 KiB. */
  readonly head: Uint8Array;
  /** The same as text, where the caller has it. */
  readonly text?: HeadText;
  /** Whether that is everything. */
  readonly complete: boolean;
  /** The piece that an earlier look at the same head pointed to. */
  readonly secondSample?: Uint8Array | null;
  readonly contentType: string | null;
  readonly declaredFormat: string | null;
  readonly name: string | null;
  readonly url: string;
}

/** What a body is, for its record and its name. */
export interface Sniffed {
  readonly data: boolean;
  /** Without parameters. */
  readonly mediaType: string;
  /** As portals write it; null when neither the bytes nor anyone else names one. */
  readonly format: string | null;
  /** null for bytes that are no text. */
  readonly charset: string | null;
  /** Without a dot, e.g. `csv`, `csv.zip`; null when nothing is known. */
  readonly extension: string | null;
  /** Words for people, the strongest first. */
  readonly evidence: readonly string[];
  /** Why the bytes are not data; null when they are. */
  readonly notData: string | null;
  /** A container whose table of contents lies beyond the head: where. */
  readonly sampleRange: SampleRange | null;
}

/** What the bytes alone say. */
export interface Finding {
  readonly format: string | null;
  readonly evidence: readonly string[];
  readonly charset: string | null;
  readonly notData: string | null;
  readonly extension?: string | null;
  /** Concluded from regularity alone, so that a media type of its own keeps its word. */
  readonly weak?: boolean;
  readonly sampleRange?: SampleRange | null;
}
