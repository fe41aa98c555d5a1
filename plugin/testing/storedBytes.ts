import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ArchiverError } from '../errors.ts';
import type { ArchiveStore, ByteRange } from '../store/ArchiveStore.ts';

let lastKey = 0;

/** A key of the archive that this process has not used before. */
export function newKey(filename = 'file.csv'): string {
  lastKey += 1;
  return `archive/20260102T030405Z/r${process.pid}-${lastKey}/${filename}`;
}

/** The prefix of a key, with its last slash. */
export function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}

/** The bytes under a key, or a part of them; fails when there are none. */
export async function bytesOf(store: ArchiveStore, key: string, range: ByteRange | null = null): Promise<Buffer> {
  const stored = await store.read(key, range);
  assert.ok(stored, `${key} is missing`);
  return drained(stored.stream);
}

/** Everything that a stream still has. */
export async function drained(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The keys below a prefix in their natural order, whatever order the store lists them in. */
export async function listed(store: ArchiveStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.list(prefix)) keys.push(key);
  return keys.sort();
}

/** What a store must throw when the service behind it does not work, or when a key is none. */
export function isStoreFailed(error: unknown): boolean {
  return error instanceof ArchiverError && error.code === 'store-failed';
}

/** Bytes in buffers that something still refers to; collects garbage first. */
export function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  assert.ok(typeof collect === 'function');
  collect();
  return process.memoryUsage().arrayBuffers;
}
