import { isPrivateDataset } from './datasets.ts';
import type { HandlerDeps } from './HandlerDeps.ts';

/** Where copies of several datasets are served: asks the portal who may see one once, and only where that makes a difference. */
export class CopyUrls {
  readonly #deps: Pick<HandlerDeps, 'catalog' | 'copyUrl'>;
  readonly #isPrivate = new Map<string, boolean>();

  constructor(deps: Pick<HandlerDeps, 'catalog' | 'copyUrl'>) {
    this.#deps = deps;
  }

  async of(key: string, datasetId: string): Promise<string> {
    const { catalog, copyUrl } = this.#deps;
    const guarded = copyUrl(key, true);
    if (guarded === copyUrl(key, false)) return guarded;
    const isPrivate = this.#isPrivate.get(datasetId) ?? (await isPrivateDataset(catalog, datasetId));
    this.#isPrivate.set(datasetId, isPrivate);
    return copyUrl(key, isPrivate);
  }
}
