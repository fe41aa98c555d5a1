import type { Config } from './Config.ts';
import { SETTINGS } from './settingsTable.ts';

/** Packages that one choice of a setting needs and that are not installed with this one: its optional peers. */
export interface OptionalLibraries {
  readonly setting: keyof Config;
  /** The choice; where there is none, any value of the setting is one. */
  readonly choice?: string;
  /** As `npm install` takes them, each with its major version. */
  readonly packages: readonly string[];
}

/** A row for each SDK. The file that imports it is itself imported only where the setting says so. */
export const OPTIONAL_LIBRARIES: readonly OptionalLibraries[] = [
  { setting: 'store', choice: 'azure', packages: ['@azure/storage-blob@12'] },
  { setting: 'store', choice: 'gcs', packages: ['@google-cloud/storage@7'] },
  { setting: 'store', choice: 's3', packages: ['@aws-sdk/client-s3@3'] },
  { setting: 'flush', choice: 'group', packages: ['koffi@3'] },
  { setting: 'taskAudience', packages: ['jose@6'] },
  { setting: 'azureAccountUrl', packages: ['@azure/identity@4'] },
  { setting: 'mongodbUrl', packages: ['@agendajs/mongo-backend@4', 'mongodb@7'] },
];

/** One sentence for each setting that needs packages which are not installed: what it needs, and the command that installs it. */
export function missingLibraries(values: Partial<Record<keyof Config, unknown>>): string[] {
  return OPTIONAL_LIBRARIES.flatMap(({ setting, choice, packages }) => {
    const value = values[setting] ?? null;
    if (choice === undefined ? value === null : value !== choice) return [];
    const missing = packages.filter((versioned) => !isInstalled(versioned.replace(/@[^@/]+$/, '')));
    if (missing.length === 0) return [];
    const named = `${SETTINGS[setting].environment} (${setting}) ${choice === undefined ? 'is set' : `is "${choice}"`}`;
    return [`${named}, which needs what is not installed: npm install ${missing.join(' ')}`];
  });
}

/** Looked up as the import will be: from this package. */
function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
