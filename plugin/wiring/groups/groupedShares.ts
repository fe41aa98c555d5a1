import type { Lease } from '../../model/archival.ts';
import type { Archivals, HostShare, WaitingRequest } from '../../record/Archivals.ts';
import { GroupedCalls } from '../../record/coordination/groupedCalls.ts';

type LeaseBy = Parameters<Archivals['leaseDue']>[1];
type Grouped = 'leaseDue' | 'nextRetryAt' | 'nextWaiting';
type GroupedShares = Pick<Archivals, Grouped | 'release' | 'explainDue'>;

/** Each host has up to a hundred resources in such a statement. */
const MOST = 16;
const MOST_NAMES = 200;

/** Shares of many hosts are looked for and leased together. All calls are those of one process, with one owner and length of leases. */
export function groupedShares(archivals: Archivals): GroupedShares {
  const nameOf = ({ host }: { readonly host: string }) => host;
  const leasing = new GroupedCalls<HostShare & LeaseBy, readonly Lease[]>((shares) => leaseAll(archivals, shares), {
    most: MOST,
    nameOf,
  });
  const retrying = new GroupedCalls<string, Date | null>((hosts) => retriesOf(archivals, hosts), { most: MOST_NAMES });
  const waiting = new GroupedCalls<{ readonly host: string; readonly now: Date }, WaitingRequest | null>(
    (looks) => waitingOf(archivals, looks),
    { most: MOST_NAMES },
  );
  return {
    nextWaiting: (host, by) => waiting.call({ host, ...by }),
    leaseDue: (host, by) => leasing.call({ host, ...by }),
    nextRetryAt: (host) => retrying.call(host),
    release: (leases) => archivals.release(leases),
    explainDue: (host, how) => archivals.explainDue(host, how),
  };
}

async function leaseAll(archivals: Archivals, shares: readonly (HostShare & LeaseBy)[]): Promise<(readonly Lease[])[]> {
  const by = shares.at(-1);
  const leased = by ? await archivals.leaseDueOf(shares, by) : new Map<string, readonly Lease[]>();
  return shares.map(({ host }) => leased.get(host) ?? []);
}

async function retriesOf(archivals: Archivals, hosts: readonly string[]): Promise<(Date | null)[]> {
  const found = await archivals.nextRetries(hosts);
  return hosts.map((host) => found.get(host) ?? null);
}

async function waitingOf(
  archivals: Archivals,
  looks: readonly { readonly host: string; readonly now: Date }[],
): Promise<(WaitingRequest | null)[]> {
  const hosts = looks.map(({ host }) => host);
  const found = await archivals.nextWaitingOf(hosts, { now: looks.at(-1)?.now ?? new Date() });
  return hosts.map((host) => found.get(host) ?? null);
}
