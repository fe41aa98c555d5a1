/** Why nothing is fetched, for everybody to read: no names of servers or folders. Readiness fails while it holds. */
export const SERVICE_REFUSES = 'the store or the database refuses what is archived';

/** How the task_status of every resource begins that waits for a service of ours. */
export const WAITS_FOR_US = 'Nothing is fetched for now: ';

/** The sentence of its task_status. */
export const waitReason = (reason: string): string => `${WAITS_FOR_US}${reason}.`;
