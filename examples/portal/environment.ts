import { resolve } from 'node:path';

/** The example's own variables, read and checked. */
export interface Environment {
  /** Everything the portal keeps lies in it. */
  readonly dataFolder: string;
  /** null: 3000, or the next free one. */
  readonly port: number | null;
  /** null: 3100, or the next free one. */
  readonly publisherPort: number | null;
  readonly databaseUrl: string | null;
  readonly adminToken: string | null;
  readonly editorToken: string | null;
  readonly logLevel: string;
}

/** What a person has to put right before anything can start. */
export class StartError extends Error {
  readonly exitCode: 1 | 2;

  constructor(exitCode: 1 | 2, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** The example's own variables. All errors come in one report, with what is wrong with the archiver's. */
export function readEnvironment(variables: NodeJS.ProcessEnv, archiverErrors: string | null): Environment {
  const errors: string[] = [];
  const text = (name: string) => variables[name] || null;
  const port = (name: string) => {
    const given = text(name);
    if (given === null) return null;
    if (/^\d{1,5}$/.test(given) && Number(given) <= 65_535) return Number(given);
    errors.push(`${name} is ${JSON.stringify(given)}; it must be a port, 0 to 65535.`);
    return null;
  };
  const logLevel = text('LOG_LEVEL') ?? 'warn';
  if (!LEVELS.includes(logLevel)) errors.push(`LOG_LEVEL is ${JSON.stringify(logLevel)}; it must be one of ${LEVELS}.`);
  const environment = {
    dataFolder: resolve(text('EXAMPLE_DATA') ?? '.example-data'),
    port: port('PORT'),
    publisherPort: port('PUBLISHER_PORT'),
    databaseUrl: text('DATABASE_URL'),
    adminToken: text('ADMIN_TOKEN'),
    editorToken: text('EDITOR_TOKEN'),
    logLevel,
  };
  if (archiverErrors !== null) errors.push(archiverErrors);
  if (errors.length > 0) throw new StartError(2, errors.join('\n'));
  return environment;
}
