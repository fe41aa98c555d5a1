import { readdirSync, readFileSync } from 'node:fs';
import type { Knex } from 'knex';

const TICK_US = 10_000;

interface Process {
  readonly parent: number;
  /** Of the process itself, all threads. */
  readonly ownUs: number;
  /** Of children that have ended, and theirs. */
  readonly endedUs: number;
}

/** null: there is no such process any more, or no /proc. */
function lookAt(pid: number): Process | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const us = (from: number) => (Number(fields[from]) + Number(fields[from + 1])) * TICK_US;
    return { parent: Number(fields[1]), ownUs: us(11), endedUs: us(13) };
  } catch {
    return null;
  }
}

/** CPU time of a process and of all that it started, those that have ended and were waited for included; microseconds. */
function treeUs(pid: number): number {
  const processes = new Map<number, Process>();
  for (const name of readdirSync('/proc')) {
    const found = /^\d+$/.test(name) ? lookAt(Number(name)) : null;
    if (found) processes.set(Number(name), found);
  }
  const sum = (of: number): number => {
    const { ownUs = 0, endedUs = 0 } = processes.get(of) ?? {};
    const children = [...processes].filter(([, { parent }]) => parent === of);
    return children.reduce((us, [child]) => us + sum(child), ownUs + endedUs);
  };
  return sum(pid);
}

/** Microseconds of CPU by part. */
export type ProcessorTimes = Readonly<Record<string, number>>;

const HAS_PROC = process.platform === 'linux';

/** From now on, until the answer is called: what each part, named by the process at its head, takes for one of so many units. */
export function startMeter(heads: Readonly<Record<string, number>>): (units: number) => ProcessorTimes {
  const read = () => (HAS_PROC ? Object.entries(heads).map(([part, pid]) => [part, treeUs(pid)] as const) : []);
  const before = new Map(read());
  return (units) => Object.fromEntries(read().map(([part, us]) => [part, (us - (before.get(part) ?? 0)) / units]));
}

/** What programs that this process runs and waits for take of the CPU. */
export function endedChildrenUs(): number {
  return lookAt(process.pid)?.endedUs ?? 0;
}

/** The process at the head of a PostgreSQL server on this machine. */
export async function postmasterOf(knex: Knex): Promise<number> {
  const { rows } = await knex.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
  return lookAt(rows[0]?.pid ?? 0)?.parent ?? 0;
}

/** The most memory that a process that still runs has had at a time, MB; 0 where there is no /proc. */
export function peakMemory(pid: number): number {
  if (!HAS_PROC) return 0;
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return (Number(kilobytes ?? 0) * 1024) / 1e6;
}
