/** A time as CKAN shows it: naive UTC with microseconds, `2026-11-29T10:00:00.000000`. */
export const ckanTime = (at: Date): string => at.toISOString().replace('Z', '000');
