/**
 * Listens to a PostgreSQL channel until the answered function is called, over lost connections. Hears the payload of each
 * notification, and null after each connect. Resolves after the first try to connect; never rejects.
 */
export type Listen = (channel: string, onHeard: (payload: string | null) => void) => Promise<() => Promise<void>>;
