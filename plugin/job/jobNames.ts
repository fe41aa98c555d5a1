/** Agenda's names of our two kinds of jobs. */
export const JOB_NAMES = { resource: 'archive-resource', host: 'archive-host' } as const;
/** The member of a job's data that names what it is about. */
export const JOB_KEYS = { resource: 'resourceId', host: 'host' } as const;

/** How long a server of the queue may take to answer. */
export const ANSWER_MS = 8000;
