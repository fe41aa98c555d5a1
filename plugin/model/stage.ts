/** Names bytes that are written but not yet visible. Plain data: it crosses threads, not processes. */
export interface StageRef {
  readonly id: string;
  /** The key the bytes are meant for. */
  readonly key: string;
  readonly bytes: number;
}

/** Up to this size a body is held in memory, and costs one hash call for each digest and one write. */
export const WHOLE_STAGE_BYTES = 1024 * 1024;
