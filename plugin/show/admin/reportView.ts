import type { ReportView } from '../../record/Reports.ts';
import type { Visit } from './visit.ts';

/** From where a page looks at a report. */
export const reportView = ({ deps, place }: Visit): ReportView => ({
  confirmFailures: deps.confirmFailures,
  site: deps.portal.site,
  now: place.now,
});
