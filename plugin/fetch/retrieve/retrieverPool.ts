import type { Attempt, FetchRequest } from '../../model/attempt.ts';
import type { StageRef } from '../../model/stage.ts';
import type { Retriever } from './Retriever.ts';

/**
 * Retrievers that share the hosts: a host always belongs to the same one, so that its connections and limits stay in one
 * place. `commit` and `discard` go to where the bytes are staged.
 */
export class RetrieverPool implements Retriever {
  readonly #members: readonly Retriever[];
  readonly #staged = new Map<string, Retriever>();

  constructor(members: readonly Retriever[]) {
    this.#members = members;
  }

  async retrieve(request: FetchRequest, signal: AbortSignal): Promise<Attempt> {
    const member = this.#memberFor(request.url);
    const attempt = await member.retrieve(request, signal);
    if (attempt.stage) this.#staged.set(attempt.stage.id, member);
    return attempt;
  }

  /** One that fails may be tried again where the bytes are. */
  async commit(stage: StageRef): Promise<'committed' | 'exists'> {
    const result = await this.#ownerOf(stage).commit(stage);
    if (result === 'committed') this.#staged.delete(stage.id);
    return result;
  }

  async discard(stage: StageRef): Promise<void> {
    const owner = this.#ownerOf(stage);
    this.#staged.delete(stage.id);
    await owner.discard(stage);
  }

  setLeastSpeed(bytesPerSecond: number): void {
    for (const member of this.#members) member.setLeastSpeed?.(bytesPerSecond);
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()));
  }

  #ownerOf(stage: StageRef): Retriever {
    return this.#staged.get(stage.id) ?? this.#member(0);
  }

  #memberFor(url: string): Retriever {
    const host = /^[a-z]+:\/\/([^/?#]*)/i.exec(url)?.[1] ?? '';
    let hash = 0;
    for (let index = 0; index < host.length; index++) hash = (hash * 31 + host.charCodeAt(index)) >>> 0;
    return this.#member(hash % this.#members.length);
  }

  #member(index: number): Retriever {
    const member = this.#members[index];
    if (!member) throw new RangeError('A retriever pool needs at least one member.');
    return member;
  }
}
