import type { CommandContext } from './CommandContext.ts';

/** JSON in one line, or lines for a person. */
export function print(
  context: CommandContext,
  options: { readonly json?: true },
  shown: { readonly json: unknown; readonly lines: readonly string[] },
): void {
  const lines = options.json ? [JSON.stringify(shown.json)] : shown.lines;
  context.output.write(lines.map((line) => `${line}\n`).join(''));
}

/** Columns as wide as their widest cell. */
export function columns(rows: readonly (readonly (string | number | null)[])[]): string[] {
  const texts = rows.map((row) => row.map((cell) => String(cell ?? '-')));
  const widths = texts[0]?.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0))) ?? [];
  return texts.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
