import type { Action } from '../portal/Portal.ts';
import type { QuerySchema } from './list/listQuery.ts';

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
  readonly headers?: readonly string[];
  /** Parameters of the query, and what each is for. */
  readonly query?: Readonly<Record<string, string>>;
  /** The schema by which its query is validated. */
  readonly parameters?: QuerySchema;
  /** Takes `limit` and `after`. */
  readonly pages?: true;
  /** For people in a browser: its problems are pages, too. */
  readonly isPage?: true;
  /** Takes a form, whose fields these are, all of them texts. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Takes a JSON object, whose members these are. */
  readonly json?: Readonly<Record<string, string>>;
}
