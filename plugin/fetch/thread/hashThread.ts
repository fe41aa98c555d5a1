import { createHash, type Hash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import type { FromHashThread, ThreadAlgorithm, ToHashThread } from './hashMessages.ts';

// The entry of a helper thread: hashes the bodies that would otherwise hold up their own transfer.
const algorithms = workerData as readonly ThreadAlgorithm[];
const running = new Map<number, readonly (readonly [ThreadAlgorithm, Hash])[]>();
const answer = (message: FromHashThread) => parentPort?.postMessage(message);
const begin = () => algorithms.map((algorithm) => [algorithm, createHash(algorithm)] as const);

parentPort?.on('message', (message: ToHashThread) => {
  const { id } = message;
  if (message.kind === 'update') {
    const hashes = running.get(id) ?? begin();
    running.set(id, hashes);
    const bytes = new Uint8Array(message.batch, 0, message.bytes);
    for (const [, hash] of hashes) hash.update(bytes);
    answer({ kind: 'hashed', id });
    return;
  }
  const hashes = running.get(id);
  running.delete(id);
  if (message.kind !== 'finish' || !hashes) return;
  const digests = Object.fromEntries(hashes.map(([algorithm, hash]) => [algorithm, hash.digest('hex')]));
  answer({ kind: 'finished', id, digests });
});
