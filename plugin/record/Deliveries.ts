/** One webhook message on its way to one target. */
export interface Delivery {
  readonly id: string;
  readonly eventId: string;
  /** The target's URL as in the settings. */
  readonly target: string;
  readonly body: string;
  /** Failed tries so far. */
  readonly attempts: number;
}

/** Webhook messages that wait to be sent; one that a process takes is hidden from the others for a while. */
export interface Deliveries {
  add(deliveries: readonly Omit<Delivery, 'attempts'>[], now: Date): Promise<void>;
  /** Due ones, hidden from other processes for `sendingMs`. */
  takeDue(limit: number, sendingMs: number, now: Date): Promise<readonly Delivery[]>;
  /** Delivered, or given up. */
  done(id: string): Promise<void>;
  /** Counts one more failed try. */
  retry(id: string, nextAt: Date): Promise<void>;
}
