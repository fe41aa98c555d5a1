import type { Action } from '../portal/Portal.ts';
import type { HeaderName, InputSchema } from './input/inputParts.ts';

/** One route: what the router, the OpenAPI document, the manifest and the README say of it. */
export interface Route {
  readonly id: string;
  readonly method: 'get' | 'post';
  /** As OpenAPI writes it; `{key}` alone stands for several segments. */
  readonly path: string;
  /** What the portal is asked to authorize; null: open to everybody. */
  readonly action: Action | null;
  readonly summary: string;
  /** What it answers when all is well, and with which schema; without one there is no JSON, but perhaps text. */
  readonly answers: Readonly<
    Record<
      number,
      {
        readonly description: string;
        readonly schema?: string;
        /** One of several. */
        readonly schemas?: readonly string[];
        readonly texts?: readonly string[];
      }
    >
  >;
  /** Statuses of problem details. */
  readonly problems: readonly number[];
  readonly headers?: readonly HeaderName[];
  /** The schema by which its query is validated. */
  readonly query?: InputSchema;
  /** For people in a browser: its problems are pages, too. */
  readonly isPage?: true;
  /** Takes a form, by this schema, and the token of its page. */
  readonly fields?: InputSchema;
  /** Takes a JSON object, by this schema. */
  readonly json?: InputSchema;
}
