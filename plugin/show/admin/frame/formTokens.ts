import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Whose form it is: the browser that loaded it, and who was signed in, where that is known. */
export interface FormOwner {
  /** Of a cookie of our own. */
  readonly browser: string;
  readonly caller: string | null;
}

/** How long a form may lie open. */
const LIFE_MS = 12 * 3600 * 1000;

/**
 * Tokens that a form carries, so that no page of another site can send one: signed, bound to the browser by a cookie (signed
 * double submit) and to the caller where the portal names one. There is no session behind them; processes that share the key take
 * each other's.
 */
export class FormTokens {
  readonly #key: () => Promise<Buffer>;
  readonly #now: () => Date;

  /** `key` answers the same for all processes of an archive. */
  constructor(key: () => Promise<Buffer>, now: () => Date) {
    this.#key = key;
    this.#now = now;
  }

  /** A name for a browser that has none yet. */
  newBrowser(): string {
    return randomBytes(18).toString('base64url');
  }

  /** For one form, or all of a page. */
  async issue(owner: FormOwner): Promise<string> {
    const until = this.#now().getTime() + LIFE_MS;
    return `${until}.${await this.#sign(until, owner)}`;
  }

  /** Whether the token is of us, of this owner, and not too old. */
  async accepts(token: string, owner: FormOwner): Promise<boolean> {
    const [, untilText = '', signature = ''] = /^(\d{1,15})\.([\w-]{43})$/.exec(token) ?? [];
    if (signature === '' || owner.browser === '' || Number(untilText) < this.#now().getTime()) return false;
    return timingSafeEqual(Buffer.from(signature), Buffer.from(await this.#sign(Number(untilText), owner)));
  }

  async #sign(until: number, { browser, caller }: FormOwner): Promise<string> {
    const said = JSON.stringify(['form', until, browser, caller]);
    return createHmac('sha256', await this.#key())
      .update(said)
      .digest('base64url');
  }
}
