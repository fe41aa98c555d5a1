/** Between two questions: a short while at first, and longer where it takes long, for what waits takes the time of what works. */
const LEAST_PAUSE_MS = 20;
const MOST_PAUSE_MS = 60;

/** Asks until it holds; throws after `seconds`. For what tells nobody when it happens, such as a row in a database. */
export async function until(holds: () => boolean | Promise<boolean>, seconds = 20): Promise<void> {
  const startedAt = Date.now();
  while (!(await holds())) {
    const waitedMs = Date.now() - startedAt;
    if (waitedMs > seconds * 1000) throw new Error(`It did not come about within ${seconds} s.`);
    const pauseMs = Math.min(MOST_PAUSE_MS, LEAST_PAUSE_MS + waitedMs / 20);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
