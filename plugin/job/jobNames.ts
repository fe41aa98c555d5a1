/** Agenda's names of our two kinds of jobs; each has one key in its data. */
export const JOB_NAMES = { resource: 'archive-resource', host: 'archive-host' } as const;
export const JOB_KEYS = { resource: 'resourceId', host: 'host' } as const;

/** How long a server of the queue may take to answer. */
export const ANSWER_MS = 8000;
