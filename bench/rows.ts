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
  readonly aim: number;
  readonly better: 'more' | 'less';
  readonly rounds: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

export function printRows(rows: readonly Row[], asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ rows })}\n`);
    return;
  }
  const lines = rows.map((row) => {
    const met = row.better === 'more' ? (row.ratio ?? row.ours) >= row.aim : (row.ratio ?? row.ours) <= row.aim;
    return {
      work: row.work,
      unit: row.unit,
      ours: round(row.ours),
      peer: row.peer === null ? '' : `${round(row.peer)} (${row.peerName})`,
      ratio: row.ratio === null ? '' : round(row.ratio),
      aim: `${row.better === 'more' ? '≥' : '≤'} ${row.aim}`,
      met: met ? 'yes' : 'no',
      rounds: row.rounds,
    };
  });
  console.table(lines);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
