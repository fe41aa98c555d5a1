import type { Classification } from './classify.ts';

/** What is kept of a page; a page is read no further. */
const MAX_PAGE_BYTES = 2 * 1024 * 1024;

/** A page as it came. */
export interface BufferedPage {
  readonly url: string;
  readonly contentType: string | null;
  readonly bytes: Buffer;
}

/** The first bytes of a body, kept when it proves to be a page and forgotten when it proves to be a file. */
export class PageBuffer {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #isPage: boolean | null = null;
  #from: Omit<BufferedPage, 'bytes'> | null = null;

  /** Another answer begins. */
  begin(url: string, contentType: string | null): void {
    this.#from = { url, contentType };
    this.restart();
  }

  /** Its body begins again. */
  restart(): void {
    this.#chunks = [];
    this.#bytes = 0;
    this.#isPage = null;
  }

  push(chunk: Buffer): void {
    if (this.#isPage === false || this.#bytes >= MAX_PAGE_BYTES) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** What the body was found to be, and refused for; whether the rest of it is worth reading all the same. */
  takes(found: Classification | null): boolean {
    this.#isPage = found?.refusal?.code === 'not-data' && /^X?HTML$/.test(found.format ?? '');
    if (!this.#isPage) this.#chunks = [];
    return this.#isPage && this.#bytes < MAX_PAGE_BYTES;
  }

  /** null when the body was no page. */
  page(): BufferedPage | null {
    if (this.#isPage !== true || !this.#from) return null;
    return { ...this.#from, bytes: Buffer.concat(this.#chunks).subarray(0, MAX_PAGE_BYTES) };
  }
}
