import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

const KEPT_MS = 5000;

/** The system's hosts file; one that cannot be read holds nothing. */
export class HostsFile {
  readonly #path: string;
  #readAt = Number.NEGATIVE_INFINITY;
  #names: Promise<ReadonlyMap<string, readonly string[]>> | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  async addressesOf(name: string): Promise<readonly string[]> {
    const now = performance.now();
    if (!this.#names || now - this.#readAt > KEPT_MS) {
      this.#readAt = now;
      this.#names = readFile(this.#path, 'utf8').then(namesOf, () => new Map<string, readonly string[]>());
    }
    return (await this.#names).get(name) ?? [];
  }
}

function namesOf(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*$/, '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase().replace(/\.$/, '');
      const addresses = found.get(key);
      if (addresses) addresses.push(address);
      else found.set(key, [address]);
    }
  }
  return found;
}
