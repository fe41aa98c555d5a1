import type { Copy } from '../../../model/copy.ts';
import type { AttemptNote, KeptChange } from '../../../model/history.ts';
import type { DerivedFile } from '../../../model/landing.ts';
import { type Html, html } from '../frame/html.ts';
import { badge, foreignUrl } from '../frame/pieces.ts';
import { countText, durationText, NOTHING, shortened, sizeText } from '../frame/texts.ts';
import type { Table } from '../table/Table.ts';
import { codeTone } from './runViews.ts';

/** A version, and the one that it took the place of. */
export interface Version {
  readonly copy: Copy;
  /** Where its bytes are served. */
  readonly url: string;
  /** null: it is the first that is kept. */
  readonly before: Copy | null;
}

/** How many bytes a version has more than the one before it; null: there is none. */
const grownBy = ({ copy, before }: Version): number | null => before && copy.bytes - before.bytes;

const signed = (count: number): string => `${count < 0 ? '−' : '+'}${sizeText(Math.abs(count))}`;

/** Versions of a resource, each beside the one before. */
export const COPIES_TABLE: Table<Version> = {
  name: 'copies',
  caption: 'Copies, the newest first',
  empty: 'No copy is kept.',
  columns: [
    {
      ...{ name: 'filename', title: 'Copy', type: 'text', value: ({ copy }) => copy.filename },
      show: ({ copy, url }) => html`<a href="${url}">${shortened(copy.filename, 60)}</a>`,
    },
    { name: 'storedAt', title: 'Stored', type: 'time', value: ({ copy }) => copy.storedAt },
    { name: 'format', title: 'Format', type: 'text', value: ({ copy }) => copy.format ?? copy.mediaType },
    {
      ...{ name: 'bytes', title: 'Size', type: 'integer', value: ({ copy }) => copy.bytes },
      show: (version) => sizeOf(version),
    },
    { name: 'grownBy', type: 'integer', value: grownBy },
    {
      ...{ name: 'sha256', title: 'SHA-256', type: 'text', value: ({ copy }) => copy.sha256 },
      show: (version) => hashOf(version),
    },
    { name: 'previousSha256', type: 'text', value: ({ before }) => before?.sha256 ?? null },
    { name: 'md5', type: 'text', value: ({ copy }) => copy.md5 },
    { name: 'partial', title: 'Partial', type: 'truth', value: ({ copy }) => copy.partial },
    { name: 'finalUrl', type: 'text', value: ({ copy }) => copy.finalUrl },
    { name: 'key', type: 'text', value: ({ copy }) => copy.key },
    { name: 'url', type: 'text', value: ({ url }) => url },
  ],
};

function sizeOf(version: Version): Html {
  const grown = grownBy(version);
  const change = grown === null ? 'first copy' : grown === 0 ? 'same size' : signed(grown);
  return html`${sizeText(version.copy.bytes)}<span class="second">${change}</span>`;
}

function hashOf({ copy, before }: Version): Html {
  const change =
    before === null ? null : before.sha256 === copy.sha256 ? 'same bytes' : `was ${before.sha256.slice(0, 12)}…`;
  return html`<code title="${copy.sha256}">${copy.sha256.slice(0, 12)}…</code><span class="second">${change}</span>`;
}

/** The newest tries. */
export const ATTEMPTS_TABLE: Table<AttemptNote> = {
  name: 'attempts',
  caption: 'Attempts, the newest first',
  empty: 'Nobody has been asked yet.',
  columns: [
    { name: 'at', title: 'When', type: 'time', value: ({ at }) => at },
    {
      ...{ name: 'code', title: 'Outcome', type: 'text', value: ({ code }) => code },
      show: ({ code, reason }) => html`${badge(codeTone(code), code)}<span class="second">${reason}</span>`,
    },
    { name: 'reason', type: 'text', value: ({ reason }) => reason },
    {
      name: 'status',
      title: 'HTTP',
      type: 'integer',
      value: ({ status }) => status,
      show: ({ status }) => html`${status ?? NOTHING}`,
    },
    { name: 'ms', title: 'Took', type: 'integer', value: ({ ms }) => ms, show: ({ ms }) => durationText(ms) },
    {
      ...{ name: 'firstByteMs', title: 'First byte', type: 'integer', value: ({ firstByteMs }) => firstByteMs },
      show: ({ firstByteMs }) => (firstByteMs === null ? NOTHING : durationText(firstByteMs)),
    },
    { name: 'requests', title: 'Requests', type: 'integer', value: ({ requests }) => requests },
    {
      ...{ name: 'wireBytes', title: 'Read', type: 'integer', value: ({ wireBytes }) => wireBytes },
      show: ({ wireBytes }) => sizeText(wireBytes),
    },
    { name: 'finalUrl', type: 'text', value: ({ finalUrl }) => finalUrl },
  ],
};

/** What a change of state is called. */
export const CHANGE_WORDS: Readonly<Record<KeptChange['kind'], string>> = {
  code: 'ends otherwise',
  copy: 'new copy',
  moved: 'moved',
  broken: 'broken',
  recovered: 'works again',
  missing: 'copy missing in the store',
  suspect: 'copy ends in the middle',
  removed: 'left the portal',
};

/** Every change of state. */
export const CHANGES_TABLE: Table<KeptChange> = {
  name: 'changes',
  caption: 'Changes of state, the newest first',
  empty: 'Nothing has changed yet.',
  columns: [
    { name: 'at', title: 'When', type: 'time', value: ({ at }) => at },
    { name: 'kind', title: 'Change', type: 'text', value: ({ kind }) => kind, show: ({ kind }) => CHANGE_WORDS[kind] },
    {
      ...{ name: 'code', title: 'Outcome', type: 'text', value: ({ code }) => code },
      show: ({ code }) => (code === null ? NOTHING : badge(codeTone(code), code)),
    },
    { name: 'previousCode', title: 'Before', type: 'text', value: ({ previousCode }) => previousCode },
    { name: 'reason', title: 'Reason', type: 'text', value: ({ reason }) => reason },
    { name: 'url', type: 'text', value: ({ url }) => url },
    { name: 'copyKey', type: 'text', value: ({ copyKey }) => copyKey },
    { name: 'previousCopyKey', type: 'text', value: ({ previousCopyKey }) => previousCopyKey },
  ],
};

/** Files behind the page that the resource's URL answers with. */
export const DERIVED_TABLE: Table<DerivedFile> = {
  name: 'derived',
  caption: 'Files behind the page',
  empty: 'No file was found behind a page.',
  columns: [
    { name: 'url', title: 'URL', type: 'text', value: ({ url }) => url, show: ({ url }) => foreignUrl(url) },
    { name: 'format', title: 'Format', type: 'text', value: ({ format }) => format },
    { name: 'score', title: 'Score', type: 'number', value: ({ score }) => score },
    {
      ...{ name: 'code', title: 'Outcome', type: 'text', value: ({ code }) => code },
      show: ({ code }) => (code === null ? NOTHING : badge(codeTone(code), code)),
    },
    { name: 'checkedAt', title: 'Checked', type: 'time', value: ({ checkedAt }) => checkedAt },
    { name: 'copyKey', type: 'text', value: ({ copyKey }) => copyKey },
  ],
};

/** `3 requests · 120 ms · 14 kB`. */
export const effortText = ({ status, requests, ms, wireBytes }: AttemptNote): string =>
  [
    ...(status === null ? [] : [`HTTP ${status}`]),
    `${countText(requests)} ${requests === 1 ? 'request' : 'requests'}`,
    durationText(ms),
    sizeText(wireBytes),
  ].join(' · ');
