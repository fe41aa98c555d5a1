import { readFileSync } from 'node:fs';
import type { Agenda } from 'agenda';
import { createExpressMiddleware } from 'agendash';

/** A page of Agenda's own over its jobs. */
export interface Dashboard {
  /** The page itself, which names what it loads from where it is. */
  readonly page: string;
  /** What the page loads and asks for, as middleware of Express. */
  readonly serve: ReturnType<typeof createExpressMiddleware>;
}

/** Agendash over the jobs of this Agenda. It says nothing of who may use it. */
export const openAgendash = (agenda: Agenda): Dashboard => ({
  page: readFileSync(new URL('../public/index.html', import.meta.resolve('agendash')), 'utf8'),
  serve: createExpressMiddleware(agenda),
});
