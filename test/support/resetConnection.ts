import type { Socket } from 'node:net';

/**
 * Resets a connection, and nothing else: Node's own `resetAndDestroy` first ends it in good order, so that whoever reads
 * in between sees a body that is complete.
 */
export function resetConnection(socket: Socket): void {
  Reflect.set(socket, 'resetAndClosing', true);
  socket.destroy();
}
