const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const FIXDATE = /^[a-z]{3}, (\d{2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) gmt$/i;
const RFC850 = /^[a-z]{6,9}, (\d{2})-([a-z]{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) gmt$/i;
const ASCTIME = /^[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/i;

/**
 * An HTTP-date in any of its three forms (RFC 9110 section 5.6.7) as epoch milliseconds; null for everything else, also
 * for dates that `Date.parse` would take (other time zones, `0`, `-1`). `at` is the ground for two-digit years.
 */
export function httpDate(text: string, at: number): number | null {
  const value = text.trim();
  const fixed = FIXDATE.exec(value);
  if (fixed) return instant(midnight(Number(fixed[3]), fixed[2], Number(fixed[1])), timeOfDay(fixed, 4));
  const asctime = ASCTIME.exec(value);
  if (asctime) return instant(midnight(Number(asctime[6]), asctime[1], Number(asctime[2])), timeOfDay(asctime, 3));
  const old = RFC850.exec(value);
  return old ? instant(midnight(fullYear(Number(old[3]), at), old[2], Number(old[1])), timeOfDay(old, 4)) : null;
}

/** A two-digit year that would lie more than 50 years ahead means the century before (RFC 9110 section 5.6.7). */
function fullYear(twoDigits: number, at: number): number {
  const now = new Date(at).getUTCFullYear();
  const year = Math.floor(now / 100) * 100 + twoDigits;
  return year > now + 50 ? year - 100 : year;
}

/** Milliseconds of hours, minutes and seconds that stand side by side in a match; NaN when they are no time. */
function timeOfDay(match: RegExpExecArray, first: number): number {
  const [hours, minutes, seconds] = [Number(match[first]), Number(match[first + 1]), Number(match[first + 2])];
  // 60 is a leap second, which the grammar allows.
  return hours > 23 || minutes > 59 || seconds > 60 ? Number.NaN : ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

/** After 400 years the calendar repeats itself. */
const CYCLE_YEARS = 400;
const CYCLE_MS = 146_097 * 24 * 3600 * 1000;

/** Where a day begins; NaN when there is no such day. */
function midnight(year: number, monthName = '', day = 0): number {
  const month = MONTHS.indexOf(monthName.toLowerCase());
  if (month < 0) return Number.NaN;
  // `Date.UTC` takes years below 100 for those of the 20th century.
  const at = Date.UTC(year + CYCLE_YEARS, month, day) - CYCLE_MS;
  return new Date(at).getUTCDate() === day ? at : Number.NaN;
}

function instant(midnightMs: number, timeMs: number): number | null {
  return Number.isNaN(midnightMs + timeMs) ? null : midnightMs + timeMs;
}
