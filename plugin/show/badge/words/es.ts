import type { BadgeWords } from '../../../model/badgeWords.ts';

/** Spanish. */
export const es: BadgeWords = {
  label: 'archivo',
  archived: 'Copia del {copied}',
  broken: 'Copia del {copied}, el enlace del editor está roto desde el {since}',
  unsure: 'Copia del {copied}, el enlace del editor no responde con normalidad desde el {since}',
  brokenWithoutCopy: 'Sin copia, el enlace del editor está roto desde el {since}',
  withoutCopy: 'Todavía sin copia',
  pending: 'A la espera de ser archivado',
};
