import type pg from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';
import { ArchiverError, messageOf } from '../../errors.ts';

/**
 * What a URL says, as the driver takes it; knex takes one that it cannot read for a file of SQLite, and then connects to our
 * own machine. Reads the certificates that it names. Throws `ArchiverError('settings-invalid')` that names the `variable`.
 */
export function connectionFrom(url: string, variable: string): Omit<pg.ClientConfig, 'types'> {
  try {
    const { types: _, ...connection } = parseIntoClientConfig(url);
    return connection;
  } catch (error) {
    throw new ArchiverError('settings-invalid', `${variable} cannot be used: ${messageOf(error)}`, { cause: error });
  }
}
