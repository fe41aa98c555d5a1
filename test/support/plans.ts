import type { Knex } from 'knex';

/** A statement as the driver was given it. */
export interface Executed {
  readonly sql: string;
  readonly bindings: readonly Knex.RawBinding[];
}

/** A node of a plan that was executed. */
export interface Plan {
  readonly 'Relation Name'?: string;
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Plan[];
}

/** What is sent while `work` runs, less what begins and ends transactions. */
export async function statementsOf(knex: Knex, work: () => Promise<unknown>): Promise<readonly Executed[]> {
  const seen: Executed[] = [];
  const note = ({ sql, bindings = [] }: Partial<Executed>) => {
    if (sql && /^\s*(select|with|insert|update|delete)/i.test(sql)) seen.push({ sql, bindings });
  };
  knex.on('query', note);
  try {
    await work();
  } finally {
    knex.off('query', note);
  }
  return seen;
}

/** How a statement is executed; it is, once more. */
export async function planOf(knex: Knex, { sql, bindings }: Executed): Promise<Plan> {
  const { rows } = await knex.raw(`explain (analyze, format json) ${inOrder(sql)}`, [...bindings]);
  return rows[0]['QUERY PLAN'][0].Plan;
}

/** `?` as the driver numbers them. */
const inOrder = (sql: string): string => sql.replace(/\$\d+/g, '?');

/** Of a table, used or filtered out. */
export function rowsRead(plan: Plan, table: string): number {
  const isOf = plan['Relation Name'] === table && plan['Node Type'] !== 'ModifyTable';
  const removed = (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0);
  const own = isOf ? plan['Actual Loops'] * (plan['Actual Rows'] + removed) : 0;
  return own + (plan.Plans ?? []).reduce((sum, below) => sum + rowsRead(below, table), 0);
}

/** Of indexes, where their rows are gathered before the table is read. */
export function entriesRead(plan: Plan): number {
  const own = plan['Node Type'] === 'Bitmap Index Scan' ? plan['Actual Loops'] * plan['Actual Rows'] : 0;
  return own + (plan.Plans ?? []).reduce((sum, below) => sum + entriesRead(below), 0);
}
