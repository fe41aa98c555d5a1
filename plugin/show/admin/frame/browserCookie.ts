import type { Request, Response } from 'express';
import type { Place } from './Place.ts';

const COOKIE = 'archiver_form';

/** By which forms know the browser that loaded them; null: it has no such cookie yet. */
export function browserOf(request: Request): string | null {
  const cookies = request.get('cookie')?.split(';') ?? [];
  const [, value = null] = cookies.flatMap((one) => (one.trim().match(/^archiver_form=([\w-]{10,64})$/) ?? []).slice());
  return value;
}

/** It says nothing of anybody, and goes with the browser's session. */
export function giveBrowser(browser: string, { base }: Place, archiverUrl: string, response: Response): void {
  const secure = archiverUrl.startsWith('https:');
  response.cookie(COOKIE, browser, { httpOnly: true, sameSite: 'lax', path: `${base}/admin`, secure });
}
