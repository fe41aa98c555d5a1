import { MongoJobRepository } from '@agendajs/mongo-backend';
import { JOB_NAMES } from './jobNames.ts';

type Query = Parameters<MongoJobRepository['queryJobs']>[0];

const NAMES = Object.values(JOB_NAMES);

/**
 * Agenda's repository, whose lists hold jobs alone: the collection also has the note of whose it is, which has neither a name nor an
 * id as jobs have them, and on which a list of everything fails.
 */
export class MongoJobList extends MongoJobRepository {
  override queryJobs(query: Query = {}): ReturnType<MongoJobRepository['queryJobs']> {
    const isNamed = query.name !== undefined || (query.names?.length ?? 0) > 0;
    return super.queryJobs(isNamed ? query : { ...query, names: [...NAMES] });
  }

  override async getDistinctJobNames(): Promise<string[]> {
    const names: readonly unknown[] = await super.getDistinctJobNames();
    return names.filter((name) => typeof name === 'string');
  }
}
