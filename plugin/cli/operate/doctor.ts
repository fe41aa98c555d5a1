import { Command } from 'commander';
import { ArchiverError } from '../../errors.ts';
import type { Portal } from '../../portal/Portal.ts';
import type { Config } from '../../settings/Config.ts';
import { describeConfig } from '../../settings/describeConfig.ts';
import { loadConfig } from '../../settings/loadConfig.ts';
import type { ConnectionCheck } from '../../wiring/checks/check.ts';
import { portalErrors } from '../../wiring/portalErrors.ts';
import type { CommandContext } from '../context/CommandContext.ts';
import { addPortalOptions, type LoadedPortal, loadPortal, type PortalOptions } from '../context/loadPortal.ts';
import { columns, print } from '../context/print.ts';

type DoctorOptions = PortalOptions & { readonly url?: string };

/** What was looked at, and how the command ends. */
interface Diagnosis {
  readonly checks: readonly ConnectionCheck[];
  readonly exitCode: 0 | 1 | 2;
}

/** What cures most that is wrong with each; a detail that says more stands before it. */
const WAYS_OUT: Readonly<Record<ConnectionCheck['name'], string>> = {
  settings: 'docs/settings.md says what each of them accepts',
  database: 'see DATABASE_URL, and whether this machine may connect to that server',
  clock: 'let both machines set their clocks by NTP',
  rights: 'run the statements that are named as somebody who may',
  tables: 'portal-archiver migrate up, or the version that made them',
  queue: 'see ARCHIVER_MONGODB_URL, or leave it out: the jobs then lie in PostgreSQL',
  store: 'see ARCHIVER_STORE and the settings of that store: the place, its credentials, the room that is left',
  'private store': 'see the settings of the private place of copies',
  mail: 'see ARCHIVER_MAIL_SMTP_URL: server, port, credentials, and whether this machine may connect to it',
  'name servers': 'ARCHIVER_DNS_SERVERS names others than those of the system',
  outgoing: 'portal-archiver probe <url> shows every step of the way to a link',
};

/** `doctor`: whether everything that archiving needs is there, one line each with the way out. */
export function doctorCommand(context: CommandContext): Command {
  const command = new Command('doctor')
    .description('Tries everything that archiving needs, from the settings to the way out; ends with 1 when one fails.')
    .option('--url <url>', 'the link to reach; by default the first one of the portal');
  return addPortalOptions(command).action(async (options: DoctorOptions) => {
    const { checks, exitCode } = await examine(options, context);
    const told = checks.map((one) => ({ ...one, wayOut: one.ok ? null : WAYS_OUT[one.name] }));
    print(context, options, {
      json: { ok: exitCode === 0, checks: told },
      lines: columns(told.map((one) => [one.ok ? 'ok' : 'NOT OK', one.name, textOf(one)])),
    });
    if (exitCode !== 0) context.setExitCode(exitCode);
  });
}

/** A line each, whatever a detail holds. */
const textOf = ({ detail, wayOut }: { readonly detail: string; readonly wayOut: string | null }): string =>
  [detail.replace(/\s+/g, ' ').trim(), ...(wayOut === null ? [] : [wayOut])].join(' → ');

/** Where the settings are wrong nothing else can be tried. Throws what is wrong with the arguments. */
async function examine(options: DoctorOptions, context: CommandContext): Promise<Diagnosis> {
  let loaded: LoadedPortal | null = null;
  try {
    loaded = await loadPortal(options, context);
    const { portal } = loaded;
    const settings = { ...(portal.settings && { settings: portal.settings }), errors: portalErrors(portal) };
    return await tryAll(loadConfig({ environment: context.environment, ...settings }), portal, options, context);
  } catch (error) {
    if (!(error instanceof ArchiverError) || error.code !== 'settings-invalid') throw error;
    return { checks: [{ name: 'settings', ok: false, detail: error.message }], exitCode: 2 };
  } finally {
    await loaded?.close();
  }
}

async function tryAll(
  config: Config,
  portal: Portal,
  { url = null }: { readonly url?: string | null },
  { signal }: CommandContext,
): Promise<Diagnosis> {
  const { checkConnections } = await import('../../wiring/checks/checkConnections.ts');
  const { outgoingChecks } = await import('../../wiring/checks/outgoingChecks.ts');
  const described = describeConfig(config);
  const set = described.filter(({ isDefault }) => !isDefault).length;
  const detail = `${described.length} read, ${set} of them set`;
  const checks: readonly ConnectionCheck[] = [
    { name: 'settings', ok: true, detail },
    ...(await checkConnections(config, portal)),
    ...(await outgoingChecks(config, portal, { url, signal })),
  ];
  return { checks, exitCode: checks.every(({ ok }) => ok) ? 0 : 1 };
}
