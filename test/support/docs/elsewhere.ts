import { existsSync, readFileSync } from 'node:fs';
import { loadConfig } from '../../../plugin/settings/loadConfig.ts';
import { SETTING_NAMES, SETTINGS } from '../../../plugin/settings/settingsTable.ts';
import { deployedNames, systemdUnits } from './deployed.ts';

/** A program that no test runs: why not, and what is wrong with a command of it, as far as that can be told without. */
interface Elsewhere {
  readonly reason: string;
  /** One sentence each; none: nothing is wrong. */
  check(args: readonly string[]): readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const manifest: Manifest = JSON.parse(readFileSync('package.json', 'utf8'));

/** The one list of programs that the documents name and no test runs. A program that is in neither list fails as unknown. */
export const ELSEWHERE: Readonly<Record<string, Elsewhere>> = {
  npm: {
    reason:
      'it would ask the registry, or run this suite within itself; packages, their versions and scripts are compared with package.json, and test/architecture/package.test.ts installs the package',
    check: checkNpm,
  },
  git: { reason: 'it would ask the network', check: onlyOf(['clone']) },
  cargo: { reason: 'it would ask the network', check: onlyOf(['install']) },
  sudo: {
    reason: 'it changes the machine; files, units and the commands behind it are looked for in the repository',
    check: checkSudo,
  },
  docker: {
    reason:
      'it needs a container runtime; files, settings and the command are checked, and test/cli/deploy.test.ts reads the Dockerfile',
    check: checkDocker,
  },
  kubectl: {
    reason:
      'it needs a cluster; files, objects and settings are looked for in examples/deploy/kubernetes, which test/docs/deploy.test.ts validates',
    check: checkKubectl,
  },
  az: {
    reason: 'it needs an account of Azure; commands and options are compared with a list from its reference',
    check: checkAz,
  },
  pg_dump: {
    reason:
      'it must be as new as the server, and the embedded PostgreSQL comes without; options are compared with a list from its reference',
    check: onlyOptions(['--format=custom', '--file', '--schema', '--exclude-schema']),
  },
  pg_restore: {
    reason: 'as pg_dump',
    check: onlyOptions(['--clean', '--if-exists', '--dbname', '--schema', '--single-transaction']),
  },
};

/** What is wrong with a command that was not run. */
export function faultsOf([program = '', ...args]: readonly string[]): readonly string[] {
  return ELSEWHERE[program]?.check(args) ?? [`${program} is in no list`];
}

function checkNpm(args: readonly string[]): readonly string[] {
  const [command = '', ...words] = args.filter((arg) => !arg.startsWith('-'));
  if (command === 'ci' || command === 'audit') return [];
  if (command === 'install') return words.flatMap(checkPackage);
  const [script = ''] = command === 'run' ? words : [command];
  return script in manifest.scripts ? [] : [`package.json has no script ${script}`];
}

/** A package that this one names, in a major version that it takes. */
function checkPackage(spec: string): readonly string[] {
  const [, name = '', major] = /^(@?[^@]+)(?:@(\d+))?$/.exec(spec) ?? [];
  if (name === manifest.name) return [];
  const range = { ...manifest.dependencies, ...manifest.peerDependencies }[name];
  if (range === undefined) return [`package.json names no ${name || spec}`];
  return major === undefined || range.includes(`^${major}.`) ? [] : [`${name} is wanted as ${range}, not ${major}`];
}

/** Files that are named must be there, units must be ours. */
function checkSudo([program = '', ...args]: readonly string[]): readonly string[] {
  const files = args.filter((arg) => arg.startsWith('examples/') && !existsSync(arg));
  const units = args
    .filter((arg) => /\.(service|timer|target)$/.test(arg) && !arg.includes('/'))
    .map((unit) => unit.replace(/@\w+\./, '@.'));
  const known = ['install', 'systemctl', 'systemd-analyze', 'journalctl', 'useradd'];
  return [
    ...(known.includes(program) ? [] : [`${program} is in no list of what is run with sudo`]),
    ...files.map((file) => `there is no file ${file}`),
    ...units.filter((unit) => !systemdUnits().includes(unit)).map((unit) => `there is no unit ${unit}`),
  ];
}

function checkDocker(args: readonly string[]): readonly string[] {
  const [command = ''] = args;
  if (command === 'build') return checkFiles(valuesOf(args, '--file'));
  if (command !== 'run') return [`docker ${command} is in no list`];
  return valuesOf(args, '--env').flatMap((pair) => checkVariable(pair));
}

function checkKubectl(args: readonly string[]): readonly string[] {
  const objects = args.filter((arg) => /^(deployment|job|secret|configmap|cronjob|service)\/./.test(arg));
  const [verb = '', ...rest] = args;
  const known = ['apply', 'create', 'delete', 'rollout', 'logs', 'wait', 'scale'];
  const created = verb === 'create' ? [`${rest[0]}/${rest[1] === 'generic' ? rest[2] : rest[1]}`] : [];
  return [
    ...(known.includes(verb) ? [] : [`kubectl ${verb} is in no list`]),
    ...checkFiles(valuesOf(args, '--filename')),
    ...valuesOf(args, '--from-literal').flatMap((pair) => checkVariable(pair)),
    ...[...objects, ...created]
      .filter((name) => !deployedNames().has(name))
      .map((name) => `the manifests have no ${name}`),
  ];
}

/** Commands and their options as the reference of the Azure CLI has them. */
const AZ: Readonly<Record<string, readonly string[]>> = {
  'storage account create': [
    ...[
      '--name',
      '--resource-group',
      '--location',
      '--sku',
      '--kind',
      '--min-tls-version',
      '--allow-blob-public-access',
    ],
    ...['--https-only'],
  ],
  'storage account show-connection-string': ['--name', '--resource-group', '--query', '--output'],
  'storage account blob-service-properties update': [
    ...['--account-name', '--resource-group', '--enable-delete-retention', '--delete-retention-days'],
  ],
  'storage container create': ['--name', '--account-name', '--auth-mode', '--public-access'],
  'role assignment create': ['--role', '--assignee', '--scope'],
  'containerapp job create': ['--name', '--resource-group', '--yaml'],
};

function checkAz(args: readonly string[]): readonly string[] {
  const first = args.findIndex((arg) => arg.startsWith('-'));
  const command = args.slice(0, first < 0 ? undefined : first).join(' ');
  const options = AZ[command];
  if (options === undefined) return [`az ${command} is in no list`];
  const unknown = args.filter((arg) => arg.startsWith('--') && !options.includes(arg));
  return [...unknown.map((option) => `az ${command} has no ${option}`), ...checkFiles(valuesOf(args, '--yaml'))];
}

const checkFiles = (files: readonly string[]): readonly string[] =>
  files.filter((file) => !existsSync(file)).map((file) => `there is no file ${file}`);

/** What other settings need to be there. */
const SECRETS = { AZURE_STORAGE_CONNECTION_STRING: 'UseDevelopmentStorage=true' };

/** `NAME=value`, or `NAME` alone, whose value comes from elsewhere. */
function checkVariable(pair: string): readonly string[] {
  const [, name = pair, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
  const known: readonly string[] = SETTING_NAMES.map((one) => SETTINGS[one].environment);
  if (!known.includes(name)) return [`${name} is no setting`];
  if (value === undefined) return [];
  try {
    loadConfig({ environment: { ...SECRETS, [name]: value } });
    return [];
  } catch (error) {
    return [String(error)];
  }
}

/** What stands behind an option, as `--option value` or `--option=value`. */
function valuesOf(args: readonly string[], option: string): readonly string[] {
  return args.flatMap((arg, index) => {
    if (arg === option) return [args[index + 1] ?? ''];
    return arg.startsWith(`${option}=`) ? [arg.slice(option.length + 1)] : [];
  });
}

function onlyOf(commands: readonly string[]): Elsewhere['check'] {
  return ([command = '']) => (commands.includes(command) ? [] : [`${command} is in no list`]);
}

function onlyOptions(options: readonly string[]): Elsewhere['check'] {
  const isKnown = (arg: string) => options.some((option) => arg === option || arg.startsWith(`${option}=`));
  return (args) => args.filter((arg) => arg.startsWith('-') && !isKnown(arg)).map((arg) => `${arg} is in no list`);
}
