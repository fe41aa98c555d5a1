import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AuthorizationRequest } from 'portal-archiver';
import type { Catalogue } from './catalogue.ts';
import { type Role, Sessions } from './sessions.ts';

/** The tokens that sign an editor and an administrator in. */
export interface Tokens {
  readonly admin: string;
  readonly editor: string;
}

const COOKIE = 'portal_session';

/** What a browser is handed when somebody signs in. */
export interface SessionCookie {
  readonly name: string;
  readonly value: string;
}

/** Who asks and what they may do; the same for the portal's API, its pages and the archiver's routes. */
export class Access {
  readonly #tokens: Tokens;
  readonly #catalogue: Catalogue;
  readonly #sessions = new Sessions();

  constructor(tokens: Tokens, catalogue: Catalogue) {
    this.#tokens = tokens;
    this.#catalogue = catalogue;
  }

  roleOfToken(token: string | null): Role {
    if (token !== null && same(token, this.#tokens.admin)) return 'administrator';
    return token !== null && same(token, this.#tokens.editor) ? 'editor' : 'anonymous';
  }

  /** By `Authorization` alone, as CKAN does (`Bearer` before the token is allowed). */
  roleOfApi({ headers }: IncomingMessage): Role {
    return this.roleOfToken(headers.authorization?.replace(/^Bearer\s+/i, '').trim() ?? null);
  }

  /** Of somebody who signed in on the pages. A cookie comes along unasked, so it must never be enough to change something elsewhere. */
  roleOfCookie(request: IncomingMessage): Role {
    return this.#sessions.roleOf(readCookie(request));
  }

  /** null: nobody's token. Else the cookie of a new session, in place of the one that the request came with. */
  signIn(request: IncomingMessage, token: string): SessionCookie | null {
    const role = this.roleOfToken(token);
    if (role === 'anonymous') return null;
    this.signOut(request);
    return { name: COOKIE, value: this.#sessions.open(role) };
  }

  /** The session ends here, not only in the browser. */
  signOut(request: IncomingMessage): Omit<SessionCookie, 'value'> {
    this.#sessions.close(readCookie(request));
    return { name: COOKIE };
  }

  /** The archiver's question. */
  async mayArchive(
    request: IncomingMessage,
    { action, datasetId, resourceId }: AuthorizationRequest,
  ): Promise<boolean> {
    const role = this.#roleOfArchiver(request);
    if (role === 'administrator') return true;
    if (action === 'archive.trigger') return role === 'editor' && resourceId !== null;
    if (action !== 'archive.read' && action !== 'archive.download') return false;
    if (datasetId === null) return false;
    const dataset = await this.#catalogue.dataset(datasetId);
    return dataset !== null && (!dataset.private || role === 'editor');
  }

  #roleOfArchiver(request: IncomingMessage): Role {
    const isReading = request.method === 'GET' || request.method === 'HEAD';
    // A form of the archiver's pages carries a token of the archiver's, which no page of another site knows.
    const isForm = 'originalUrl' in request && String(request.originalUrl).startsWith('/archiver/admin/');
    return request.headers.authorization === undefined && (isReading || isForm)
      ? this.roleOfCookie(request)
      : this.roleOfApi(request);
  }
}

function readCookie({ headers }: IncomingMessage): string | null {
  const pairs = headers.cookie?.split(';').map((pair) => pair.trim()) ?? [];
  const found = pairs.find((pair) => pair.startsWith(`${COOKIE}=`));
  return found?.slice(COOKIE.length + 1) ?? null;
}

/** In constant time. */
const same = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
