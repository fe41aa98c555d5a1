const FIRST_POLL_MS = 1000;
const LONGEST_POLL_MS = 15_000;
/** Then a file that is still not ready is a failure that may pass, like others. */
const LONGEST_POLLING_MS = 120_000;

/**
 * When to ask again for a file that the server prepares (202): when it said, and with growing pauses where it says little.
 * `attempts`: those until now. null: it has been waited for two minutes, or is to be waited for longer.
 */
export function pollDelay(attempts: number, askedMs: number): number | null {
  let waitedMs = 0;
  for (let attempt = 1; attempt < attempts && waitedMs <= LONGEST_POLLING_MS; attempt++)
    waitedMs += waitAfter(attempt, askedMs);
  const delayMs = waitAfter(attempts, askedMs);
  return waitedMs + delayMs > LONGEST_POLLING_MS ? null : delayMs;
}

function waitAfter(attempt: number, askedMs: number): number {
  return Math.max(askedMs, Math.min(FIRST_POLL_MS * 2 ** Math.min(attempt - 1, 10), LONGEST_POLL_MS));
}
