import type { HeaderMap } from '../../model/attempt.ts';
import type { Framing } from '../http/framing.ts';
import type { Failure } from '../outcome/failure.ts';

/** How a body came to its end; `dropped`: by ourselves. */
export type BodyEnd =
  | {
      readonly kind: 'complete';
      readonly framing: Framing;
      /** More came behind the declared length; it is not of the body, and the connection is given up. */
      readonly excess?: boolean;
    }
  | {
      readonly kind: 'broken';
      readonly failure: Failure;
      /** The connection went, so that a range request may fetch the rest. */
      readonly lost: boolean;
      /** Unreadable, but perhaps not for the lenient parser. */
      readonly malformed: boolean;
    }
  | { readonly kind: 'dropped' };

/** Takes one chunk; a promise holds the sender back until it is settled. */
export type Consume = (chunk: Buffer) => Promise<void> | null;

/** The head of a final (not 1xx) response, and its body still to be read or dropped: one of both must happen. */
export interface HttpResponse {
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case, values as latin1 text; a repeated one as a list. */
  readonly headers: HeaderMap;
  /** Read by the lenient parser. */
  readonly lenient: boolean;
  /** Bytes of the body that came over the wire so far. */
  readonly wireBytes: number;
  /** Rejects only with what `consume` threw. */
  read(consume: Consume): Promise<BodyEnd>;
  /** Gives the rest up; the connection is kept only when the body is already complete. */
  drop(): void;
}

/** What one request came to. */
export type ExchangeResult =
  | { readonly kind: 'response'; readonly response: HttpResponse }
  | {
      readonly kind: 'failure';
      readonly failure: Failure;
      /** The request was written, as far as we can tell: it counts. */
      readonly sent: boolean;
      /** Unreadable, but perhaps not for the lenient parser. */
      readonly malformed: boolean;
      /** A kept connection that the server had closed meanwhile. */
      readonly staleConnection: boolean;
    };

/** What a request needs; the URL without credentials or fragment. */
export interface HttpRequest {
  readonly url: URL;
  /** Path and query as they are sent; may hold a credential that `url` does not. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Makes it a POST with this content; it is sent once, whatever becomes of it. */
  readonly content?: Buffer | null;
}
