import type { ByteRange, StoredBytes } from './ArchiveStore.ts';

/** What is to become an object. */
export interface NewObject {
  readonly key: string;
  /** Kept in the object's metadata, so that an object whose upload lost its answer can be told from another's. */
  readonly stage: string;
  readonly mediaType: string | null;
}

/** A piece of a large body, cut off in order. */
export interface Part {
  /** Counts from 0. */
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** A large object on its way into the service, in parts that nobody sees before `complete`. */
export interface PartTarget {
  /** So many parts may be under way at a time; with 1 they arrive in order. */
  readonly atOnce: number;
  /** Size of the part with this number; the last one may be smaller. */
  partBytes(number: number): number;
  send(part: Part, signal: AbortSignal): Promise<void>;
  /** Sends the last part and makes an object of all of them; throws, and makes none, where the key is taken. */
  complete(last: Part): Promise<void>;
  /** Idempotent, also before the first part. Never throws: what cannot be dropped now is left to `dropUploads`. */
  abandon(): Promise<void>;
}

/** What is known of an object without reading it. */
export interface ObjectFacts {
  readonly bytes: number;
  /** null: not made by this archiver. */
  readonly stage: string | null;
}

/**
 * An object storage of a cloud: one container or bucket. Methods throw what its library throws; `ObjectStore` makes an
 * `ArchiveStore` of it and wraps the errors.
 */
export interface ObjectService {
  /** As the setting `store` names it. */
  readonly name: string;
  /** For people, without secrets: `container x of host`. */
  readonly place: string;
  /** Checks that objects can be written; throws when they cannot. */
  open(): Promise<void>;
  /** A whole object in one request; throws, and writes nothing, where the key is taken. */
  put(object: NewObject, body: Uint8Array): Promise<void>;
  /** A small object that takes the place of what has its key. */
  replace(key: string, body: Uint8Array): Promise<void>;
  /** Does nothing yet. */
  startParts(object: NewObject): PartTarget;
  /** null when there is no such key. */
  read(key: string, range: ByteRange | null): Promise<StoredBytes | null>;
  /** null when there is no such key. */
  facts(key: string): Promise<ObjectFacts | null>;
  /** Keys that begin with `prefix`, a page of at most a thousand at a time. */
  list(prefix: string): AsyncIterable<string>;
  /** Idempotent. */
  remove(key: string): Promise<void>;
  /** Throws when it takes no bytes now; leaves nothing that anybody sees. */
  probe(signal: AbortSignal): Promise<void>;
  /** Drops uploads in parts that were started so long ago and never completed. Answers how many. */
  dropUploads(olderThanMs: number): Promise<number>;
  close(): Promise<void>;
}
