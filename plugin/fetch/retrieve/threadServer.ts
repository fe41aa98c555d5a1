import type { MessagePort } from 'node:worker_threads';
import { ArchiverError, messageOf } from '../../errors.ts';
import type { Retriever } from './Retriever.ts';
import type { FromThread, ToThread } from './threadMessages.ts';

/** Serves a retriever to the coordinator over a message port; the other half is `ThreadRetriever`. */
export function serveRetriever(port: MessagePort, retriever: Retriever): void {
  const running = new Map<number, AbortController>();
  const answer = (message: FromThread) => port.postMessage(message);

  port.on('message', (message: ToThread) => {
    if (message.kind === 'abort') running.get(message.id)?.abort();
    else
      perform(message).then(answer, (error: unknown) =>
        answer({
          kind: 'error',
          id: message.id,
          code: error instanceof ArchiverError ? error.code : 'internal',
          message: messageOf(error),
        }),
      );
  });

  async function perform(message: Exclude<ToThread, { kind: 'abort' }>): Promise<FromThread> {
    const { id } = message;
    switch (message.kind) {
      case 'retrieve': {
        const controller = new AbortController();
        running.set(id, controller);
        try {
          return { kind: 'attempt', id, attempt: await retriever.retrieve(message.request, controller.signal) };
        } finally {
          running.delete(id);
        }
      }
      case 'commit':
        return { kind: 'committed', id, result: await retriever.commit(message.stage) };
      case 'discard':
        await retriever.discard(message.stage);
        return { kind: 'done', id };
      case 'close':
        for (const controller of running.values()) controller.abort();
        await retriever.close();
        return { kind: 'done', id };
    }
  }
}
