import type { Resource } from '../model/resource.ts';
import { GroupedReader } from './groupedReader.ts';
import type { Catalog } from './Portal.ts';

type Source = Pick<Catalog, 'getResource' | 'getResources'>;

/** Reads resources from the portal in groups; one that has no `getResources` is asked for each. */
export class ResourceReader {
  readonly #catalog: Source;
  readonly #grouped = new GroupedReader<Resource>(async (ids) => {
    const resources = (await this.#catalog.getResources?.(ids)) ?? [];
    return new Map(resources.map((resource) => [resource.id, resource]));
  });

  constructor(catalog: Source) {
    this.#catalog = catalog;
  }

  /** null when it is not there. */
  read(id: string): Promise<Resource | null> {
    return this.#catalog.getResources ? this.#grouped.read(id) : this.#catalog.getResource(id);
  }
}
