import { isIP, type Socket } from 'node:net';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { codeOf, messageOf } from '../../errors.ts';
import { ConnectFailure } from './connectFailure.ts';
import { untilEvent } from './socketEvents.ts';

/** How a host's certificate is verified, and what the archive shows of its own; PEM. */
export interface TlsSettings {
  readonly verify: boolean;
  /** Replaces the usual authorities. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const UNTRUSTED = "The server's certificate was not issued by an authority that the archive trusts.";

const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "The server's certificate has expired.",
  CERT_NOT_YET_VALID: "The server's certificate is not valid yet.",
  CERT_REVOKED: "The server's certificate was revoked.",
  DEPTH_ZERO_SELF_SIGNED_CERT: "The server's certificate is self-signed.",
  SELF_SIGNED_CERT_IN_CHAIN: `${UNTRUSTED} It ends in a self-signed one.`,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `${UNTRUSTED} Perhaps the server does not send the certificates in between.`,
  INVALID_CA: UNTRUSTED,
  CERT_UNTRUSTED: UNTRUSTED,
};

/** Contexts hold all authorities and are costly to make: one for each different setting. */
const contexts = new Map<string, SecureContext>();
const MAX_CONTEXTS = 1000;

/** TLS on a connected socket, for HTTP/1.1. Rejects with a `ConnectFailure`; the socket is destroyed then. */
export async function secure(
  socket: Socket,
  hostname: string,
  settings: TlsSettings,
  limit: AbortSignal,
): Promise<TLSSocket> {
  const name = hostname.replace(/^\[(.*)\]$/s, '$1').replace(/\.$/, '');
  const secured = start(socket, name, settings);
  try {
    await untilEvent(secured, 'secureConnect', limit);
    return secured;
  } catch (error) {
    socket.destroy();
    throw error instanceof ConnectFailure ? error : tlsFailure(error, name);
  }
}

function start(socket: Socket, name: string, settings: TlsSettings): TLSSocket {
  try {
    return connect({
      socket,
      host: name,
      // RFC 6066 section 3: addresses are not sent as server names.
      servername: isIP(name) === 0 ? name : '',
      ALPNProtocols: ['http/1.1'],
      secureContext: contextOf(settings),
      rejectUnauthorized: settings.verify,
    });
  } catch (error) {
    socket.destroy();
    throw new ConnectFailure({
      code: 'internal',
      transient: false,
      reason: `The TLS settings for ${name} cannot be used.`,
      detail: `TLS settings for ${name}: ${messageOf(error)}`,
      cause: error,
    });
  }
}

function contextOf({ ca, cert, key }: TlsSettings): SecureContext {
  const id = JSON.stringify([ca, cert, key]);
  const known = contexts.get(id);
  if (known) return known;
  const made = createSecureContext({ ca, cert, key });
  if (contexts.size >= MAX_CONTEXTS) contexts.clear();
  contexts.set(id, made);
  return made;
}

function tlsFailure(error: unknown, name: string): ConnectFailure {
  const code = codeOf(error);
  const detail = `TLS with ${name}: ${messageOf(error)}`;
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED') {
    const reason = 'The connection was closed while encryption was being agreed on.';
    return new ConnectFailure({ code: 'reset', transient: true, reason, detail, cause: error });
  }
  if (code === 'ETIMEDOUT') return new ConnectFailure({ code: 'timeout', transient: true, detail, cause: error });
  return new ConnectFailure({
    code: 'tls',
    transient: false,
    reason: namedReason(code, name) ?? tlsReasonOf(error),
    detail,
    cause: error,
  });
}

function namedReason(code: string, name: string): string | null {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `The server's certificate is for another host, not for ${name}.`;
  return null;
}

/** Why encryption failed, before it was agreed on or after: a server of TLS 1.3 may refuse us only then. */
export function tlsReasonOf(error: unknown): string {
  const code = codeOf(error);
  const known = REASONS[code];
  if (known) return known;
  if (/wrong version number|packet length too long|http request|unknown protocol/i.test(messageOf(error))) {
    return 'The server does not speak TLS at this port.';
  }
  if (/unsupported protocol|version|no shared cipher|no protocols available|alert handshake/i.test(messageOf(error))) {
    return 'The server and the archive have no version or cipher of TLS in common.';
  }
  if (/certificate required|bad certificate|alert unknown ca/i.test(messageOf(error))) {
    return 'The server demands a certificate that the archive does not have.';
  }
  return `The encrypted connection failed${code === '' ? '' : `: ${code}`}.`;
}
