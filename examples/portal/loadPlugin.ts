import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Archiver } from 'portal-archiver';

type Plugin = typeof import('portal-archiver');

/** As a portal loads any plugin: by its manifest. */
async function loadPlugin(): Promise<Plugin> {
  const manifestFile = createRequire(import.meta.url).resolve('portal-archiver/plugin.json');
  const manifest: { id: string; main: string } = JSON.parse(await readFile(manifestFile, 'utf8'));
  return import(pathToFileURL(join(dirname(manifestFile), manifest.main)).href);
}

/** What the archiver is made with. */
export interface PluginSettings {
  /** The process's own, with the archiver's variables among them. */
  readonly variables: NodeJS.ProcessEnv;
  readonly dataFolder: string;
  /** Absolute URL of the publisher: the only network of this machine that the archiver may ask. */
  readonly publisher: string;
}

/** What is wrong with the archiver's variables, all in one text; null: nothing. */
export async function findSettingErrors(variables: NodeJS.ProcessEnv): Promise<string | null> {
  const { loadConfig, ArchiverError } = await loadPlugin();
  try {
    loadConfig({ environment: variables });
    return null;
  } catch (error) {
    if (error instanceof ArchiverError) return error.message;
    throw error;
  }
}

/** The archiver, not started, and the settings that the portal adds to the environment's. */
export async function createPlugin(
  given: PluginSettings,
): Promise<{ archiver: Archiver; settings: { folder: string } }> {
  const { createArchiver } = await loadPlugin();
  const own = `127.0.0.1/32:${new URL(given.publisher).port}`;
  const others = given.variables.ARCHIVER_ALLOW_NETWORKS;
  // The publisher has a page with a file behind it, and a licence to accept; what is set from outside wins.
  const behind = { ARCHIVER_LANDING: 'best', ARCHIVER_ACCEPT_LICENCES: '127.0.0.1' };
  const environment = { ...behind, ...given.variables, ARCHIVER_ALLOW_NETWORKS: others ? `${own},${others}` : own };
  return { archiver: createArchiver({ environment }), settings: { folder: join(given.dataFolder, 'store') } };
}
