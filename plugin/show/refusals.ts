import type { Request, RequestHandler } from 'express';
import { ArchiverError } from '../errors.ts';
import type { Logger } from '../model/logger.ts';
import type { HandlerDeps } from './HandlerDeps.ts';
import { sendProblem } from './problem.ts';

/** What no route reads is passed over up to here, and no further. */
const MAX_BODY_BYTES = 100 * 1024;

/**
 * Before anybody is asked who the caller is: a body that is announced, or comes, above the limit ends the connection. One
 * without a length is waited for, so that nothing has begun when it proves too long.
 */
export const refuseLongBodies: RequestHandler = (request, response, next) => {
  const refuse = () => {
    response.setHeader('Connection', 'close');
    sendProblem(response, 'payload-too-large', `A request may have ${MAX_BODY_BYTES} bytes; no route reads more.`);
  };
  if (Number(request.get('content-length') ?? 0) > MAX_BODY_BYTES) return refuse();
  // A host may have read it already.
  if (request.get('transfer-encoding') === undefined || request.complete) return next();
  const chunks: Buffer[] = [];
  bodies.set(request, chunks);
  let bytes = 0;
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes <= MAX_BODY_BYTES) return;
    request.off('data', count).off('end', next).pause();
    refuse();
  };
  request.on('data', count).once('end', next);
};

/** What was read of bodies without a length. */
const bodies = new WeakMap<Request, readonly Buffer[]>();

/** The fields of a form as `request.body`, unless the host has read them already. After `refuseLongBodies`: it is short. */
export const readForm: RequestHandler = async (request, _response, next) => {
  const isForm = request.is('application/x-www-form-urlencoded') !== false;
  if (isReading(request) || !isForm || request.body !== undefined) return next();
  request.body = Object.fromEntries(new URLSearchParams(await bodyOf(request)));
  next();
};

/**
 * A JSON text as `request.body`, whatever type it claims to have, as CKAN takes it; nothing where there is none, or where
 * the host has read it. After `refuseLongBodies`.
 */
export const readJson: RequestHandler = async (request, _response, next) => {
  if (isReading(request) || request.body !== undefined) return next();
  const body = await bodyOf(request);
  if (body.trim() !== '') request.body = jsonOf(body);
  next();
};

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ArchiverError('invalid-request', 'The body is no JSON text.');
  }
}

async function bodyOf(request: Request): Promise<string> {
  const chunks: Buffer[] = [...(bodies.get(request) ?? [])];
  if (!request.complete) for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

const isReading = ({ method }: Request): boolean => method === 'GET' || method === 'HEAD' || method === 'OPTIONS';

/**
 * A page of another site may not change anything, whatever `authorize` says: a cookie or a network address comes along
 * without the visitor's intent. Browsers tell by Sec-Fetch-Site (Fetch Metadata) and Origin (RFC 6454); other clients send
 * neither. A token in the path of mail is all that its sender needs (RFC 8058 section 3.1), from whatever site.
 */
export function refuseForeignSites(ready: () => HandlerDeps | null, logger: Logger): RequestHandler {
  return (request, response, next) => {
    const origin = request.get('origin');
    const isForeign =
      request.get('sec-fetch-site')?.trim().toLowerCase() === 'cross-site' ||
      (origin !== undefined && ready()?.origins.has(origin.toLowerCase()) === false);
    if (isReading(request) || !isForeign || /^\/mail\//i.test(request.path)) return next();
    logger.warn(
      { path: request.path, origin: origin?.slice(0, 300) ?? null },
      'refused what a page of another site sent',
    );
    sendProblem(response, 'forbidden', 'This came from a page of another site.');
  };
}
