import { after, before, describe, it } from 'node:test';
import type { ArchiveStoreSubject, StoreUnderTest } from './StoreUnderTest.ts';
import { LARGE_BODY_CHECKS, STAGING_CHECKS, stagingChecksOf, WAYS } from './stagingChecks.ts';
import { READING_CHECKS, rejectsKey } from './storedCopyChecks.ts';

const NO_KEYS = ['', 'archive', 'archive/', 'other/x', '/archive/x', 'archive//x', 'archive/../x', 'archive/./x'];

/**
 * Registers what every `ArchiveStore` must do, whatever keeps the bytes; each title completes "NAME as an archive
 * store". Takes about 120 MiB of the place for a moment.
 */
export function archiveStoreContract({ name, skip = false, open }: ArchiveStoreSubject): void {
  describe(`${name} as an archive store`, { skip }, () => {
    let place: StoreUnderTest;
    before(async () => {
      place = await open();
    });
    after(() => place?.close());

    for (const [how, stage] of Object.entries(WAYS)) {
      for (const [title, check] of stagingChecksOf(how, stage)) it(title, () => check(place));
    }
    const checks = { ...STAGING_CHECKS, ...LARGE_BODY_CHECKS, ...READING_CHECKS };
    for (const [title, check] of Object.entries(checks)) it(title, () => check(place));
    for (const key of NO_KEYS) {
      it(`rejects ${JSON.stringify(key)}, which is no key of the archive`, () => rejectsKey(place, key));
    }
  });
}
