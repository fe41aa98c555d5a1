import type { MessagePort } from 'node:worker_threads';
import type { HostEntrance, HostPlaces } from '../../model/hostPlaces.ts';
import type { FromThread, ToThread } from './threadMessages.ts';

/** The places of the coordinator, as a fetch thread sees them. */
export class ThreadPlaces implements HostPlaces {
  readonly #port: Pick<MessagePort, 'postMessage'>;
  readonly #entering = new Map<number, (entrance: HostEntrance) => void>();
  #lastVisit = 0;

  constructor(port: Pick<MessagePort, 'postMessage'>) {
    this.#port = port;
  }

  /** The coordinator answers soon, whatever the signal does: nobody is left in a place that it gave. */
  enter(host: string, from: string): Promise<HostEntrance> {
    const visit = ++this.#lastVisit;
    return new Promise((resolve) => {
      this.#entering.set(visit, resolve);
      this.#post({ kind: 'enter', id: visit, host, from });
    });
  }

  connected(hostname: string, address: string): void {
    this.#post({ kind: 'connected', hostname, address });
  }

  /** The coordinator's answer. */
  entered({ id, busyMs }: ToThread & { readonly kind: 'entered' }): void {
    const resolve = this.#entering.get(id);
    this.#entering.delete(id);
    if (busyMs !== null) resolve?.({ kind: 'busy', retryInMs: busyMs });
    else resolve?.({ kind: 'entered', place: { leave: (cost) => this.#post({ kind: 'leave', id, cost }) } });
  }

  #post(message: FromThread): void {
    this.#port.postMessage([message]);
  }
}
