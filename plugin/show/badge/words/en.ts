import type { BadgeWords } from '../../../model/badgeWords.ts';

/** English. */
export const en: BadgeWords = {
  label: 'archive',
  archived: 'Copy of {copied}',
  broken: "Copy of {copied}, the publisher's link is broken since {since}",
  unsure: "Copy of {copied}, the publisher's link has not answered as it should since {since}",
  brokenWithoutCopy: "No copy, the publisher's link is broken since {since}",
  withoutCopy: 'No copy yet',
  pending: 'Waiting to be archived',
};
