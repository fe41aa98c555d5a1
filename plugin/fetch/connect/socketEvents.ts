import type { Socket } from 'node:net';

/**
 * Resolves at the event; rejects with the socket's error, with the reason of `limit`, or with an error of code
 * `ECONNRESET` when the socket closes first. When it rejects, the socket is destroyed.
 */
export function untilEvent(socket: Socket, event: 'connect' | 'secureConnect', limit: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error: unknown) => {
      socket.off(event, onEvent).off('error', settle).off('close', onClose);
      limit.removeEventListener('abort', onAbort);
      if (error === null) return resolve();
      socket.destroy();
      reject(error);
    };
    const onEvent = () => settle(null);
    const onClose = () => settle(closedEarly());
    const onAbort = () => settle(limit.reason);
    ignoreErrors(socket);
    socket.once(event, onEvent).once('error', settle).once('close', onClose);
    if (limit.aborted) onAbort();
    else limit.addEventListener('abort', onAbort, { once: true });
  });
}

/** Between two owners a socket has no listener, and an error without one ends the process. */
export function ignoreErrors(socket: Socket): void {
  if (socket.listeners('error').includes(ignore)) return;
  socket.on('error', ignore);
}

/** What a connection fails with that closes before it can carry a request; code `ECONNRESET`. */
export function closedEarly(): Error {
  return Object.assign(new Error('closed before it was ready'), { code: 'ECONNRESET' });
}

function ignore(): void {
  // The socket's owner reports it.
}
