const MAX_LINE_BYTES = 4096;

type State = 'size' | 'data' | 'after-data' | 'trailer' | 'end';

/**
 * Takes chunked transfer coding apart (RFC 9112 section 7.1), forgiving what browsers forgive: bare line feeds, spaces
 * around a size. `push` returns the data found, or null when the framing is broken.
 */
export class ChunkedBody {
  #state: State = 'size';
  #line = '';
  #left = 0;

  get complete(): boolean {
    return this.#state === 'end';
  }

  push(input: Buffer): Buffer[] | null {
    const found: Buffer[] = [];
    let at = 0;
    while (at < input.length && this.#state !== 'end') {
      if (this.#state === 'data') {
        const part = input.subarray(at, at + this.#left);
        found.push(part);
        at += part.length;
        this.#left -= part.length;
        if (this.#left === 0) this.#state = 'after-data';
        continue;
      }
      const feed = input.indexOf(0x0a, at);
      const end = feed === -1 ? input.length : feed;
      this.#line += input.toString('latin1', at, end);
      if (this.#line.length > MAX_LINE_BYTES) return null;
      at = end + 1;
      if (feed !== -1 && !this.#endLine()) return null;
    }
    return found;
  }

  #endLine(): boolean {
    const line = this.#line.trim();
    this.#line = '';
    if (this.#state === 'after-data') {
      this.#state = 'size';
      return line === '';
    }
    if (this.#state === 'trailer') {
      if (line === '') this.#state = 'end';
      return true;
    }
    const size = /^([0-9a-f]{1,12})[ \t]*(?:;.*)?$/i.exec(line)?.[1];
    if (size === undefined) return false;
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? 'trailer' : 'data';
    return true;
  }
}
