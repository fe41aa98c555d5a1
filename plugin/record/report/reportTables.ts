import type { Database } from '../database/Database.ts';
import type { Reports } from '../Reports.ts';
import { addUp } from './addUp.ts';
import { HostReport } from './hostReport.ts';
import { LinkReport } from './linkReport.ts';
import { organisationReport, organisationWords } from './organisationReport.ts';
import { overviewReport } from './overviewReport.ts';
import { datasetsUnnoted, noteAllOrganisations, notePortalWords } from './portalWords.ts';
import { resourceStory } from './resourceStory.ts';

/** {@link Reports} in PostgreSQL. */
export class ReportTables implements Reports {
  readonly #database: Database;
  readonly #links: LinkReport;
  readonly #hosts: HostReport;

  constructor(database: Database) {
    this.#database = database;
    this.#links = new LinkReport(database);
    this.#hosts = new HostReport(database);
  }

  overview: Reports['overview'] = (view) => overviewReport(this.#database, view);
  links: Reports['links'] = (query, view) => this.#links.page(query, view);
  everyLink: Reports['everyLink'] = (query, view) => this.#links.every(query, view);
  countLinks: Reports['countLinks'] = (filter, view) => this.#links.count(filter, view);
  organisations: Reports['organisations'] = (view) => organisationReport(this.#database, view);
  organisationWords: Reports['organisationWords'] = () => organisationWords(this.#database);
  hosts: Reports['hosts'] = (query, view) => this.#hosts.page(query, view);
  host: Reports['host'] = (host, view) => this.#hosts.story(host, view);
  resource: Reports['resource'] = (resourceId, view) => resourceStory(this.#database, resourceId, view);
  note: Reports['note'] = (words, site) => notePortalWords(this.#database, words, site);
  datasetsUnnoted: Reports['datasetsUnnoted'] = (ids) => datasetsUnnoted(this.#database, ids);
  noteOrganisations: Reports['noteOrganisations'] = (all) => noteAllOrganisations(this.#database, all);
  addUp: Reports['addUp'] = (view) => addUp(this.#database, view);
}
