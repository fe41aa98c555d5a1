import { createHash, randomBytes } from 'node:crypto';

export type Role = 'anonymous' | 'editor' | 'administrator';

interface Session {
  readonly role: Role;
  usedAt: number;
}

const IDLE_MS = 12 * 3600 * 1000;
const MAX_SESSIONS = 10_000;

/** Who signed in on the pages. A session's id is nobody's token, is known by its hash alone, and ends with the process. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Answers the id for the cookie; the oldest session goes when there are too many. */
  open(role: Role): string {
    const id = randomBytes(32).toString('base64url');
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
    this.#sessions.set(digest(id), { role, usedAt: this.#now() });
    return id;
  }

  roleOf(id: string | null): Role {
    const key = id === null ? null : digest(id);
    const session = key === null ? undefined : this.#sessions.get(key);
    if (key === null || !session) return 'anonymous';
    if (this.#now() - session.usedAt > IDLE_MS) {
      this.#sessions.delete(key);
      return 'anonymous';
    }
    session.usedAt = this.#now();
    return session.role;
  }

  close(id: string | null): void {
    if (id !== null) this.#sessions.delete(digest(id));
  }
}

const digest = (id: string): string => createHash('sha256').update(id).digest('base64');
