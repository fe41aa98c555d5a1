/** A dataset's file, as the portal describes it. Ids are strings whatever the portal's column type is. */
export interface Resource {
  readonly id: string;
  readonly datasetId: string;
  /** What the editor typed; any text. Judging it is the archiver's work. */
  readonly url: string;
  readonly name: string | null;
  /** The declared format, e.g. `CSV`. One of four hints at what the bytes are. */
  readonly format: string | null;
  /** CKAN's `url_type`: `upload`, `datastore`, …; null for a link. */
  readonly urlType: string | null;
  /** Its dataset is private. Set by the archiver where the copies of private datasets lie apart; no catalog need set it. */
  readonly isPrivate?: boolean;
}

/** A dataset with its resources. `private` datasets' copies need `archive.download` of the host. */
export interface Dataset {
  readonly id: string;
  readonly name: string;
  readonly title: string | null;
  readonly private: boolean;
  readonly resources: readonly Resource[];
}
