import type { Archiver, StartOptions, Uninstalled, UninstallOptions, WorkOptions, WorkReport } from './Archiver.ts';
import { ArchiverError, codeOf } from './errors.ts';
import type { Logger } from './model/logger.ts';
import { ROLES } from './model/role.ts';
import type { ArchiveEvent, Listener } from './notify/Listener.ts';
import { Listeners } from './notify/listeners.ts';
import type { Portal } from './portal/Portal.ts';
import type { Config } from './settings/Config.ts';
import { loadConfig } from './settings/loadConfig.ts';
import type { Archive } from './show/Archive.ts';
import { createHandler } from './show/handler.ts';
import { PortalArchive } from './show/portalArchive.ts';
import { createHooks } from './trigger/hooks.ts';
import type { Parts } from './wiring/openParts.ts';
import { portalErrors } from './wiring/portalErrors.ts';

/** How a plugin is made. */
export interface CreateOptions {
  /** Where settings are read from; default: the environment of the process. It wins over the portal's settings. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A new plugin, not started: no I/O, no timers, no listeners of the process. Several can live in one process. */
export function createArchiver(options: CreateOptions = {}): Archiver {
  return new PortalArchiver(options);
}

class PortalArchiver implements Archiver {
  readonly hooks: Archiver['hooks'];
  readonly handler: Archiver['handler'];
  readonly archive: Archive;
  readonly #environment: CreateOptions['environment'];
  readonly #listeners: Listeners;
  #portal: Portal | null = null;
  #parts: Parts | null = null;
  #starting: Promise<void> | null = null;
  #ending = new AbortController();
  #stopping: Promise<void> | null = null;

  constructor({ environment }: CreateOptions) {
    this.#environment = environment;
    const logger = this.#logger();
    this.#listeners = new Listeners(logger);
    this.hooks = createHooks({ outbox: () => this.#parts?.records.outbox ?? null, logger });
    this.archive = new PortalArchive(() => this.#opened());
    const handler = createHandler(() => this.#parts?.handlerDeps ?? null, logger);
    this.handler = (request, response) => handler(request, response);
  }

  register(portal: Portal): void {
    if (this.#portal) throw new ArchiverError('not-registered', 'The archiver is registered with a portal already.');
    this.#portal = portal;
    for (const [name, listener] of Object.entries(this.hooks)) {
      if (name in this.hooks) portal.hooks?.on(name as keyof Archiver['hooks'], listener);
    }
    portal.mount?.((request, response) => this.handler(request, response));
  }

  start(options: StartOptions = {}): Promise<void> {
    this.#starting ??= this.#start(options).catch((error: unknown) => {
      this.#starting = null;
      throw error;
    });
    return this.#starting;
  }

  stop({ deadlineMs }: { deadlineMs?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(deadlineMs).finally(() => {
      this.#stopping = null;
    });
    return this.#stopping;
  }

  work(options: WorkOptions): Promise<WorkReport> {
    return this.#opened().work(options);
  }

  async uninstall(options: UninstallOptions = {}): Promise<Uninstalled> {
    await this.stop();
    const portal = this.#registered();
    const { uninstall } = await import('./wiring/uninstall/uninstall.ts');
    return uninstall(this.#configOf(portal, []), portal, options);
  }

  on(listener: Listener): () => void {
    return this.#listeners.add(listener);
  }

  queueName(): string {
    return this.#opened().queue.name;
  }

  storeName(): string {
    return this.#opened().store.name;
  }

  async #start({ roles = ROLES, signal, onUninstall }: StartOptions): Promise<void> {
    const portal = this.#registered();
    this.#ending = new AbortController();
    const { signal: ended } = this.#ending;
    signal?.addEventListener('abort', () => void this.stop(), { once: true });
    const config = this.#configOf(portal, roleErrors(roles));
    const emit = (event: ArchiveEvent) => this.#listeners.emit(event);
    // Only now: a process that imports the package and never starts it pays for neither the fetcher nor a database.
    const { openParts } = await import('./wiring/openParts.ts');
    try {
      const parts = await openParts({
        config,
        portal,
        roles,
        environment: this.#environment,
        signal: signal ? AbortSignal.any([ended, signal]) : ended,
        emit,
        onUninstall: () => void this.stop().finally(() => onUninstall?.()),
      });
      if (ended.aborted || signal?.aborted) return parts.stop(config.stopDeadlineMs);
      this.#parts = parts;
    } catch (error) {
      if (codeOf(error) !== 'stopped') throw error;
    }
  }

  async #stop(deadlineMs: number | undefined): Promise<void> {
    this.#ending.abort();
    await this.#starting?.catch(() => undefined);
    const parts = this.#parts;
    this.#parts = null;
    this.#starting = null;
    await parts?.stop(deadlineMs ?? parts.config.stopDeadlineMs);
  }

  #registered(): Portal {
    if (this.#portal) return this.#portal;
    throw new ArchiverError(
      'not-registered',
      'The archiver is not registered with a portal: call register(portal) first.',
    );
  }

  #configOf(portal: Portal, wrongs: readonly string[]): Config {
    const errors = [...portalErrors(portal), ...wrongs];
    return loadConfig({ environment: this.#environment, settings: portal.settings, errors });
  }

  #opened(): Parts {
    if (!this.#parts) throw new ArchiverError('not-started', 'The archiver is not started.');
    return this.#parts;
  }

  /** The host's logger, which is known from `register` on. */
  #logger(): Logger {
    return {
      debug: (fields, message) => this.#portal?.logger.debug(fields, message),
      info: (fields, message) => this.#portal?.logger.info(fields, message),
      warn: (fields, message) => this.#portal?.logger.warn(fields, message),
      error: (fields, message) => this.#portal?.logger.error(fields, message),
    };
  }
}

function roleErrors(roles: readonly string[]): readonly string[] {
  const unknown = roles.filter((role) => !ROLES.some((known) => known === role));
  return unknown.map((role) => `${JSON.stringify(role)} is no role; those are ${ROLES.join(', ')}.`);
}
