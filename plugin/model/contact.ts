/** Whom to write to about the links of a dataset. */
export interface Contact {
  /** One address of e-mail; what is none counts as nobody. */
  readonly address: string;
  /** As letters begin; null: not known. */
  readonly name: string | null;
  /** A BCP 47 tag such as `fr` or `pt-BR`; null or left out: as `ARCHIVER_MAIL_LANGUAGE` says. */
  readonly language?: string | null;
}
