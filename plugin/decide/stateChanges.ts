import type { Archival, ArchivalUpdate } from '../model/archival.ts';
import type { ChangeKind, StateChange } from '../model/history.ts';
import { CODES, type Code } from '../model/status.ts';
import type { ArchivalTransition } from './nextArchival.ts';

/** What an attempt may have changed. */
export interface Changeable {
  readonly before: Archival;
  readonly after: ArchivalUpdate;
  readonly datasetId: string;
  /** false: a retry follows, so that the outcome is not one yet. */
  readonly settled: boolean;
  readonly transitions: readonly ArchivalTransition[];
  /** The key of a copy that was stored; null: none. */
  readonly stored: string | null;
  /** The keys of copies of files behind the resource's page. */
  readonly derived: readonly string[];
  /** The key of the copy that the store has lost; null: none. */
  readonly missing: string | null;
  /** The new copies that end in the middle, and why that is thought. */
  readonly suspects: readonly { readonly key: string; readonly reason: string }[];
}

/** Every change of state that an attempt brought, in the order in which they are told. Pure. */
export function stateChanges(changeable: Changeable): readonly StateChange[] {
  const { before, after, settled, stored, derived, missing, suspects, transitions } = changeable;
  const change = (kind: ChangeKind, more: Partial<StateChange> = {}) => changeOf(changeable, kind, more);
  const isNewPlace = after.moved && (!before.moved || before.finalUrl !== after.finalUrl);
  return [
    ...(missing === null ? [] : [change('missing', { copyKey: missing })]),
    ...(settled && !isSameState(before.code, after.code) ? [change('code')] : []),
    ...(stored === null ? [] : [change('copy', { copyKey: stored, previousCopyId: before.copyId })]),
    ...derived.map((copyKey) => change('copy', { copyKey })),
    ...suspects.map(({ key, reason }) => change('suspect', { copyKey: key, reason })),
    ...(settled && isNewPlace ? [change('moved', { url: after.finalUrl })] : []),
    ...transitions.flatMap((name) => (name === 'broken' || name === 'recovered' ? [change(name)] : [])),
  ];
}

function changeOf({ before, after, datasetId }: Changeable, kind: ChangeKind, more: Partial<StateChange>): StateChange {
  return {
    at: after.checkedAt ?? new Date(0),
    resourceId: before.resourceId,
    datasetId,
    kind,
    code: after.code,
    previousCode: before.code,
    reason: after.reason,
    copyKey: null,
    previousCopyId: null,
    url: null,
    ...more,
  };
}

/** All that works is one state: a file that is archived, then unchanged, then fresh, has not changed. */
export function isSameState(before: Code | null, after: Code | null): boolean {
  const stateOf = (code: Code | null) => (code !== null && isGood(code) ? 'works' : code);
  return stateOf(before) === stateOf(after);
}

const isGood = (code: Code): boolean => CODES[code].broken === false || code === 'checked-only';
