import type { HttpResponse } from './exchange/Response.ts';
import { codingOf, mediaTypeOf } from './http/headers.ts';
import { botWall } from './outcome/botWall.ts';
import type { Failure } from './outcome/failure.ts';
import { challengePage } from './sniff/challengePage.ts';

/** Statuses that the pages of bot walls come with. */
const WALLED: ReadonlySet<number> = new Set([202, 403, 405, 429, 503]);
const MAX_PAGE_BYTES = 64 * 1024;

/** The wall whose page stands in the place of a refusal; null where there is none. The response is used up then, or untouched. */
export async function wallOfRefusal(response: HttpResponse): Promise<Failure | null> {
  const { status, headers } = response;
  const isPage = /^(?:text\/html|application\/xhtml\+xml)$/.test(mediaTypeOf(headers) ?? '');
  if (!WALLED.has(status) || !isPage || codingOf(headers) !== '') return null;
  const owner = challengePage(await startOf(response), true);
  return owner === null ? null : botWall(`a page of ${owner}`);
}

/** The first bytes as latin1: what is looked for is ASCII. */
async function startOf(response: HttpResponse): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  await response.read((chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= MAX_PAGE_BYTES) response.drop();
    return null;
  });
  return Buffer.concat(chunks).toString('latin1', 0, MAX_PAGE_BYTES);
}
