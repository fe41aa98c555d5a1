import { setTimeout as wait } from 'node:timers/promises';

export interface ActionAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what an action answers is for the test to say.
  readonly body: any;
}

/** CKAN's API of a portal, for one caller. */
export class ActionClient {
  readonly #site: string;
  readonly #token: string | null;

  constructor(site: string, token: string | null = null) {
    this.#site = site;
    this.#token = token;
  }

  async call(action: string, input: unknown = {}): Promise<ActionAnswer> {
    return this.ask(`/api/3/action/${action}`, { method: 'POST', body: JSON.stringify(input) });
  }

  /** The result of an action that must succeed. */
  async result(action: string, input: unknown = {}): Promise<ActionAnswer['body']> {
    const { status, body } = await this.call(action, input);
    if (status !== 200) throw new Error(`${action} answered ${status}: ${JSON.stringify(body)}`);
    return body.result;
  }

  async ask(path: string, init: RequestInit = {}): Promise<ActionAnswer> {
    const headers = { ...(this.#token && { Authorization: this.#token }) };
    const response = await fetch(`${this.#site}${path}`, { ...init, headers: { ...headers, ...init.headers } });
    const text = await response.text();
    return { status: response.status, body: text.startsWith('{') || text.startsWith('"') ? JSON.parse(text) : text };
  }

  /** Asks the archive about a resource until `isThere` says that it is as the test waits for it. */
  async archived(id: string, isThere: (view: ActionAnswer['body']) => boolean): Promise<ActionAnswer['body']> {
    for (;;) {
      const { body } = await this.ask(`/archiver/resources/${id}`);
      if (isThere(body)) return body;
      await wait(50);
    }
  }
}
