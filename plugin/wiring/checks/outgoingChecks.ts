import { Resolver } from '../../fetch/connect/resolver.ts';
import type { Attempt, FetchRequest } from '../../model/attempt.ts';
import type { Code } from '../../model/status.ts';
import type { Portal } from '../../portal/Portal.ts';
import type { Config } from '../../settings/Config.ts';
import { openProber } from '../openProber.ts';
import { attempt, bad, type Check, type ConnectionCheck, fine } from './check.ts';

/** Where to, and until when. */
export interface OutgoingOptions {
  /** null: the first link of the portal that is one. */
  readonly url: string | null;
  readonly signal: AbortSignal;
}

/** Links that are looked at for one to try. */
const LOOKED_AT = 100;

/** What a link that is not reached says of this machine, and not of its publisher; in the order of the way there. */
const WAYS_OUT: Partial<Readonly<Record<Code, string>>> = {
  dns: 'see the name servers',
  'blocked-address': 'the address is not public; name its network in ARCHIVER_ALLOW_NETWORKS if it is yours',
  'blocked-port': 'ARCHIVER_PORTS says which ports may be asked',
  refused: 'let this machine connect to the outside, or name its proxy (ARCHIVER_PROXY)',
  reset: 'something on the way closes connections; where that is a proxy, name it (ARCHIVER_PROXY)',
  timeout: 'let this machine connect to the outside, or name its proxy (ARCHIVER_PROXY)',
  tls: 'something on the way may replace certificates; NODE_EXTRA_CA_CERTS names those of a proxy',
};

/** Whether names are found and a link is reached, in the way that archivals do it; keeps nothing. */
export async function outgoingChecks(
  config: Config,
  portal: Portal,
  { url, signal }: OutgoingOptions,
): Promise<readonly ConnectionCheck[]> {
  const links = await linksOf(portal, url);
  const name = links.map(({ hostname }) => hostname).find(isName);
  const [link] = links;
  return [
    await attempt('name servers', () => checkNames(config, name)),
    await attempt('outgoing', async () => (link ? checkLink(config, link, signal) : noLink())),
  ];
}

/** A URL spells every IPv4 address with four decimal numbers, and IPv6 in brackets. */
const isName = (hostname: string): boolean => !/^(\[.*|[\d.]+)$/.test(hostname);

const noLink = (): Check => fine('the portal has no link yet; --url tries one');

async function linksOf({ catalog }: Portal, url: string | null): Promise<readonly URL[]> {
  const texts = url === null ? await urlsOf(catalog) : [url];
  return texts.filter((text) => /^https?:/i.test(text) && URL.canParse(text)).map((text) => new URL(text));
}

/** None where the portal cannot be read: that is told by the check of its tables. */
async function urlsOf(catalog: Portal['catalog']): Promise<readonly string[]> {
  const resources = await catalog.listResources({ after: null, limit: LOOKED_AT }).catch(() => []);
  return resources.map(({ url }) => url);
}

async function checkNames(config: Config, name: string | undefined): Promise<Check> {
  if (name === undefined) return fine('no link has a name to look up; --url tries one');
  const resolver = new Resolver(config);
  try {
    const addresses = await resolver.resolve(name);
    return fine(`${name} has ${addresses.length === 1 ? 'an address' : `${addresses.length} addresses`}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return bad(`${reason}: name servers that answer can be named in ARCHIVER_DNS_SERVERS`);
  } finally {
    resolver.close();
  }
}

/** A publisher that answers anything at all was reached. */
async function checkLink(config: Config, { href, host }: URL, signal: AbortSignal): Promise<Check> {
  const prober = openProber(config);
  try {
    const { code, reason, status } = await prober.probe(checkRequest(href), null, signal);
    const wayOut = WAYS_OUT[code];
    if (status !== null || wayOut === undefined) return fine(`${host} was reached: ${statusText({ status, reason })}`);
    return bad(`${host} was not reached (${code}): ${reason} ${capitalised(wayOut)}.`);
  } finally {
    await prober.close();
  }
}

const statusText = ({ status, reason }: Pick<Attempt, 'status' | 'reason'>): string =>
  status === null ? reason : `it answered ${status}`;

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function checkRequest(url: string): FetchRequest {
  return {
    url,
    mode: 'check',
    known: null,
    declaredFormat: null,
    resourceName: null,
    now: Date.now(),
    keyPrefix: 'archive/00000000T000000Z/doctor',
  };
}
