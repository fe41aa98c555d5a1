/** Hosts of the bulk lane by a loose index scan: one look-up a host instead of a walk over all that is due. */
export const FRONT = `
  with recursive front as (
    (select host, next_check_at from :schema:.archival
     where lane = 'bulk' and next_check_at is not null order by host, next_check_at limit 1)
    union all
    select n.host, n.next_check_at from front cross join lateral (
      select host, next_check_at from :schema:.archival
      where lane = 'bulk' and next_check_at is not null and host > front.host order by host, next_check_at limit 1) as n)`;
