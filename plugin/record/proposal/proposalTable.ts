import type { Proposal } from '../../model/proposal.ts';
import type { Database } from '../database/Database.ts';
import { moment } from '../database/ownTypes.ts';
import { selectList } from '../database/selectList.ts';
import type { Proposals } from '../Proposals.ts';

/** A proposal, from `p`. */
export const PROPOSAL = selectList({
  resourceId: 'p.resource_id',
  url: 'p.url',
  ofUrl: 'p.of_url',
  state: 'p.state',
  firstSeenAt: moment('p.first_seen_at'),
  lastSeenAt: moment('p.last_seen_at'),
  proposedAt: moment('p.proposed_at'),
  decidedAt: moment('p.decided_at'),
  decidedBy: 'p.decided_by',
} satisfies Record<keyof Proposal, string>);

const APPLIED = 'The portal took the URL that was proposed.';

/** Of a resource that is still known, whatever a check has made of it meanwhile. */
const SETTLE = `
  with settled as (
    insert into :schema:.proposal as p
      (resource_id, url, of_url, state, first_seen_at, last_seen_at, proposed_at, decided_at, decided_by)
    select a.resource_id, cast(:url as text), cast(:ofUrl as text), cast(:state as text), cast(:firstSeenAt as timestamptz), cast(:lastSeenAt as timestamptz),
      cast(:proposedAt as timestamptz), cast(:now as timestamptz), cast(:by as text)
    from :schema:.archival as a where a.resource_id = :resourceId
    on conflict (resource_id, url) do update
    set of_url = excluded.of_url, state = excluded.state, decided_at = excluded.decided_at, decided_by = excluded.decided_by
    where (p.state, p.of_url) is distinct from (excluded.state, excluded.of_url)
    returning p.resource_id)
  insert into :schema:.event (at, resource_id, dataset_id, kind, reason, url)
  select cast(:now as timestamptz), a.resource_id, a.dataset_id, 'moved', cast(:reason as text), cast(:url as text)
  from settled join :schema:.archival as a using (resource_id) where cast(:state as text) = 'applied'`;

/** {@link Proposals} in PostgreSQL. */
export class ProposalTable implements Proposals {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async listByResource(resourceId: string): Promise<readonly Proposal[]> {
    if (resourceId.includes('\0')) return [];
    const sql = `select ${PROPOSAL} from :schema:.proposal as p where p.resource_id = :resourceId
      order by p.last_seen_at desc, p.url`;
    return this.#database.rows<Proposal>('reading proposed URLs', sql, { resourceId });
  }

  async settle(...[proposal, { state, by, now }]: Parameters<Proposals['settle']>): Promise<void> {
    const { resourceId, url, ofUrl, firstSeenAt, lastSeenAt, proposedAt } = proposal;
    const reason = by === null ? APPLIED : `${APPLIED} It was applied by ${by}.`;
    const bindings = { resourceId, url, ofUrl, firstSeenAt, lastSeenAt, proposedAt, state, by, now, reason };
    await this.#database.rows('noting what became of a proposed URL', SETTLE, bindings);
  }
}
