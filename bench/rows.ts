import { availableParallelism, cpus, loadavg } from 'node:os';
import { asJson } from './options.ts';
import type { ProcessorTimes } from './processorTime.ts';

/** One line of a benchmark's result: medians over rounds in which ours and the peer took turns. */
export interface Row {
  readonly work: string;
  readonly unit: string;
  readonly ours: number;
  /** null where the aim is a figure of ours alone. */
  readonly peer: number | null;
  readonly peerName: string | null;
  /** ours / peer */
  readonly ratio: number | null;
  /** null: a figure to read, without an aim. */
  readonly aim: number | null;
  readonly better: 'more' | 'less';
  readonly rounds: number;
  /** Microseconds of CPU for one unit, by process; steadier than a rate where the machine has other work. */
  readonly cpuUs?: ProcessorTimes;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** A figure of ours alone. */
export function alone(
  work: string,
  { unit, ours, aim, better, rounds, cpuUs }: Pick<Row, 'unit' | 'ours' | 'aim' | 'better' | 'rounds' | 'cpuUs'>,
): Row {
  const row = { work, unit, ours, peer: null, peerName: null, ratio: null, aim, better, rounds };
  return cpuUs ? { ...row, cpuUs } : row;
}

/** Part by part. */
export function medianTimes(rounds: readonly ProcessorTimes[]): ProcessorTimes {
  const parts = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(parts.map((part) => [part, median(rounds.map((times) => times[part] ?? Number.NaN))]));
}

/** As a table, or as JSON where that was asked for; both say what it was measured on. */
export function printRows(rows: readonly Row[]): void {
  const machine = {
    node: process.version,
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? '',
    load: loadavg(),
  };
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ machine, rows })}\n`);
    return;
  }
  const load = machine.load.map((one) => one.toFixed(1)).join(' ');
  process.stdout.write(
    `Node ${machine.node}, ${machine.cores} cores (${machine.cpu.trim()}), load at the end ${load}\n`,
  );
  console.table(rows.map(shown));
}

function shown(row: Row) {
  const { work, unit, ours, peer, peerName, ratio, aim, better, rounds, cpuUs = {} } = row;
  const figure = ratio ?? ours;
  const isMet = aim === null || (better === 'more' ? figure >= aim : figure <= aim);
  const parts = Object.entries(cpuUs).map(([part, us]) => `${part} ${Math.round(us)}`);
  return {
    work,
    unit,
    ours: round(ours),
    peer: peer === null ? '' : `${round(peer)} (${peerName})`,
    ratio: ratio === null ? '' : round(ratio),
    aim: aim === null ? '' : `${better === 'more' ? '≥' : '≤'} ${aim}`,
    met: aim === null ? '' : isMet ? 'yes' : 'no',
    'CPU us each': parts.join(', '),
    rounds,
  };
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
