import type { Database } from './Database.ts';

const DATABASE = '(select oid from pg_database where datname = current_database())';

/** The cluster as well: a copy made by pg_dump or by `create database … template` has another number, one elsewhere another cluster. */
const CLUSTER_AND_DATABASE = `(select concat_ws('/', system_identifier, ${DATABASE}) from pg_control_system())`;

/** Some services keep what a cluster is called to themselves. */
const MAY_ASK_CLUSTER = `
  select coalesce(has_function_privilege(to_regprocedure('pg_catalog.pg_control_system()'), 'execute'), false) as "may"`;

/** An SQL expression of type text that names this database, as well as it may be asked for: the same after a failover, another for a copy. */
export async function databaseName({ rows }: Pick<Database, 'rows'>): Promise<string> {
  const [row] = await rows<{ may: boolean }>('asking which database this is', MAY_ASK_CLUSTER);
  return row?.may ? CLUSTER_AND_DATABASE : `cast(${DATABASE} as text)`;
}
