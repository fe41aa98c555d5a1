const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'];

/**
 * HTTP_PROXY and its relatives, in either case; they count only where `proxyFromEnvironment` is set. Apart from `loadConfig`, so
 * that a fetch thread, which is given its settings, does not load all that reads and checks them.
 */
export function proxyVariables(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Readonly<Record<string, string | undefined>> {
  const names = PROXY_VARIABLES.flatMap((name) => [name, name.toLowerCase()]);
  return Object.fromEntries(names.map((name) => [name, environment[name]]));
}
