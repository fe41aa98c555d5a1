import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Records } from '../record/Records.ts';

const NAME = 'form key';
const LEASE_MS = 10_000;
const LOOK_MS = 100;

/**
 * The key that forms are signed with: made once, by whichever process is first, and kept in the database, where all
 * processes read it. What could not be read is read again at the next call.
 */
export function formKeyOf(leases: Records['leases'], now: () => Date): () => Promise<Buffer> {
  let reading: Promise<Buffer> | null = null;
  return () => {
    reading ??= readOrMake(leases, now).catch((error: unknown) => {
      reading = null;
      throw error;
    });
    return reading;
  };
}

async function readOrMake(leases: Records['leases'], now: () => Date): Promise<Buffer> {
  const owner = randomUUID();
  for (;;) {
    const known = await leases.readCursor(NAME);
    if (known !== null) return Buffer.from(known, 'base64url');
    // The holder of the lease looks again before it writes: another may have done so and gone.
    if (await leases.acquire(NAME, owner, LEASE_MS, now())) await makeUnlessKnown(leases, owner);
    else await setTimeout(LOOK_MS);
  }
}

async function makeUnlessKnown(leases: Records['leases'], owner: string): Promise<void> {
  if ((await leases.readCursor(NAME)) === null) await leases.writeCursor(NAME, randomBytes(32).toString('base64url'));
  await leases.release(NAME, owner);
}
