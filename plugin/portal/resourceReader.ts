import type { Resource } from '../model/resource.ts';
import { GroupedReader } from './groupedReader.ts';
import type { Catalog } from './Portal.ts';

type Source = Pick<Catalog, 'getResource' | 'getResources'>;

/** What was read ahead is true for so long: the one that changes a resource says so, and it is read again. */
const AHEAD_MS = 30_000;

/** Of one query. */
const MOST_AT_A_TIME = 500;

interface ReadAhead {
  readonly resource: Promise<Resource | null>;
  readonly atMs: number;
}

/** Reads resources from the portal in groups; one that has no `getResources` is asked for each. */
export class ResourceReader {
  readonly #catalog: Source;
  readonly #grouped = new GroupedReader<Resource>(async (ids) => {
    const resources = (await this.#catalog.getResources?.(ids)) ?? [];
    return new Map(resources.map((resource) => [resource.id, resource]));
  });

  /** Each for one caller. */
  readonly #ahead = new Map<string, ReadAhead>();
  readonly #elapsedMs: () => number;

  constructor(catalog: Source, elapsedMs = () => performance.now()) {
    this.#catalog = catalog;
    this.#elapsedMs = elapsedMs;
  }

  /** These are about to be read one by one: reads all of them now, in one query. */
  readAhead(ids: readonly string[]): void {
    if (!this.#catalog.getResources) return;
    const atMs = this.#elapsedMs();
    for (const [id, ahead] of this.#ahead) if (isOld(ahead, atMs)) this.#ahead.delete(id);
    for (const id of ids) {
      const resource = this.#grouped.read(id);
      // Who reads it is told.
      resource.catch(() => undefined);
      this.#ahead.set(id, { resource, atMs });
    }
  }

  /** Those of the ids that are there, by id, as they are now. */
  async readAll(ids: readonly string[]): Promise<ReadonlyMap<string, Resource>> {
    const found = new Map<string, Resource>();
    for (let from = 0; from < ids.length; from += MOST_AT_A_TIME) {
      const resources = await this.#readSome(ids.slice(from, from + MOST_AT_A_TIME));
      for (const resource of resources) if (resource) found.set(resource.id, resource);
    }
    return found;
  }

  async #readSome(ids: readonly string[]): Promise<readonly (Resource | null)[]> {
    const read = this.#catalog.getResources?.(ids);
    return read ?? Promise.all(ids.map((id) => this.#catalog.getResource(id)));
  }

  /** null when it is not there. */
  read(id: string): Promise<Resource | null> {
    const ahead = this.#ahead.get(id);
    this.#ahead.delete(id);
    if (ahead && !isOld(ahead, this.#elapsedMs())) return ahead.resource;
    return this.#catalog.getResources ? this.#grouped.read(id) : this.#catalog.getResource(id);
  }
}

const isOld = ({ atMs }: ReadAhead, nowMs: number): boolean => nowMs - atMs > AHEAD_MS;
