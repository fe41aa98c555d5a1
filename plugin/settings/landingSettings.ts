import { LANDING_POLICIES } from '../decide/chooseLinks.ts';
import { formRules } from './jsonKinds.ts';
import { hostNames } from './networkKinds.ts';
import type { Setting } from './Setting.ts';
import { choice, integer } from './settingKinds.ts';

/** Settings of what is done with a page that answers instead of data: what the probe takes as well. */
export const LANDING_SETTINGS = {
  landing: {
    environment: 'ARCHIVER_LANDING',
    group: 'fetch',
    kind: choice(LANDING_POLICIES),
    default: 'record',
    description:
      'What happens to the data links of a page: `off` nothing, `record` they are told, `best` the one is archived where it is clear, `all` those that are claimed.',
  },
  landingMax: {
    environment: 'ARCHIVER_LANDING_MAX',
    group: 'fetch',
    kind: integer({ min: 1, max: 50 }),
    default: 20,
    description: 'Files of one page that `all` archives; together they are at most as long as one file may be.',
  },
  forms: {
    environment: 'ARCHIVER_FORMS',
    group: 'fetch',
    kind: formRules(),
    default: [],
    description: 'Ways through forms to files: pages by URL pattern, and the steps from there.',
    secret: true,
  },
  acceptLicences: {
    environment: 'ARCHIVER_ACCEPT_LICENCES',
    group: 'fetch',
    kind: hostNames(),
    default: [],
    description:
      'Hosts whose plain licence forms, which ask for nothing personal, are accepted; `*.example.org` covers subdomains.',
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;
