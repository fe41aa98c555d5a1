import type { Setting } from './Setting.ts';
import { text, timerMs, url } from './settingKinds.ts';

/** Settings of the worker as an HTTP service, `portal-archiver serve`. */
export const SERVE_SETTINGS = {
  sliceMs: {
    environment: 'ARCHIVER_SLICE_MS',
    group: 'operation',
    kind: timerMs(1000),
    default: 540_000,
    description:
      'A push task of `serve` ends within so long; set it below the deadline of the platform. Half of it is the longest time for one file.',
  },
  taskAudience: {
    environment: 'ARCHIVER_TASK_AUDIENCE',
    group: 'operation',
    kind: url({ schemes: ['http', 'https'], example: 'https://archiver-abc.a.run.app', plain: true }),
    default: null,
    description:
      'Outside App Engine: `serve` takes tasks that carry an OIDC token for this audience; none: it believes the headers that App Engine sets.',
  },
  taskServiceAccount: {
    environment: 'ARCHIVER_TASK_SERVICE_ACCOUNT',
    group: 'operation',
    kind: text({
      name: 'e-mail',
      accepted: 'the e-mail of a service account',
      pattern: /^[^\s@]{1,200}@[^\s@]{1,200}$/,
    }),
    default: null,
    description: 'Whose tokens are taken with `ARCHIVER_TASK_AUDIENCE`; anybody can get one for any audience.',
  },
  taskKeysUrl: {
    environment: 'ARCHIVER_TASK_KEYS_URL',
    group: 'operation',
    kind: url({ schemes: ['http', 'https'], example: 'https://www.googleapis.com/oauth2/v3/certs', plain: true }),
    default: 'https://www.googleapis.com/oauth2/v3/certs',
    description: 'Keys that those tokens are signed with, as a JWK set.',
  },
  taskIssuer: {
    environment: 'ARCHIVER_TASK_ISSUER',
    group: 'operation',
    kind: url({ schemes: ['http', 'https'], example: 'https://accounts.google.com', plain: true }),
    default: 'https://accounts.google.com',
    description: 'Who issues those tokens.',
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;
