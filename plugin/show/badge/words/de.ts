import type { BadgeWords } from '../../../model/badgeWords.ts';

/** German. */
export const de: BadgeWords = {
  label: 'Archiv',
  archived: 'Kopie vom {copied}',
  broken: 'Kopie vom {copied}, der Link des Herausgebers ist seit {since} defekt',
  unsure: 'Kopie vom {copied}, der Link des Herausgebers antwortet seit {since} nicht wie erwartet',
  brokenWithoutCopy: 'Keine Kopie, der Link des Herausgebers ist seit {since} defekt',
  withoutCopy: 'Noch keine Kopie',
  pending: 'Wird archiviert',
};
