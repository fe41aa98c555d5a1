import { readFileSync } from 'node:fs';
import type { Request, Response } from 'express';
import { sendTagged } from '../sendTagged.ts';

const MAX_AGE_S = 3600;
let script: string | null = null;

/** The element `<archive-status>` for portals that render on the client: the same for everybody, and says nothing of the archive. */
export function sendStatusScript(request: Request, response: Response): void {
  script ??= readFileSync(new URL('./assets/archive-status.js', import.meta.url), 'utf8');
  response.setHeader('Content-Type', 'text/javascript; charset=utf-8');
  response.setHeader('Cache-Control', `public, max-age=${MAX_AGE_S}`);
  sendTagged(script, request, response);
}
