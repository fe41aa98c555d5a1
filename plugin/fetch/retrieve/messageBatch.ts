/** Messages to another thread: those of one turn are posted as one, which costs both threads hardly more than each of them would. */
export class MessageBatch<Message> {
  readonly #post: (messages: readonly Message[]) => void;
  readonly #onRefused: (message: Message, error: unknown) => void;
  #waiting: Message[] = [];

  /** `post` throws what it cannot send; `onRefused` is told of the message that it was, once the others are sent. */
  constructor(
    post: (messages: readonly Message[]) => void,
    onRefused: (message: Message, error: unknown) => void = () => undefined,
  ) {
    this.#post = post;
    this.#onRefused = onRefused;
  }

  add(message: Message): void {
    this.#waiting.push(message);
    if (this.#waiting.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const messages = this.#waiting;
    this.#waiting = [];
    try {
      this.#post(messages);
    } catch {
      for (const message of messages) this.#postAlone(message);
    }
  }

  #postAlone(message: Message): void {
    try {
      this.#post([message]);
    } catch (error) {
      this.#onRefused(message, error);
    }
  }
}
