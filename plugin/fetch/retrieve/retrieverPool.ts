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

  commit(stage: StageRef): Promise<'committed' | 'exists'> {
    return this.#take(stage).commit(stage);
  }

  discard(stage: StageRef): Promise<void> {
    return this.#take(stage).discard(stage);
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()));
  }

  #take(stage: StageRef): Retriever {
    const member = this.#staged.get(stage.id) ?? this.#member(0);
    this.#staged.delete(stage.id);
    return member;
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
