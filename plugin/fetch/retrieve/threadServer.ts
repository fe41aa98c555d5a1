import type { MessagePort } from 'node:worker_threads';
import { ArchiverError, messageOf } from '../../errors.ts';
import type { Attempt } from '../../model/attempt.ts';
import { MessageBatch } from './messageBatch.ts';
import type { Retriever } from './Retriever.ts';
import type { FromThread, ToThread } from './threadMessages.ts';
import type { ThreadPlaces } from './threadPlaces.ts';

type Performed = Exclude<ToThread, { kind: 'abort' | 'entered' | 'speed' }>;

/** Serves a retriever to the coordinator over a message port; the other half is `ThreadRetriever`. */
export function serveRetriever(port: MessagePort, retriever: Retriever, places: ThreadPlaces | null = null): void {
  const server = new RetrieverServer(port, retriever, places);
  port.on('message', (messages: readonly ToThread[]) => {
    for (const message of messages) server.receive(message);
  });
}

class RetrieverServer {
  readonly #answers: MessageBatch<FromThread>;
  readonly #retriever: Retriever;
  readonly #places: ThreadPlaces | null;
  /** Requests under way, by the id of their message. */
  readonly #running = new Map<number, AbortController>();

  constructor(port: MessagePort, retriever: Retriever, places: ThreadPlaces | null) {
    this.#answers = new MessageBatch((answers) => port.postMessage(answers));
    this.#retriever = retriever;
    this.#places = places;
  }

  receive(message: ToThread): void {
    if (message.kind === 'abort') this.#running.get(message.id)?.abort();
    else if (message.kind === 'entered') this.#places?.entered(message);
    else if (message.kind === 'speed') this.#retriever.setLeastSpeed?.(message.bytesPerSecond);
    else void this.#answer(message);
  }

  async #answer(message: Performed): Promise<void> {
    const answer = await this.#perform(message).catch((error: unknown): FromThread => {
      const code = error instanceof ArchiverError ? error.code : 'internal';
      return { kind: 'error', id: message.id, code, message: messageOf(error) };
    });
    this.#answers.add(answer);
  }

  async #perform(message: Performed): Promise<FromThread> {
    const { id } = message;
    switch (message.kind) {
      case 'retrieve':
        return { kind: 'attempt', id, attempt: await this.#retrieve(message) };
      case 'commit':
        return { kind: 'committed', id, result: await this.#retriever.commit(message.stage) };
      case 'discard':
        await this.#retriever.discard(message.stage);
        return { kind: 'done', id };
      case 'close':
        for (const controller of this.#running.values()) controller.abort();
        await this.#retriever.close();
        return { kind: 'done', id };
    }
  }

  async #retrieve({ id, request }: Performed & { kind: 'retrieve' }): Promise<Attempt> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      return await this.#retriever.retrieve(request, controller.signal);
    } finally {
      this.#running.delete(id);
    }
  }
}
