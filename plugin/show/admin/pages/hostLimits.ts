import { ArchiverError } from '../../../errors.ts';
import type { HostLimits } from '../../../model/host.ts';
import type { HostLimitSources, LimitKinds } from '../AdminDeps.ts';
import { type Html, html } from '../frame/html.ts';
import { badge } from '../frame/pieces.ts';
import { breakable } from '../frame/texts.ts';

type LimitName = keyof HostLimits;

interface LimitField {
  readonly label: string;
  readonly hint: string;
  /** The setting that says it for all hosts. */
  readonly setting: string;
  readonly input: 'text' | 'decimal' | 'numeric';
}

const NO_LIMIT = '0: no limit';

const FIELDS: Readonly<Record<LimitName, LimitField>> = {
  requestsPerSecond: {
    ...{ label: 'Requests a second', hint: 'all workers together', setting: 'ARCHIVER_HOST_REQUESTS_PER_SECOND' },
    input: 'decimal',
  },
  burst: {
    ...{ label: 'Burst', hint: 'requests to a rested host before that rate holds', setting: 'ARCHIVER_HOST_BURST' },
    input: 'numeric',
  },
  concurrency: {
    ...{ label: 'At the same time', hint: 'requests under way', setting: 'ARCHIVER_HOST_CONCURRENCY' },
    input: 'numeric',
  },
  addressConcurrency: {
    ...{ label: 'At the same time, by address', hint: NO_LIMIT, setting: 'ARCHIVER_ADDRESS_CONCURRENCY' },
    input: 'numeric',
  },
  domainConcurrency: {
    ...{ label: 'At the same time, by domain', hint: NO_LIMIT, setting: 'ARCHIVER_DOMAIN_CONCURRENCY' },
    input: 'numeric',
  },
  bytesPerDay: {
    ...{ label: 'Bytes a day', hint: NO_LIMIT, setting: 'ARCHIVER_HOST_BYTES_PER_DAY' },
    input: 'numeric',
  },
  quietHours: {
    ...{ label: 'Quiet hours', hint: 'UTC, such as 8-18; sweeps ask nothing then', setting: 'ARCHIVER_QUIET_HOURS' },
    input: 'text',
  },
  gapFactor: {
    ...{ label: 'Gap factor', hint: 'pause after each answer, in response times', setting: 'ARCHIVER_HOST_GAP_FACTOR' },
    input: 'decimal',
  },
};

const NAMES = [
  'requestsPerSecond',
  'burst',
  'concurrency',
  'addressConcurrency',
  'domainConcurrency',
  'bytesPerDay',
  'quietHours',
  'gapFactor',
] as const;

/** What the form of a host has, for the description of the routes. */
export const LIMIT_FIELDS: Readonly<Record<string, string>> = Object.fromEntries(
  NAMES.map((name) => [name, `${FIELDS[name].label}, ${FIELDS[name].hint}; empty: as the settings say.`]),
);

/** The limits that a form sets, each read as the setting of the same meaning; null: none. Throws `invalid-request`. */
export function limitsOf(field: (name: string) => string, kinds: LimitKinds): Partial<HostLimits> | null {
  const given = NAMES.flatMap((name) => {
    const text = field(name);
    if (text === '') return [];
    const parsed = kinds[name].parse(text);
    if ('value' in parsed) return [[name, parsed.value] as const];
    const { label } = FIELDS[name];
    throw new ArchiverError('invalid-request', `${label} must be ${kinds[name].accepted}.`);
  });
  return given.length === 0 ? null : Object.fromEntries(given);
}

const textOf = (value: HostLimits[LimitName] | undefined): string => {
  if (value === null || value === undefined) return '';
  return typeof value === 'number' ? String(value) : value.join('-');
};

/** The limits in force, where each comes from, and where the caller may, fields that set others. */
export function limitRows(override: Partial<HostLimits> | null, sources: HostLimitSources, isEditable: boolean): Html {
  const rows = NAMES.map((name) => {
    const { value, source } = inForce(name, override ?? {}, sources);
    return limitRow(name, textOf(value), source, isEditable ? textOf(override?.[name]) : null);
  });
  const titles = ['Limit', 'In force', 'From', ...(isEditable ? ['Set here'] : [])];
  return html`<div class="table"><table role="table" class="limits">
<thead role="rowgroup"><tr role="row">${titles.map((title) => html`<th role="columnheader" scope="col">${title}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows}</tbody></table></div>`;
}

/** What is set here comes before what the settings say of this host, and that before what they say of all. */
function inForce(name: LimitName, override: Partial<HostLimits>, { own, general }: HostLimitSources) {
  if (override[name] !== undefined) return { value: override[name], source: badge('busy', 'set here') };
  if (own[name] !== undefined) return { value: own[name], source: badge('good', 'ARCHIVER_HOSTS') };
  return { value: general[name], source: html`<code>${breakable(FIELDS[name].setting)}</code>` };
}

function limitRow(name: LimitName, shown: string, source: Html, own: string | null): Html {
  const { label, hint, input } = FIELDS[name];
  const field =
    own === null
      ? null
      : html`<td role="cell" data-title="Set here"><div class="cell"><input name="${name}" value="${own}" inputmode="${input}" aria-label="${label}, set here" placeholder="as the settings say"></div></td>`;
  return html`<tr role="row"><th role="rowheader" scope="row"><div class="cell">${label}<span class="second">${hint}</span></div></th>
<td role="cell" data-title="In force"><div class="cell">${hint === NO_LIMIT && shown === '0' ? 'no limit' : shown || 'none'}</div></td>
<td role="cell" data-title="From"><div class="cell">${source}</div></td>${field}</tr>`;
}
