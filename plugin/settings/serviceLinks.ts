type Environment = Readonly<Record<string, string | undefined>>;

const ADDRESS = /^[\d.]+$|^[\da-f:]+$/i;
const NUMBER = /^\d+$/;
const ENDPOINT = /^(tcp|udp|sctp):\/\/\S+:\d+$/;
const PROTOCOL = /^(tcp|udp|sctp)$/;

/** What Kubernetes writes into every container for a service, and Docker for a link: how the name ends, and what it holds. */
const LINKS: readonly (readonly [RegExp, RegExp])[] = [
  [/_SERVICE_HOST$/, ADDRESS],
  [/_SERVICE_PORT(_[A-Z0-9_]+)?$/, NUMBER],
  [/_PORT$/, ENDPOINT],
  [/_PORT_\d+_(TCP|UDP|SCTP)(_START|_END)?$/, ENDPOINT],
  [/_PORT_\d+_(TCP|UDP|SCTP)_PROTO$/, PROTOCOL],
  [/_PORT_\d+_(TCP|UDP|SCTP)_PORT(_START|_END)?$/, NUMBER],
  [/_PORT_\d+_(TCP|UDP|SCTP)_ADDR$/, ADDRESS],
  [/_NAME$/, /^\/[^/]+\/[^/]+$/],
];

/**
 * Whether a variable was made for a service or container that is called `archiver…`, by its name and its value: nobody
 * wrote it for us. `ARCHIVER_PORT=8080` is a person's, `ARCHIVER_PORT=tcp://10.0.0.7:80` is not.
 * @see https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 * @see https://docs.docker.com/engine/network/links/#environment-variables
 */
export function isServiceLink(variable: string, environment: Environment): boolean {
  const value = environment[variable] ?? '';
  if (LINKS.some(([ending, shape]) => ending.test(variable) && shape.test(value))) return true;
  const [, alias] = /^(.+?)_ENV_.+$/.exec(variable) ?? [];
  return alias !== undefined && isServiceLink(`${alias}_NAME`, environment);
}
