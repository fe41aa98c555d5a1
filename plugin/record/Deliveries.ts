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

/** A message that was never sent yet. */
export type NewDelivery = Omit<Delivery, 'attempts'>;

/**
 * The messages that tell what a change came to; they are written in its transaction, so that neither is kept without the
 * other. Called again where the transaction is.
 */
export type DeliveriesOf<Change> = (change: Change) => readonly NewDelivery[];

/** Webhook messages that wait to be sent; one that a process takes is hidden from the others for a while. */
export interface Deliveries {
  add(deliveries: readonly NewDelivery[], now: Date): Promise<void>;
  /** Due ones of a receiver, hidden from other processes for `sendingMs`. */
  takeDue(
    target: string,
    how: { readonly limit: number; readonly sendingMs: number; readonly now: Date },
  ): Promise<readonly Delivery[]>;
  /** Delivered, or given up. */
  done(id: string): Promise<void>;
  /** The receiver gets nothing from now on, what waits for it is dropped. false: it was disabled already. */
  disable(target: string, at: Date): Promise<boolean>;
  /** Those that were disabled get what comes from now on. */
  enableAll(): Promise<void>;
  countDisabled(): Promise<number>;
  /** What waits for receivers that are no longer among `targets`. */
  dropOthers(targets: readonly string[]): Promise<void>;
  /** Counts one more failed try. */
  retry(id: string, nextAt: Date): Promise<void>;
}
