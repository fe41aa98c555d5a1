import fc from 'fast-check';
import { type Classification, classify } from '../../plugin/fetch/body/classify.ts';
import { partialSign } from '../../plugin/fetch/service/partialAnswer.ts';
import { END_BYTES, endedFormat, lackingAtEnd } from '../../plugin/fetch/sniff/fileEnd.ts';
import type { HeaderMap } from '../../plugin/model/attempt.ts';
import { requestFor } from './fetching.ts';
import { type MutatedBody, mutatedBody } from './mutatedBodies.ts';

/** What no body may take. */
export const MOST_MS = 200;
/** From here on a time is measured again: a machine that is busy, or cleans up, is no fault of the body's. */
const DOUBTFUL_MS = 10;
const MEASURED_AGAIN = 4;

/** What a block of bodies came to. */
export interface Proved {
  readonly runs: number;
  readonly worstMs: number;
  /** The counterexample as fast-check tells it, with its seed; null: every body passed. */
  readonly failure: string | null;
}

/** Sends mutated bodies through sniffing: none throws, none takes longer than {@link MOST_MS}. */
export function proveSniffing({ seed, runs, limitMs }: { seed: number; runs: number; limitMs?: number }): Proved {
  let worstMs = 0;
  const property = fc.property(mutatedBody, (mutated) => {
    const ms = timeOf(mutated);
    worstMs = Math.max(worstMs, ms);
    return ms <= MOST_MS;
  });
  const limit = limitMs === undefined ? {} : { interruptAfterTimeLimit: limitMs };
  const details = fc.check(property, { seed, numRuns: runs, ...limit });
  return {
    runs: details.numRuns,
    worstMs,
    failure: details.failed ? (fc.defaultReportMessage(details) ?? 'failed') : null,
  };
}

/** The least of several times, where the first one is long. */
function timeOf(mutated: MutatedBody): number {
  let ms = measured(mutated);
  for (let time = 0; time < MEASURED_AGAIN && ms > DOUBTFUL_MS; time++) ms = Math.min(ms, measured(mutated));
  return ms;
}

/** What the body took, at most what the processors worked meanwhile: others who have them are no fault of it. */
function measured(mutated: MutatedBody): number {
  const [startedAt, before] = [performance.now(), process.cpuUsage()];
  throughSniffing(mutated);
  const ms = performance.now() - startedAt;
  if (ms <= DOUBTFUL_MS) return ms;
  const { user, system } = process.cpuUsage(before);
  return Math.min(ms, (user + system) / 1000);
}

/** All that is looked at in a body's bytes, at its beginning and at its end. */
export function throughSniffing({ body, complete, contentType, declaredFormat, path }: MutatedBody): Classification {
  const headers: HeaderMap = contentType === null ? {} : { 'content-type': contentType };
  const about = {
    headers,
    request: requestFor(`http://a.example${path}`, { declaredFormat }),
    finalUrl: `http://a.example${path}`,
    expects: 'anything' as const,
  };
  const first = classify(about, { head: body, complete, secondSample: null });
  const again = { head: body, complete: false, secondSample: body };
  const found = first.sampleRange === null ? first : classify(about, again);
  const text = body.toString();
  partialSign(text, complete ? null : text);
  const format = endedFormat(body);
  if (format !== null && format !== 'gzip') lackingAtEnd(format, body.subarray(-END_BYTES));
  return found;
}
