import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Request } from 'express';

/**
 * `request` as anybody could have sent it: the same method, path and host, and nothing that tells who asks, neither
 * headers, query and session nor the address and certificate of the connection.
 */
export function anonymousRequest(request: Request): IncomingMessage {
  const anonymous: IncomingMessage & { originalUrl?: string } = new IncomingMessage(new Socket());
  Object.setPrototypeOf(anonymous, Object.getPrototypeOf(request));
  anonymous.method = request.method;
  anonymous.url = withoutQuery(request.url);
  anonymous.originalUrl = withoutQuery(request.originalUrl);
  const { host } = request.headers;
  if (host !== undefined) anonymous.headers = { host };
  return anonymous;
}

const withoutQuery = (url: string): string => url.split('?')[0] ?? '';
