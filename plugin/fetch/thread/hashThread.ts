import { createHash, type Hash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import type { FromHashThread, ToHashThread } from './hashMessages.ts';

// The entry of the helper thread: hashes the bodies that would otherwise hold up their own transfer.
const running = new Map<number, { readonly md5: Hash; readonly sha256: Hash }>();
const answer = (message: FromHashThread, transfer: ArrayBuffer[] = []) => parentPort?.postMessage(message, transfer);

parentPort?.on('message', (message: ToHashThread) => {
  const { id } = message;
  if (message.kind === 'update') {
    const hashes = running.get(id) ?? { md5: createHash('md5'), sha256: createHash('sha256') };
    running.set(id, hashes);
    const bytes = new Uint8Array(message.buffer, 0, message.bytes);
    hashes.md5.update(bytes);
    hashes.sha256.update(bytes);
    answer({ kind: 'hashed', id, buffer: message.buffer }, [message.buffer]);
    return;
  }
  const hashes = running.get(id);
  running.delete(id);
  if (message.kind === 'finish' && hashes) {
    answer({ kind: 'finished', id, md5: hashes.md5.digest('hex'), sha256: hashes.sha256.digest('hex') });
  }
});
