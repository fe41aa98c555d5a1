/** What a body turned out to be. */
export interface Body {
  readonly bytes: number | null;
  readonly md5: string | null;
  readonly sha256: string | null;
  readonly mediaType: string | null;
  readonly format: string | null;
  readonly charset: string | null;
  readonly filename: string | null;
  readonly service: string | null;
}

/** Nothing is known of the body. */
export const NO_BODY: Body = {
  bytes: null,
  md5: null,
  sha256: null,
  mediaType: null,
  format: null,
  charset: null,
  filename: null,
  service: null,
};
