/** How a start waits for what others hold: it says what for, and no longer than until the plugin is stopped. */
export interface StartWait {
  /** Fires when the plugin is stopped before it is started. */
  readonly signal: AbortSignal;
  /**
   * Waits a moment, or so many milliseconds, so that something can be tried again. `what` ends the sentence "the start waits for …".
   * Throws `ArchiverError('stopped')`.
   */
  pause(what: string, ms?: number): Promise<void>;
}
