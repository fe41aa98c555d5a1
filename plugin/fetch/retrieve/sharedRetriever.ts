import type { Readable } from 'node:stream';
import { ArchiverError } from '../../errors.ts';
import type { Attempt, FetchRequest } from '../../model/attempt.ts';
import { type StageRef, WHOLE_STAGE_BYTES } from '../../model/stage.ts';
import type { ArchiveStore, StageAbout } from '../../store/ArchiveStore.ts';
import type { Retriever } from './Retriever.ts';

type Store = Pick<ArchiveStore, 'read' | 'stage' | 'stageWhole' | 'commit' | 'discard'>;

/**
 * Asks for a URL once, for all resources that have it: the first request goes out, what came back answers the others.
 *
 * Each resource still gets a copy of its own under its own key, made from the first one's in the store: a key names its
 * resource, and may be removed with it. What cannot be answered from the first (its copy is gone; it was unchanged, and
 * the other resource holds other bytes) is asked for after all.
 */
export class SharedRetriever implements Retriever {
  readonly #inner: Retriever;
  readonly #store: Store;
  readonly #ownStages = new Set<string>();
  #closed = false;
  #first: { readonly request: FetchRequest; readonly attempt: Attempt } | null = null;

  constructor(inner: Retriever, store: Store) {
    this.#inner = inner;
    this.#store = store;
  }

  async retrieve(request: FetchRequest, signal: AbortSignal): Promise<Attempt> {
    if (this.#closed) throw new ArchiverError('stopped', 'The retriever is closed.');
    const answered = await this.#answered(request);
    if (answered) return answered;
    const attempt = await this.#inner.retrieve(request, signal);
    if (!signal.aborted) this.#first = { request, attempt };
    return attempt;
  }

  async commit(stage: StageRef): Promise<'committed' | 'exists'> {
    const result = await this.#ownerOf(stage).commit(stage);
    if (result === 'committed') this.#ownStages.delete(stage.id);
    return result;
  }

  async discard(stage: StageRef): Promise<void> {
    const owner = this.#ownerOf(stage);
    this.#ownStages.delete(stage.id);
    await owner.discard(stage);
  }

  /** The inner one belongs to others, and stays open. */
  async close(): Promise<void> {
    this.#closed = true;
  }

  #ownerOf(stage: StageRef): Pick<Retriever, 'commit' | 'discard'> {
    return this.#ownStages.has(stage.id) ? this.#store : this.#inner;
  }

  async #answered(request: FetchRequest): Promise<Attempt | null> {
    if (!this.#first || this.#first.request.url !== request.url) return null;
    const { attempt, request: asked } = this.#first;
    // What a secret opened is no answer for whom it was not given to.
    if ((asked.authorization ?? null) !== (request.authorization ?? null)) return null;
    if (attempt.code === 'still-fresh' && request.mode === 'demand') return null;
    const { elsewhere: _charged, ...whole } = attempt;
    const shared: Attempt = { ...whole, requests: 0, resumed: 0, wireBytes: 0, stage: null };
    if (attempt.kind === 'failed' || attempt.kind === 'refused') return shared;
    const sha256 = attempt.sha256 ?? asked.known?.sha256 ?? null;
    if (sha256 !== null && holds(request, sha256)) return attempt.stage ? unchanged(shared) : shared;
    const stage = attempt.stage && (await this.#copy(attempt.stage, attempt, request));
    return stage && { ...shared, stage };
  }

  async #copy(
    from: StageRef,
    { mediaType }: Attempt,
    { keyPrefix, isPrivate }: FetchRequest,
  ): Promise<StageRef | null> {
    const stored = await this.#store.read(from.key, null);
    if (!stored) return null;
    const key = `${keyPrefix}${from.key.slice(from.key.lastIndexOf('/'))}`;
    const stage =
      stored.bytes <= WHOLE_STAGE_BYTES
        ? await this.#store.stageWhole(key, await whole(stored.stream), { mediaType, isPrivate })
        : await this.#copyLarge(stored.stream, key, { mediaType, isPrivate });
    this.#ownStages.add(stage.id);
    return stage;
  }

  async #copyLarge(stream: Readable, key: string, about: StageAbout): Promise<StageRef> {
    const stage = await this.#store.stage(key, about);
    try {
      for await (const chunk of stream) await stage.write(chunk);
      return await stage.finish();
    } catch (error) {
      await stage.abandon();
      throw error;
    }
  }
}

/**
 * The order in which resources of one URL are answered: first who must have an answer of its own, then who has no copy
 * or the oldest one, so that the bytes, if there are new ones, are there for the others.
 */
export function answerOrder<
  One extends { readonly requested: boolean; readonly archival: { readonly known: FetchRequest['known'] } },
>(some: readonly One[]): One[] {
  const age = ({ archival: { known } }: One) => (known === null || known.bytes === null ? '' : known.storedAt);
  return [...some].sort(
    (one, other) => Number(other.requested) - Number(one.requested) || age(one).localeCompare(age(other)),
  );
}

function holds({ known, url }: FetchRequest, sha256: string): boolean {
  return known?.url === url && known.bytes !== null && known.sha256 === sha256;
}

function unchanged(attempt: Attempt): Attempt {
  const reason = 'The content is that of the copy we have (same hash).';
  return { ...attempt, kind: 'unchanged', code: 'same-hash', reason, broken: false };
}

async function whole(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
