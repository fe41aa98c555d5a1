import { chosenLinks, type LandingPolicy } from '../../decide/chooseLinks.ts';
import type { Attempt, FetchRequest } from '../../model/attempt.ts';
import type { Config } from '../../settings/Config.ts';
import type { Prober } from '../../wiring/openProber.ts';
import { type ProbedLinks, probeResult } from './probeResult.ts';

/** The options of `probe --landing`. */
export interface LandingOptions extends Pick<Config, 'landingMax' | 'maxBytes'> {
  readonly policy: LandingPolicy;
}

/** The links of a page, and under `best` and `all` what fetching them comes to: one after the other, within one total. */
export async function probeLanding(
  prober: Prober,
  { request, attempt }: { readonly request: FetchRequest; readonly attempt: Attempt },
  options: LandingOptions,
  signal: AbortSignal,
): Promise<ProbedLinks> {
  const { policy, landingMax } = options;
  if (policy === 'off') return {};
  const links = attempt.links ?? [];
  if (policy === 'record') return { links };
  const derived: Attempt[] = [];
  let left = options.maxBytes;
  for (const { url, format } of chosenLinks(links, policy, landingMax)) {
    if (left <= 0 || signal.aborted) break;
    const wanted = { ...request, url, declaredFormat: format, known: null, findLinks: false, maxBytes: left };
    const one = await prober.probe(wanted, null, signal);
    derived.push(one);
    left -= one.kind === 'fetched' ? (one.bytes ?? 0) : 0;
  }
  return { links, derived: derived.map((one) => probeResult(one)) };
}
