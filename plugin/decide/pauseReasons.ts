/** Why nothing is fetched, for everybody to read: no names of servers or folders. Readiness fails while it holds. */
export const SERVICE_REFUSES = 'the store or the database refuses what is archived';
