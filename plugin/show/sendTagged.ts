import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';

/** Tells two texts apart, as 43 characters that a URL and an entity tag may have. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** Sends a text with a strong entity tag, or 304 where the caller has it (RFC 9110 section 13.1.2). */
export function sendTagged(text: string, request: Request, response: Response): void {
  const etag = `"${hashOf(text)}"`;
  response.setHeader('ETag', etag);
  const known =
    request
      .get('if-none-match')
      ?.split(',')
      .map((one) => one.trim().replace(/^W\//, '')) ?? [];
  if (known.includes(etag)) response.status(304).end();
  else response.send(text);
}
