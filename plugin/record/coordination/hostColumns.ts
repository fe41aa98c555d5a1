import type { HostState } from '../../decide/hostBudget.ts';
import type { HostLimits } from '../../model/host.ts';
import { moment } from '../database/ownTypes.ts';
import { selectList } from '../database/selectList.ts';

/** What is remembered of a host between slices, and the limits that an administrator set for it. */
export interface HostRow extends HostState {
  readonly override: Partial<HostLimits> | null;
}

/** The columns of `host_limit`, as the members of {@link HostRow}. */
export const HOST_LIST = selectList({
  tokens: 'tokens',
  refilledAt: moment('refilled_at'),
  bytesDay: `to_char(bytes_day, 'YYYY-MM-DD')`,
  bytes: 'bytes::float8',
  pauseUntil: moment('pause_until'),
  deadCount: 'dead_count',
  openUntil: moment('open_until'),
  openCount: 'open_count',
  overloadedAt: moment('overloaded_at'),
  override: 'override',
} satisfies Record<keyof HostRow, string>);
