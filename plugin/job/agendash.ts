import type { Agenda } from 'agenda';
import { createExpressMiddleware } from 'agendash';

/** A page of Agenda's own over its jobs, and what that page asks for; as middleware of Express. */
export type Dashboard = ReturnType<typeof createExpressMiddleware>;

/** Agendash over the jobs of this Agenda. It says nothing of who may use it. */
export const openAgendash = (agenda: Agenda): Dashboard => createExpressMiddleware(agenda);
