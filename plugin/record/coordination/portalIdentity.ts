import { randomBytes } from 'node:crypto';
import type { Database } from '../database/Database.ts';
import { isGone } from '../database/databaseFailed.ts';
import { databaseName } from '../database/databaseName.ts';

/**
 * What tells the archiver of this database and schema from all others: 12 hexadecimal digits, made where they are missing, and
 * again where the row was written by another database, of which this is a copy. null: our tables are not there.
 */
export async function portalIdentity(database: Database): Promise<string | null> {
  const name = await databaseName(database);
  const sql = `insert into :schema:.portal_identity as known (id, database) values (:id, ${name})
    on conflict ("only") do update
    set id = case when known.database = excluded.database then known.id else excluded.id end, database = excluded.database
    returning id`;
  try {
    const [row] = await database.rows<{ id: string }>('asking what tells this archiver from others', sql, {
      id: randomBytes(6).toString('hex'),
    });
    return row?.id ?? null;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}
