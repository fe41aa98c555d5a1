/** One request to an API that the operator named. */
export interface ApiRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  /** null: none. */
  readonly body: string | null;
  /** For the whole exchange, body included. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** `failed` are all ways to get no whole answer; none of them is thrown. */
export type ApiResponse =
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly mediaType: string | null;
      /** Of a redirect, as it came; redirects are not followed. */
      readonly location: string | null;
      readonly retryAfterMs: number | null;
      /** UTF-8, without a byte order mark. */
      readonly text: string;
    }
  | {
      readonly kind: 'failed';
      readonly code: 'blocked' | 'unreachable' | 'timeout' | 'too-large' | 'stopped';
      /** A sentence for the operator; may name the address. */
      readonly reason: string;
      /** false: no byte of the request was written, so that even a write may be sent again. */
      readonly sent: boolean;
    };
