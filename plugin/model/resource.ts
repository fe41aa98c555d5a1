/** Who publishes datasets, as the portal names them. */
export interface Organisation {
  readonly id: string;
  /** As in URLs. */
  readonly name: string;
  readonly title: string | null;
  /** Of the organisation that this one is a part of; null: of none. Left out where it is not read, as with a resource. */
  readonly parentId?: string | null;
}

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
  /** Whose dataset it belongs to; null or left out: nobody's, or the portal has no organisations. */
  readonly organisation?: Organisation | null;
  /** Absolute URL at which people look at it in the portal; null or left out: it has none. */
  readonly pageUrl?: string | null;
}

/** A dataset with its resources. `private` datasets' copies need `archive.download` of the host. */
export interface Dataset {
  readonly id: string;
  readonly name: string;
  readonly title: string | null;
  readonly private: boolean;
  /** Whose it is; null or left out: nobody's, or the portal has no organisations. */
  readonly organisation?: Organisation | null;
  /** Absolute URL at which people look at it in the portal; null or left out: it has none. */
  readonly pageUrl?: string | null;
  readonly resources: readonly Resource[];
}
