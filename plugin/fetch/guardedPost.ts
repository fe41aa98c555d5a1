import type { Agents } from './connect/agents.ts';

const TIMEOUT_MS = 15_000;

/**
 * Posts a small JSON body through the address guard: one request, no redirects, the response's body thrown away.
 * Rejects when no response came within 15 s.
 */
export async function guardedPost(
  agents: Pick<Agents, 'dispatcherFor'>,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<{ readonly status: number }> {
  const target = new URL(url);
  const response = await agents.dispatcherFor(target).request({
    origin: target.origin,
    path: `${target.pathname}${target.search}`,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body.dump({ limit: 65_536 });
  return { status: response.statusCode };
}
