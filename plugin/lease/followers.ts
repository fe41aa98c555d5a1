interface Followed {
  readonly controllers: Set<AbortController>;
  readonly abort: () => void;
}

/**
 * Controllers that abort when a signal does that many share. One listener a signal, which goes with the last of them:
 * `AbortSignal.any` leaves something behind at a long-lived signal for each that has ended, until it is collected.
 */
export class Followers {
  readonly #followed = new Map<AbortSignal, Followed>();

  /** From now on, until the answer is called. A signal that is aborted already aborts the controller now. */
  follow(signal: AbortSignal, controller: AbortController): () => void {
    if (signal.aborted) {
      controller.abort(signal.reason);
      return () => undefined;
    }
    const { controllers, abort } = this.#followed.get(signal) ?? this.#listen(signal);
    controllers.add(controller);
    return () => {
      controllers.delete(controller);
      if (controllers.size > 0 || this.#followed.get(signal)?.abort !== abort) return;
      signal.removeEventListener('abort', abort);
      this.#followed.delete(signal);
    };
  }

  #listen(signal: AbortSignal): Followed {
    const controllers = new Set<AbortController>();
    const abort = () => {
      this.#followed.delete(signal);
      for (const controller of controllers) controller.abort(signal.reason);
    };
    const followed = { controllers, abort };
    this.#followed.set(signal, followed);
    signal.addEventListener('abort', abort, { once: true });
    return followed;
  }
}
