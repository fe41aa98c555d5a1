import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import type { Access } from './access.ts';

/** Headers under which a page runs no script, loads nothing of others and lies in no cache. */
export function harden(_request: Request, response: Response, next: NextFunction): void {
  response.set({
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
    'Cache-Control': 'no-store',
  });
  next();
}

/** Before anybody is known little is read. */
export function readForm(access: Access): RequestHandler {
  const [few, many] = ['100kb', '1mb'].map((limit) => express.urlencoded({ extended: false, limit }));
  return (request, response, next) =>
    (access.roleOfCookie(request) === 'anonymous' ? few : many)?.(request, response, next);
}

/** The cookie is SameSite=Strict; this is the second lock on the same door. */
export function refuseForeignForms(request: Request, response: Response, next: NextFunction): void {
  const origin = request.get('origin');
  const isForeign = origin !== undefined && origin !== `${request.protocol}://${request.get('host')}`;
  if (request.method === 'POST' && isForeign)
    response.status(403).type('text').send('This form came from another site.');
  else next();
}
