import { connect, type Socket } from 'node:net';
import { codeOf, messageOf } from '../../errors.ts';
import { ConnectFailure } from './connectFailure.ts';
import { closedEarly, ignoreErrors, untilEvent } from './socketEvents.ts';
import { secure } from './tlsSocket.ts';

/** An HTTP proxy, as the operator wrote it. Its own address is the operator's choice and not guarded. */
export interface HttpProxy {
  readonly secure: boolean;
  readonly hostname: string;
  readonly port: number;
  /** The `Proxy-Authorization` field, or null. */
  readonly authorization: string | null;
}

const MAX_HEAD_BYTES = 16 * 1024;

/** A connection to the proxy; with a target, through a tunnel of RFC 9110 section 9.3.6 to it. */
export async function proxySocket(
  proxy: HttpProxy,
  target: { readonly hostname: string; readonly port: number } | null,
  limit: AbortSignal,
): Promise<Socket> {
  const plain = connect({ host: proxy.hostname.replace(/^\[(.*)\]$/s, '$1'), port: proxy.port, noDelay: true });
  try {
    await untilEvent(plain, 'connect', limit);
    const socket = proxy.secure ? await secure(plain, proxy.hostname, { verify: true }, limit) : plain;
    if (target) await openTunnel(socket, proxy, `${target.hostname}:${target.port}`, limit);
    return socket;
  } catch (error) {
    plain.destroy();
    throw error instanceof ConnectFailure && error.code !== 'tls' ? error : proxyFailure(proxy, error);
  }
}

function openTunnel(socket: Socket, proxy: HttpProxy, authority: string, limit: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let head = '';
    const settle = (error: unknown) => {
      socket.off('data', onData).off('error', settle).off('close', onClose).off('end', onClose);
      limit.removeEventListener('abort', onAbort);
      if (error === null) return resolve();
      socket.destroy();
      reject(error);
    };
    const onClose = () => settle(closedEarly());
    const onAbort = () => settle(limit.reason);
    const onData = (chunk: Buffer) => {
      head += chunk.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end === -1 && head.length <= MAX_HEAD_BYTES) return;
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
      if (end === -1 || status < 200 || status > 299) return settle(refusedTunnel(status, authority));
      socket.pause();
      settle(null);
      const rest = head.slice(end + 4);
      if (rest !== '') socket.unshift(Buffer.from(rest, 'latin1'));
    };
    ignoreErrors(socket);
    socket.on('data', onData).once('error', settle).once('close', onClose).once('end', onClose);
    if (limit.aborted) return onAbort();
    limit.addEventListener('abort', onAbort, { once: true });
    const authorization = proxy.authorization === null ? '' : `proxy-authorization: ${proxy.authorization}\r\n`;
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${authorization}\r\n`);
  });
}

function refusedTunnel(status: number, authority: string): ConnectFailure {
  const said = status === 0 ? 'gave no readable answer' : `answered ${status}`;
  return new ConnectFailure({
    code: 'refused',
    transient: status !== 403 && status !== 407,
    reason: `The proxy ${said} when asked for the host.`,
    detail: `The proxy ${said} to CONNECT ${authority}`,
  });
}

function proxyFailure(proxy: HttpProxy, error: unknown): ConnectFailure {
  const reset = codeOf(error) === 'ECONNRESET';
  const detail = `proxy ${proxy.hostname}:${proxy.port}: ${messageOf(error)}`;
  const reason = 'The proxy of the archive could not be reached.';
  return new ConnectFailure({ code: reset ? 'reset' : 'refused', transient: true, reason, detail, cause: error });
}
