import type { Resource } from '../model/resource.ts';
import type { Catalog } from './Portal.ts';

type Source = Pick<Catalog, 'getResource' | 'getResources'>;

interface Waiting {
  readonly id: string;
  resolve(resource: Resource | null): void;
  reject(error: unknown): void;
}

const MAX_GROUP = 500;

/**
 * Reads resources from the portal in groups: while one query runs, the next ids gather. Each caller sees the resource as
 * it was after it had asked. A portal that has no `getResources` is asked for each.
 */
export class ResourceReader {
  readonly #catalog: Source;
  #waiting: Waiting[] = [];
  #isReading = false;

  constructor(catalog: Source) {
    this.#catalog = catalog;
  }

  /** null when it is not there. */
  read(id: string): Promise<Resource | null> {
    if (!this.#catalog.getResources) return this.#catalog.getResource(id);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, resolve, reject });
      if (this.#isReading) return;
      this.#isReading = true;
      setImmediate(() => void this.#readAll());
    });
  }

  async #readAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#readGroup(this.#waiting.splice(0, MAX_GROUP));
    this.#isReading = false;
  }

  async #readGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const ids = [...new Set(group.map(({ id }) => id))];
      const found = new Map((await this.#catalog.getResources?.(ids))?.map((resource) => [resource.id, resource]));
      for (const { id, resolve } of group) resolve(found.get(id) ?? null);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}
