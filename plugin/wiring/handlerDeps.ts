import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { copyUrl } from '../decide/copyUrl.ts';
import { storableText } from '../decide/plainText.ts';
import type { JobQueue } from '../job/JobQueue.ts';
import { ENGLISH, mailLanguages } from '../mail/mailLanguages.ts';
import type { Portal } from '../portal/Portal.ts';
import type { Records } from '../record/Records.ts';
import type { Config } from '../settings/Config.ts';
import { settingsInForce } from '../settings/describeConfig.ts';
import type { SettingSources } from '../settings/loadConfig.ts';
import type { AdminDeps } from '../show/admin/AdminDeps.ts';
import { FormTokens } from '../show/admin/frame/formTokens.ts';
import { badgeLanguages } from '../show/badge/languages.ts';
import type { HandlerDeps } from '../show/HandlerDeps.ts';
import { healthOf } from '../show/health.ts';
import { Languages } from '../show/languages.ts';
import { MetricsSource } from '../show/metricsSource.ts';
import type { ArchiveStore } from '../store/ArchiveStore.ts';
import type { Requests } from '../trigger/Requests.ts';
import { copiesBase } from './copiesBase.ts';
import { formKeyOf } from './formKey.ts';
import { hostLimitSources, LIMIT_KINDS } from './hostLimitsOf.ts';
import { laneStates } from './laneStates.ts';
import { version } from './version.ts';

interface Opened {
  readonly config: Config;
  readonly portal: Portal;
  readonly records: Records;
  readonly store: ArchiveStore;
  readonly queue: JobQueue;
  readonly requests: Requests;
  readonly environment: SettingSources['environment'];
  readonly dashboard: AdminDeps['dashboard'];
  /** Fires when the archiver stops. */
  readonly stopping: AbortSignal;
  now(): Date;
}

/** What the routes need, from what is open. */
export function handlerDepsOf(opened: Opened): HandlerDeps {
  const { config, portal, records, store, queue, requests, now } = opened;
  const { logger } = portal;
  const lanes = () => laneStates({ config, records, now });
  const health = () => healthOf({ config, records, store, queue, lanes, logger, now });
  return {
    requests,
    records,
    store,
    catalog: portal.catalog,
    authorize: (request, question) => portal.authorize(request, question),
    origins: new Set([portal.urls.site, portal.urls.archiver].map((url) => new URL(url).origin)),
    portal: { name: portal.info.name, site: portal.urls.site },
    archiverUrl: portal.urls.archiver.replace(/\/+$/, ''),
    caller: (request) => portal.info.caller?.(request) ?? callerOf(request),
    nameOf: (request) => namedCaller(portal, request),
    confirmFailures: config.confirmFailures,
    copyMaxAgeMs: config.copyMaxAgeMs,
    readerLimits: { idleTimeoutMs: config.readerIdleTimeoutMs, minBytesPerSecond: config.readerMinBytesPerSecond },
    copyUrl: (key, isPrivate) => copyUrl(copiesBase(config, portal, isPrivate), key),
    health,
    languages: badgeLanguages(portal.info.badgeWords),
    mailLanguages: new Languages(mailLanguages(portal.info.mailWords), ENGLISH),
    metrics: new MetricsSource({ records, queue, health, token: config.metricsToken, version, now }),
    admin: adminDepsOf(opened),
    logger,
    now,
  };
}

function adminDepsOf({ config, portal, records, queue, environment, stopping, now, dashboard }: Opened): AdminDeps {
  return {
    settings: settingsInForce(config, { environment, settings: portal.settings }),
    formTokens: new FormTokens(formKeyOf(records.leases, now), now),
    stopping,
    checkBounds: config,
    dashboard,
    hostLimits: hostLimitSources(config),
    limitKinds: LIMIT_KINDS,
    queue,
    formCaller: (request) => portal.info.caller?.(request) ?? hashOf(request.headers.authorization),
  };
}

const LONGEST_NAME = 200;

/** As it is kept: whatever the portal calls people. */
function namedCaller({ info }: Portal, request: IncomingMessage): string | null {
  const name = info.caller?.(request) ?? null;
  return name === null ? null : storableText(name, LONGEST_NAME);
}

/** The same credentials are the same caller; they are not kept, only their hash. */
function callerOf(request: IncomingMessage): string | null {
  const { authorization, cookie } = request.headers;
  return hashOf(authorization ?? cookie);
}

const hashOf = (credentials: string | undefined): string | null =>
  credentials === undefined ? null : createHash('sha256').update(credentials).digest('hex');
