import type { Socket } from 'node:net';

/**
 * Holds a sender back by reading nothing from its socket. undici's own pause is not safe: when the connection ends while
 * its parser is paused, an assertion of undici throws out of a socket event and takes the process down.
 */
export class SocketHold {
  readonly #socket: Socket;
  #held = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  hold(): void {
    this.#held = true;
    // Shadows the method: what has come stays in the socket's buffer, and `end` waits behind it.
    this.#socket.read = () => null;
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    Reflect.deleteProperty(this.#socket, 'read');
    // Never in the middle of a parser's own turn.
    queueMicrotask(() => {
      if (!this.#held && !this.#socket.destroyed) this.#socket.emit('readable');
    });
  }
}
