/** `web`: hooks and routes. `worker`: jobs. `scheduler`: the sweep. All in one process, or apart. */
export const ROLES = ['web', 'worker', 'scheduler'] as const;

/** One of {@link ROLES}. */
export type Role = (typeof ROLES)[number];
