import { setTimeout } from 'node:timers/promises';
import { messageOf } from '../../errors.ts';
import type { Visit } from './visit.ts';

const LOOK_MS = 2000;
/** Proxies cut off connections that say nothing; so does who reads them in vain. */
const SIGN_OF_LIFE_MS = 15_000;
/** Then the browser connects again, and a caller who may not look any more is refused. */
const LONGEST_MS = 10 * 60_000;
const MOST_FOLLOWERS = 100;

/** How something stands, for those who follow it. */
export interface Followed {
  /** Whatever JSON can say. */
  readonly state: unknown;
  /** Nothing changes after this. */
  readonly hasEnded: boolean;
}

let followers = 0;

/**
 * Server-sent events (WHATWG HTML section 9.2) that say that a page has changed: `change`, and `end` when nothing follows.
 * Where too many listen already the answer is 503, and the page looks for itself.
 */
export async function followChanges(visit: Visit, read: () => Promise<Followed>): Promise<void> {
  const { response } = visit;
  if (followers >= MOST_FOLLOWERS) {
    response.status(503).setHeader('Retry-After', '60').end();
    return;
  }
  followers += 1;
  try {
    const first = await read();
    response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
    response.setHeader('X-Accel-Buffering', 'no');
    response.write('retry: 3000\n\n');
    await tellChanges(visit, first, read);
  } finally {
    followers -= 1;
  }
}

async function tellChanges(visit: Visit, first: Followed, read: () => Promise<Followed>): Promise<void> {
  const { response, deps } = visit;
  const signal = AbortSignal.any([closingOf(visit), deps.admin.stopping]);
  const startedAt = performance.now();
  let [known, saidAt] = ['', startedAt];
  let followed = first;
  try {
    while (performance.now() - startedAt < LONGEST_MS) {
      const state = JSON.stringify(followed.state);
      if (state !== known) response.write('event: change\ndata: \n\n');
      else if (performance.now() - saidAt > SIGN_OF_LIFE_MS) response.write(': \n\n');
      if (state !== known || performance.now() - saidAt > SIGN_OF_LIFE_MS) saidAt = performance.now();
      known = state;
      if (followed.hasEnded) return void response.end('event: end\ndata: \n\n');
      await setTimeout(LOOK_MS, undefined, { signal });
      followed = await read();
    }
  } catch (error) {
    // The browser connects again, and is told then what is wrong.
    if (!signal.aborted) deps.logger.warn({ error: messageOf(error) }, 'what a page follows could not be read');
  }
  response.end();
}

function closingOf({ response }: Visit): AbortSignal {
  const closing = new AbortController();
  response.once('close', () => closing.abort());
  return closing.signal;
}
