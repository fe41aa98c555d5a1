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
  if (fixed) return instant(fixed[3], fixed[2], fixed[1], fixed.slice(4, 7));
  const asctime = ASCTIME.exec(value);
  if (asctime) return instant(asctime[6], asctime[1], asctime[2], asctime.slice(3, 6));
  const old = RFC850.exec(value);
  return old ? instant(String(fullYear(Number(old[3]), at)), old[2], old[1], old.slice(4, 7)) : null;
}

/** A two-digit year that would lie more than 50 years ahead means the century before (RFC 9110 section 5.6.7). */
function fullYear(twoDigits: number, at: number): number {
  const now = new Date(at).getUTCFullYear();
  const year = Math.floor(now / 100) * 100 + twoDigits;
  return year > now + 50 ? year - 100 : year;
}

function instant(year = '', monthName = '', day = '', time: readonly string[] = []): number | null {
  const month = MONTHS.indexOf(monthName.toLowerCase());
  const [hours = 0, minutes = 0, seconds = 0] = time.map(Number);
  // 60 is a leap second, which the grammar allows.
  if (month < 0 || hours > 23 || minutes > 59 || seconds > 60) return null;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), month, Number(day));
  if (date.getUTCDate() !== Number(day)) return null;
  return date.getTime() + ((hours * 60 + minutes) * 60 + seconds) * 1000;
}
