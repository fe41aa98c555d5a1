/** Names bytes that are written but not yet visible. Plain data: it crosses threads, not processes. */
export interface StageRef {
  readonly id: string;
  /** The key the bytes are meant for. */
  readonly key: string;
  readonly bytes: number;
}
