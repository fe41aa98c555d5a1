import { setTimeout as wait } from 'node:timers/promises';
import type { Archiver, Copy, ResourceStatus } from 'portal-archiver';
import type { Catalogue, ResourceRow } from './catalogue.ts';
import { sizeText } from './pageViews.ts';
import { SEEDED } from './seed.ts';

/** How one seeded resource ended. */
export interface ReportRow {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  /** The code it should end with. */
  readonly expected: string;
  readonly status: string | null;
  readonly code: string | null;
  readonly size: number | null;
  readonly md5: string | null;
  readonly cacheUrl: string | null;
  readonly key: string | null;
  /** Milliseconds from the last change of the resource to its copy, or to the first failure. */
  readonly ms: number | null;
}

/** How the seeded resources ended. */
export interface Report {
  readonly rows: readonly ReportRow[];
  readonly isSettled: boolean;
  /** Every seeded resource ended as it should. */
  readonly ok: boolean;
}

const SETTLED_MS = 100;

/** Waits until every seeded resource is settled, `withinMs` at most, and says how each ended. */
export async function reportWhenSettled(catalogue: Catalogue, archiver: Archiver, withinMs: number): Promise<Report> {
  for (const until = Date.now() + withinMs; ; await wait(SETTLED_MS)) {
    const report = await reportNow(catalogue, archiver);
    if (report.isSettled || Date.now() >= until) return report;
  }
}

async function reportNow(catalogue: Catalogue, archiver: Archiver): Promise<Report> {
  const ids = SEEDED.map(({ id }) => id);
  // A copy that a state speaks of is there when the state is.
  const states = await archiver.archive.status(ids);
  const versions = await archiver.archive.copies(ids);
  const byId = new Map(states.map((archival) => [archival.resourceId, archival]));
  const rows: ReportRow[] = [];
  let isSettled = true;
  for (const { id, name, expected } of SEEDED) {
    const resource = await catalogue.resource(id);
    // An editor took it out; that is no failure.
    if (!resource) continue;
    const archival = byId.get(id) ?? null;
    const copy = versions.get(id)?.[0] ?? null;
    isSettled &&= archival !== null && archival.code !== null && !archival.pending;
    const changedAt = resource.metadata_modified;
    const { url, cache_url: cacheUrl = null } = resource;
    const code = archival?.code ?? null;
    rows.push({
      id,
      name,
      url,
      expected,
      status: archival?.status ?? null,
      code,
      size: sizeOf(resource, copy),
      md5: copy?.md5 ?? null,
      cacheUrl,
      key: copy?.key ?? null,
      ms: msOf(changedAt, archival, copy),
    });
  }
  return { rows, isSettled, ok: isSettled && rows.every(isAsExpected) };
}

/** Of a file that was refused, what the publisher declared. */
function sizeOf({ size }: ResourceRow, copy: Copy | null): number | null {
  return copy?.bytes ?? (size === null ? null : Number(size));
}

function msOf(changedAt: Date, archival: ResourceStatus | null, copy: Copy | null): number | null {
  const endedAt = copy?.storedAt ?? archival?.firstFailureAt ?? archival?.checkedAt ?? null;
  return endedAt && Math.max(0, endedAt.getTime() - changedAt.getTime());
}

/** A later start finds a file archived before: unchanged is as good. */
function isAsExpected({ expected, code, key }: ReportRow): boolean {
  const isUnchanged = ['not-modified', 'still-fresh', 'same-length', 'same-hash'].includes(code ?? '');
  return expected === 'archived' ? key !== null && (code === 'archived' || isUnchanged) : code === expected;
}

/** For people: one line a resource. */
export function tableOf(rows: readonly ReportRow[]): string {
  const cells = [
    ['resource', 'status', 'size', 'copy'],
    ...rows.map(({ name, status, code, size, cacheUrl }) => [
      name,
      status === null ? 'waiting' : `${status} (${code})`,
      size === null ? '' : sizeText(size),
      cacheUrl ?? '',
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
