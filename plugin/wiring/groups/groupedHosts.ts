import type { HostSlice, HostWait } from '../../model/host.ts';
import { GroupedCalls } from '../../record/coordination/groupedCalls.ts';
import type { Hosts, SliceAsk, SliceReport } from '../../record/Hosts.ts';

type GroupedHosts = Pick<Hosts, 'takeSlice' | 'renewSlots' | 'slowSlots' | 'moveSlots' | 'releaseSlots'>;

/** Rows of hosts are locked until their group commits: other workers wait no longer for many than for a few. */
const MOST = 50;

/** A sweep's host waits so long for others that ask for a slice: the statements are the cost, not their rows. */
const TAKING_MS = 25;
/** Nobody waits for what is given back but other processes. */
const RELEASING_MS = 50;

/** Slices that sweeps take of many hosts, and what all give back, go to the database together. Who is waited for goes alone. */
export function groupedHosts(hosts: Hosts): GroupedHosts {
  const taking = new GroupedCalls<SliceAsk, HostSlice>((asks) => hosts.takeSlices(asks), {
    most: MOST,
    lingerMs: TAKING_MS,
  });
  const releasing = new GroupedCalls<SliceReport, readonly HostWait[]>((reports) => releaseAll(hosts, reports), {
    most: MOST,
    lingerMs: RELEASING_MS,
  });
  return {
    takeSlice: (host, by) => (by.urgent ? hosts.takeSlice(host, by) : taking.call({ host, ...by })),
    releaseSlots: (host, report) => releasing.call({ host, ...report }),
    renewSlots: (host, by) => hosts.renewSlots(host, by),
    slowSlots: (host, by) => hosts.slowSlots(host, by),
    moveSlots: (host, by) => hosts.moveSlots(host, by),
  };
}

/** Whose turn it is is told once, to any of those who gave something back. */
async function releaseAll(hosts: Hosts, reports: readonly SliceReport[]): Promise<readonly (readonly HostWait[])[]> {
  const called = await hosts.releaseAll(reports);
  return reports.map((_, index) => (index === 0 ? called : []));
}
