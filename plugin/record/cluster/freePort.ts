import { createServer } from 'node:net';

/** `wanted` when nobody listens there, else any. On loopback. */
export async function freePort(wanted: number | null = null): Promise<number> {
  return (
    (wanted !== null && (await tryPort(wanted))) || (await tryPort(0)) || Promise.reject(new Error('No free port.'))
  );
}

function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(null));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' ? (address?.port ?? null) : null));
    });
  });
}
