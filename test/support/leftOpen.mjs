import { after } from 'node:test';
import { isMainThread } from 'node:worker_threads';

// Loaded before each test file. A process that its tests leave open (a server, a socket, a timer) would end at the
// runner's timeout alone, minutes later and without a word of what is open. Threads load it too, where it does nothing.
const GRACE_MS = Number(process.env['ARCHIVER_TEST_GRACE_MS'] ?? 30_000);

if (process.env['NODE_TEST_CONTEXT'] && isMainThread) {
  after(() => {
    setTimeout(() => {
      console.error(`The test file left open: ${process.getActiveResourcesInfo().join(', ')}`);
      process.exit(1);
    }, GRACE_MS).unref();
  });
}
