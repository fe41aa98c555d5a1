import { Agents } from '../../plugin/fetch/connect/agents.ts';
import { Fetcher, type FetcherDeps } from '../../plugin/fetch/fetcher.ts';
import type { Attempt, FetchRequest, Known } from '../../plugin/model/attempt.ts';
import type { StageRef } from '../../plugin/model/stage.ts';
import type { Config } from '../../plugin/settings/Config.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import type { Stage } from '../../plugin/store/ArchiveStore.ts';
import type { OddServer } from './oddServer.ts';

/** A small, well-behaved file. */
export const CSV = 'name,count\r\nalpha,1\r\nbeta,2\r\n';

/** A fetcher that may reach this machine only, with deadlines short enough for tests. */
export function testFetcher(settings: Partial<Config> = {}, parts: Partial<FetcherDeps> = {}): Fetcher {
  const config: Config = {
    ...loadConfig({ environment: {} }),
    allowNetworks: [{ cidr: '127.0.0.0/8', port: null }],
    connectTimeoutMs: 2000,
    firstByteTimeoutMs: 2000,
    idleTimeoutMs: 2000,
    totalTimeoutMs: 10_000,
    verifyShare: 0,
    ...settings,
  };
  const agents = new Agents(config, { onConnected: (...at) => parts.places?.connected(...at) });
  return new Fetcher(config, { agents, site: 'https://portal.example', ...parts });
}

export function requestFor(url: string, more: Partial<FetchRequest> = {}): FetchRequest {
  return {
    url,
    mode: 'demand',
    known: null,
    declaredFormat: null,
    resourceName: null,
    now: Date.now(),
    keyPrefix: 'archive/20260102T030405Z/r1',
    ...more,
  };
}

export function knownOf(url: string, more: Partial<Known> = {}): Known {
  return {
    url,
    storedAt: new Date().toISOString(),
    status: 200,
    headers: {},
    bytes: Buffer.byteLength(CSV),
    md5: '0'.repeat(32),
    sha256: '0'.repeat(64),
    ok: true,
    ...more,
  };
}

/** Keeps stages in memory and counts them: our own contract, so a fake will do. */
export class MemoryStages {
  readonly bodies = new Map<string, Buffer>();
  readonly keys: string[] = [];
  open = 0;
  abandoned = 0;
  #lastId = 0;

  async stage(key: string): Promise<Stage> {
    const chunks: Buffer[] = [];
    let over = false;
    this.open += 1;
    const end = () => {
      if (!over) this.open -= 1;
      over = true;
    };
    return {
      write: async (chunk) => {
        chunks.push(Buffer.from(chunk));
      },
      finish: async () => {
        end();
        return this.#put(key, Buffer.concat(chunks));
      },
      abandon: async () => {
        if (!over) this.abandoned += 1;
        end();
      },
    };
  }

  async stageWhole(key: string, body: Uint8Array): Promise<StageRef> {
    return this.#put(key, Buffer.from(body));
  }

  bodyOf(attempt: Attempt): Buffer | undefined {
    return attempt.stage ? this.bodies.get(attempt.stage.id) : undefined;
  }

  #put(key: string, body: Buffer): StageRef {
    const id = String(++this.#lastId);
    this.bodies.set(id, body);
    this.keys.push(key);
    return { id, key, bytes: body.length };
  }
}

/** Fetches once from an odd server, with a fetcher of its own, and stops both. */
export async function fetchOnce(
  server: OddServer,
  path: string,
  options: {
    request?: Partial<FetchRequest>;
    settings?: Partial<Config>;
    parts?: Partial<FetcherDeps>;
    stages?: MemoryStages;
  } = {},
): Promise<Attempt> {
  const fetcher = testFetcher(options.settings, options.parts);
  try {
    return await fetcher.fetch(
      requestFor(server.url(path), options.request),
      options.stages ?? null,
      new AbortController().signal,
    );
  } finally {
    await fetcher.close();
    await server.stop();
  }
}
