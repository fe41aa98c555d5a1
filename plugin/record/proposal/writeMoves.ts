import { nextProposal } from '../../decide/proposal/nextProposal.ts';
import type { Proposal, SeenMove } from '../../model/proposal.ts';
import type { HostTransaction } from '../../portal/HostDatabase.ts';
import type { Database } from '../database/Database.ts';
import { PROPOSAL } from './proposalTable.ts';

const KEPT = `select ${PROPOSAL} from :schema:.proposal as p where p.resource_id = any(cast(:ids as text[]))`;

const DROP = `
  delete from :schema:.proposal as p using unnest(cast(:ids as text[]), cast(:urls as text[])) as g (id, url)
  where p.resource_id = g.id and p.url = g.url and p.state in ('seen', 'proposed')`;

const PUT = `
  insert into :schema:.proposal as p
    (resource_id, url, of_url, state, first_seen_at, last_seen_at, proposed_at, decided_at, decided_by)
  select i."resourceId", i.url, i."ofUrl", i.state, i."firstSeenAt", i."lastSeenAt", i."proposedAt", i."decidedAt", i."decidedBy"
  from jsonb_to_recordset(cast(:proposals as jsonb)) as i ("resourceId" text, url text, "ofUrl" text, state text,
    "firstSeenAt" timestamptz, "lastSeenAt" timestamptz, "proposedAt" timestamptz, "decidedAt" timestamptz, "decidedBy" text)
  on conflict (resource_id, url) do update set of_url = excluded.of_url, state = excluded.state,
    first_seen_at = excluded.first_seen_at, last_seen_at = excluded.last_seen_at, proposed_at = excluded.proposed_at,
    decided_at = excluded.decided_at, decided_by = excluded.decided_by`;

/**
 * What checks showed of where links lead for good, in the transaction `on`, which holds the archivals of these resources. A
 * statement only where something redirects, or did.
 */
export async function writeMoves(database: Database, moves: readonly SeenMove[], on: HostTransaction): Promise<void> {
  if (moves.length === 0) return;
  const doing = 'noting where links lead';
  const ids = moves.map(({ resourceId }) => resourceId);
  const kept = await database.rows<Proposal>(doing, `${KEPT} for update of p`, { ids }, on);
  const changes = moves.map((seen) => ({
    id: seen.resourceId,
    ...nextProposal(
      kept.filter(({ resourceId }) => resourceId === seen.resourceId),
      seen,
    ),
  }));
  const dropped = changes.flatMap((change) => change.dropped.map((url) => ({ id: change.id, url })));
  const gone = { ids: dropped.map(({ id }) => id), urls: dropped.map(({ url }) => url) };
  if (dropped.length > 0) await database.rows(doing, DROP, gone, on);
  const put = changes.flatMap((change) => change.put ?? []);
  if (put.length > 0) await database.rows(doing, PUT, { proposals: JSON.stringify(put) }, on);
}
