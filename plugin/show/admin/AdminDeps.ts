import type { IncomingMessage } from 'node:http';
import type { CheckBounds } from '../../decide/nextCheck.ts';
import type { Dashboard } from '../../job/agendash.ts';
import type { JobQueue } from '../../job/JobQueue.ts';
import type { HostLimits } from '../../model/host.ts';
import type { SettingInForce } from '../../settings/describeConfig.ts';
import type { SettingKind } from '../../settings/settingKinds.ts';
import type { FormTokens } from './frame/formTokens.ts';

/** Limits of a host, by where the settings say them. */
export interface HostLimitSources {
  /** For all hosts. */
  readonly general: HostLimits;
  /** For this one, in `hosts`. */
  readonly own: Partial<HostLimits>;
}

/** How each limit is read, as the setting of the same meaning. */
export type LimitKinds = { readonly [Name in keyof HostLimits]-?: SettingKind<NonNullable<HostLimits[Name]>> };

/** What the pages for operators stand on, beside what every route does. */
export interface AdminDeps {
  /** In the order of the settings table. */
  readonly settings: readonly SettingInForce[];
  readonly formTokens: FormTokens;
  /** Throws `queue-failed` where the queue is not open. */
  dashboard(): Promise<Dashboard>;
  readonly limitKinds: LimitKinds;
  hostLimits(host: string): HostLimitSources;
  readonly queue: Pick<JobQueue, 'name' | 'counts' | 'list'>;
  readonly checkBounds: CheckBounds;
  /** Fires when the archiver stops: nobody is told any more how things go on. */
  readonly stopping: AbortSignal;
  /** Who a form is for, where the portal or the credentials of the request name somebody; null: nobody in particular. */
  formCaller(request: IncomingMessage): string | null;
}
