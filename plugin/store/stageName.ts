import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { codeOf } from '../errors.ts';

/** Names of stages tell which process writes them, so that those of dead processes can be told from the living. */
const machine = Buffer.from(hostname()).toString('hex').slice(0, 32);
const own = `${machine}.${process.pid}.${startOf(process.pid)}`;

/** Threads of one process count each for themselves. */
const thread = randomBytes(6).toString('hex');
let stages = 0;

/** `<machine>.<process id>.<its start>.<thread and count>`: never given twice. */
export function newStageName(): string {
  stages += 1;
  return `${own}.${thread}${stages.toString(36)}`;
}

/** null: another machine's, or a name of somebody else; only its age can tell. */
export function isOwnerAlive(name: string): boolean | null {
  const [where, pidText, start] = name.split('.');
  const pid = Number(pidText);
  if (where !== machine || !Number.isInteger(pid) || pid <= 0) return null;
  if (!isRunning(pid)) return false;
  // A process id is given again one day; together with its start it is unique until the next boot.
  return startOf(pid) === start;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Start time in clock ticks since boot; `0` where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
  } catch {
    return '0';
  }
}
