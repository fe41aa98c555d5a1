import type { IncomingMessage } from 'node:http';
import type { CheckBounds } from '../../decide/nextCheck.ts';
import type { SettingInForce } from '../../settings/describeConfig.ts';
import type { FormTokens } from './frame/formTokens.ts';

/** What the pages for operators stand on, beside what every route does. */
export interface AdminDeps {
  /** In the order of the settings table. */
  readonly settings: readonly SettingInForce[];
  readonly formTokens: FormTokens;
  readonly checkBounds: CheckBounds;
  /** Fires when the archiver stops: nobody is told any more how things go on. */
  readonly stopping: AbortSignal;
  /** Who a form is for, where the portal or the credentials of the request name somebody; null: nobody in particular. */
  formCaller(request: IncomingMessage): string | null;
}
