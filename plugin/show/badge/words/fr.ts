import type { BadgeWords } from '../../../model/badgeWords.ts';

/** French. */
export const fr: BadgeWords = {
  label: 'archive',
  archived: 'Copie du {copied}',
  broken: 'Copie du {copied}, le lien du producteur est rompu depuis le {since}',
  unsure: 'Copie du {copied}, le lien du producteur ne répond pas normalement depuis le {since}',
  brokenWithoutCopy: 'Aucune copie, le lien du producteur est rompu depuis le {since}',
  withoutCopy: 'Pas encore de copie',
  pending: "En attente d'archivage",
};
