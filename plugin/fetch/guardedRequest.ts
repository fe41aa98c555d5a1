import type { ApiRequest, ApiResponse } from '../model/apiExchange.ts';
import type { Agents } from './connect/agents.ts';
import { requestFailureOf } from './exchange/exchangeFailure.ts';
import { headerMapOf } from './exchange/headerMap.ts';
import { firstField, mediaTypeOf } from './http/headers.ts';
import { retryAfterMs } from './http/retryAfter.ts';

const LONGEST_RETRY_AFTER_MS = 3_600_000;

/**
 * Asks through the address guard: one request, no redirects followed, no cookies kept, the body bounded in bytes and
 * time. The agents' own timeouts do not hold here, so that the limits are those of the request alone.
 */
export async function guardedRequest(agents: Pick<Agents, 'dispatcherFor'>, request: ApiRequest): Promise<ApiResponse> {
  const { url, method, headers, body, signal, timeoutMs } = request;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await agents.dispatcherFor(url).request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers: { 'accept-encoding': 'identity', ...headers },
      body,
      signal: AbortSignal.any([signal, timeout]),
    });
    const text = await readText(answer.body, request.maxBytes);
    if (text === null) return failed('too-large', `The answer is larger than ${request.maxBytes} bytes.`);
    const fields = headerMapOf(answer.headers);
    return {
      kind: 'response',
      status: answer.statusCode,
      mediaType: mediaTypeOf(fields),
      location: firstField(fields, 'location'),
      retryAfterMs: retryAfterMs(fields, Date.now(), LONGEST_RETRY_AFTER_MS),
      text,
    };
  } catch (error) {
    if (signal.aborted) return failed('stopped', 'The request was stopped.');
    if (timeout.aborted) return failed('timeout', `There was no whole answer within ${timeoutMs} ms.`);
    return failureOf(error);
  }
}

/** null: there is more than that; the connection is given up. */
async function readText(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return null;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function failureOf(error: unknown): ApiResponse {
  const { failure, closedBeforeResponse } = requestFailureOf(error instanceof Error ? error : new Error(String(error)));
  const reason = failure.detail === undefined ? failure.reason : `${failure.reason} (${failure.detail})`;
  const isBlocked = failure.code === 'blocked-address' || failure.code === 'blocked-port';
  if (isBlocked) return { kind: 'failed', code: 'blocked', reason, sent: false };
  // The connector failed: nothing was written yet.
  const sent = closedBeforeResponse || failure.detail === undefined;
  return { kind: 'failed', code: 'unreachable', reason, sent };
}

function failed(code: 'timeout' | 'too-large' | 'stopped', reason: string): ApiResponse {
  return { kind: 'failed', code, reason, sent: true };
}
