import type { ReportView } from '../record/Reports.ts';
import type { HandlerDeps } from './HandlerDeps.ts';

/** From where reports are looked at. */
export const reportView = (
  { confirmFailures, portal }: Pick<HandlerDeps, 'confirmFailures' | 'portal'>,
  now: Date,
): ReportView => ({ confirmFailures, site: portal.site, now });
