import type { Socket } from 'node:net';

/**
 * Holds a sender back by reading nothing from its socket. undici's own pause is not safe: when the connection ends while
 * its parser is paused, an assertion of undici throws out of a socket event and takes the process down.
 */
export class SocketPause {
  readonly #socket: Socket;
  #paused = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  pause(): void {
    this.#paused = true;
    // Shadows the method: what has come stays in the socket's buffer, and `end` waits behind it.
    this.#socket.read = () => null;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    Reflect.deleteProperty(this.#socket, 'read');
    // Never while a parser still runs.
    queueMicrotask(() => {
      if (!this.#paused && !this.#socket.destroyed) this.#socket.emit('readable');
    });
  }
}
