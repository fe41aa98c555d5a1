import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Archiver } from 'portal-archiver';
import { StartError } from './environment.ts';

type Plugin = typeof import('portal-archiver');

/** As a portal loads any plugin: by its manifest. */
export async function loadPlugin(): Promise<Plugin> {
  const manifestFile = createRequire(import.meta.url).resolve('portal-archiver/plugin.json');
  const manifest: { id: string; main: string } = JSON.parse(await readFile(manifestFile, 'utf8'));
  return import(pathToFileURL(join(dirname(manifestFile), manifest.main)).href);
}

export interface PluginSettings {
  /** The process's own, with the archiver's variables among them. */
  readonly variables: NodeJS.ProcessEnv;
  readonly dataFolder: string;
  /** Absolute URL of the publisher: the only network of this machine that the archiver may ask. */
  readonly publisher: string;
}

/** A plugin, its settings checked. Throws `StartError` with all that is wrong in one report. */
export async function createPlugin(
  given: PluginSettings,
): Promise<{ archiver: Archiver; settings: { folder: string } }> {
  const { createArchiver, loadConfig, ArchiverError } = await loadPlugin();
  const own = `127.0.0.1/32:${new URL(given.publisher).port}`;
  const others = given.variables.ARCHIVER_ALLOW_NETWORKS;
  const environment = { ...given.variables, ARCHIVER_ALLOW_NETWORKS: others ? `${own},${others}` : own };
  const settings = { folder: join(given.dataFolder, 'store') };
  try {
    loadConfig({ environment, settings });
  } catch (error) {
    throw error instanceof ArchiverError ? new StartError(2, error.message) : error;
  }
  return { archiver: createArchiver({ environment }), settings };
}
