import type { Route } from '../Route.ts';

const REPORT = { method: 'get', action: 'archive.report' } as const;

const ASSET = { method: 'get', action: null, problems: [], headers: ['If-None-Match'] } as const;

/** Agendash, what it loads and what it changes. */
export const AGENDASH_ROUTES = [
  {
    ...ASSET,
    id: 'adminAgendashStyle',
    path: '/admin/agendash.css',
    summary: 'Colours of Agendash that can be told apart',
    answers: { 200: { description: 'The style sheet.', texts: ['text/css'] }, 304: { description: 'Unchanged.' } },
  },
  {
    ...ASSET,
    id: 'adminAgendashScript',
    path: '/admin/agendash.js',
    summary: 'Names and keys for what has neither in Agendash',
    answers: { 200: { description: 'The script.', texts: ['text/javascript'] }, 304: { description: 'Unchanged.' } },
  },
  {
    ...REPORT,
    id: 'adminAgendash',
    path: '/admin/queue/agendash',
    summary: 'Agendash, the page of Agenda itself over the jobs',
    answers: {
      200: { description: 'The page.', texts: ['text/html'] },
      303: { description: 'With a slash at its end.' },
    },
    problems: [403, 500, 503],
    isPage: true,
  },
  {
    ...REPORT,
    id: 'adminAgendashPart',
    path: '/admin/queue/agendash/{key}',
    summary: 'What Agendash loads',
    answers: {
      200: {
        description: 'As Agendash has it.',
        texts: ['text/html', 'text/css', 'text/javascript', 'application/json'],
      },
    },
    problems: [403, 404, 500, 503],
    isPage: true,
  },
  {
    id: 'adminAgendashChange',
    method: 'post',
    path: '/admin/queue/agendash/{key}',
    action: 'archive.admin',
    summary: 'What Agendash changes, by its own script alone',
    answers: { 200: { description: 'As Agendash has it.', texts: ['application/json'] } },
    problems: [403, 404, 413, 500, 503],
    isPage: true,
  },
] as const satisfies readonly Route[];
