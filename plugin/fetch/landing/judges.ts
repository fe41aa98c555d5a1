import { download, format, source } from './formatSignals.ts';
import { naming, years } from './nameSignals.ts';
import { address, alternate, headings, place, state, subject } from './placeSignals.ts';
import type { Judge } from './signal.ts';

/** Everything that is looked at, in the order in which it is told. */
export const JUDGES: readonly Judge[] = [
  source,
  format,
  download,
  naming,
  years,
  headings,
  place,
  subject,
  address,
  alternate,
  state,
];
