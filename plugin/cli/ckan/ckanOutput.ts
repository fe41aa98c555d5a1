import type { MirrorProgress, MirrorSummary } from '../../mirror/MirrorOptions.ts';
import { CODES, type Code } from '../../model/status.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { columns } from '../context/print.ts';

const LINE_EVERY_MS = 10_000;
const REDRAW_EVERY_MS = 250;

/** Shows how far a run is on standard error, so that standard output is the result alone. */
export interface ProgressLine {
  show(progress: MirrorProgress): void;
  /** Leaves the line as it is; what is written next begins a new one. */
  end(): void;
}

/** On a terminal one line that changes, elsewhere a line now and then. */
export function progressLine(context: Pick<CommandContext, 'errors'>): ProgressLine {
  const isTerminal = 'isTTY' in context.errors && context.errors.isTTY === true;
  let shownAt = Number.NEGATIVE_INFINITY;
  let isOpen = false;
  return {
    show(progress) {
      if (performance.now() - shownAt < (isTerminal ? REDRAW_EVERY_MS : LINE_EVERY_MS)) return;
      shownAt = performance.now();
      isOpen = isTerminal;
      context.errors.write(isTerminal ? `\r\x1b[K${progressText(progress)}` : `${progressText(progress)}\n`);
    },
    end() {
      if (isOpen) context.errors.write('\n');
      isOpen = false;
    },
  };
}

/** `archiving: 120 of 4000 resources, 12.5 a second, expected to end at 2026-11-29T12:00:00.000Z` */
export function progressText(progress: MirrorProgress): string {
  switch (progress.kind) {
    case 'listing':
      return `listing: ${progress.read}${progress.count === null ? '' : ` of ${progress.count}`} datasets`;
    case 'writing-back':
      return `writing back: ${progress.written} resources`;
    case 'archiving': {
      const { done, total, perSecond, expectedEndAt } = progress;
      return [
        `archiving: ${done} of ${total ?? '?'} resources`,
        ...(perSecond === null ? [] : [`${perSecond.toFixed(1)} a second`]),
        ...(expectedEndAt === null ? [] : [`expected to end at ${expectedEndAt.toISOString()}`]),
      ].join(', ');
    }
  }
}

/** The table of outcomes, the most frequent first, and what the run did. */
export function summaryLines(summary: MirrorSummary): string[] {
  const { site, version, datasets, resources, counts, copies, bytes, requests, apiRequests, seconds, hosts } = summary;
  const rows = Object.entries(counts)
    .sort(([, one], [, other]) => other - one)
    .map(([code, count]) => [String(count), code, isCode(code) ? CODES[code].status : '']);
  return [
    `${site}, CKAN ${version ?? '(version hidden)'}: ${datasets} datasets, ${resources} resources`,
    ...columns(rows).map((row) => `  ${row}`),
    ...(hosts === undefined ? [] : [`${hosts} hosts of publishers would be asked`]),
    `${copies} new copies (${bytes} bytes), ${requests} requests to publishers, ${apiRequests} to the portal, ${seconds} s`,
  ];
}

const isCode = (code: string): code is Code => Object.hasOwn(CODES, code);
