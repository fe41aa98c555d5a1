import { after, before, describe, it } from 'node:test';
import { CATALOG_READ_CHECKS, checkUnknownId } from './catalogReadChecks.ts';
import type { CatalogSubject, CatalogUnderTest } from './PortalUnderTest.ts';
import { URL_EDIT_CHECKS } from './urlEditChecks.ts';
import { WRITE_BACK_CHECKS } from './writeBackChecks.ts';

/** Texts that come from URLs and command lines, where anything may stand in the place of an id. */
const NO_IDS = [
  '',
  ' ',
  'r\0',
  "'; drop table resource; --",
  '../../etc/passwd',
  '9'.repeat(100),
  'ü'.repeat(300),
  '💾',
];

/**
 * Registers what every `Catalog` must do; each title completes "NAME as a catalogue". The suite writes to the host's rows
 * and leaves what it wrote.
 */
export function catalogContract({ name, skip = false, open }: CatalogSubject): void {
  describe(`${name} as a catalogue`, { skip }, () => {
    let place: CatalogUnderTest;
    before(async () => {
      place = await open();
    });
    after(() => place?.close());
    itIsCatalog(() => place);
  });
}

/** The tests of {@link catalogContract} for a suite that opens the place itself. */
export function itIsCatalog(place: () => CatalogUnderTest): void {
  for (const [title, check] of Object.entries({ ...CATALOG_READ_CHECKS, ...WRITE_BACK_CHECKS, ...URL_EDIT_CHECKS })) {
    it(title, (context) => check(place(), context));
  }
  for (const id of NO_IDS) {
    const shown = id.length > 40 ? `${id.slice(0, 5)}… (${id.length} characters)` : JSON.stringify(id);
    it(`does not know ${shown}, and does not fail`, () => checkUnknownId(place(), id));
  }
}
