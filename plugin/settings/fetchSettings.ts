import { hostMap } from './jsonKinds.ts';
import { LANDING_SETTINGS } from './landingSettings.ts';
import { allowedNetworks, dnsServers, hostNames, portRanges } from './networkKinds.ts';
import type { Setting } from './Setting.ts';
import { bytes, decimal, integer, spanMs, text, timerMs, truth, url } from './settingKinds.ts';

const DAY_MS = 86_400_000;
const GIB = 2 ** 30;

const port = (from: number, to = from) => ({ from, to });

/**
 * Ports from 1024 up where databases, caches, remote desktops and the like listen, and those that browsers refuse
 * (Fetch standard, "bad port"): no publisher serves files there.
 */
const SERVICE_PORTS = [
  ...[port(1433, 1434), port(1521), port(1719, 1720), port(1723), port(1883), port(2049), port(2181)],
  ...[port(2375, 2376), port(2379, 2380), port(3128), port(3306), port(3389), port(3659), port(3690), port(4045)],
  ...[port(4190), port(4369), port(5060, 5061), port(5432), port(5671, 5672), port(5900, 5903), port(5984)],
  ...[port(6000, 6063), port(6379), port(6443), port(6566), port(6665, 6669), port(6679), port(6697)],
  ...[port(7000, 7001), port(8500), port(9042), port(9092), port(9200), port(9300), port(10080), port(10250)],
  ...[port(11211), port(27017, 27019)],
];

/** Settings of fetching: what the probe takes as well. */
export const FETCH_SETTINGS = {
  maxBytes: {
    environment: 'ARCHIVER_MAX_BYTES',
    group: 'fetch',
    kind: bytes(1),
    default: GIB,
    description: 'Largest file that is archived, in decoded bytes.',
  },
  maxDecodedRatio: {
    environment: 'ARCHIVER_MAX_DECODED_RATIO',
    group: 'fetch',
    kind: integer({ min: 1 }),
    default: 200,
    description: 'Decoded bytes for each encoded byte, after each coding, before a body counts as a bomb.',
  },
  maxDecodeMs: {
    environment: 'ARCHIVER_MAX_DECODE_MS',
    group: 'fetch',
    kind: integer({ min: 1, unit: 'milliseconds' }),
    default: 60_000,
    description:
      'Processor time that decoding one body may take before it counts as a bomb; goes with the largest file.',
  },
  allowNetworks: {
    environment: 'ARCHIVER_ALLOW_NETWORKS',
    group: 'fetch',
    kind: allowedNetworks(),
    default: [],
    description:
      'Networks that may be asked although they are not public; one with a port at that port only, whatever `ports` says.',
  },
  ports: {
    environment: 'ARCHIVER_PORTS',
    group: 'fetch',
    kind: portRanges(),
    default: [port(80), port(443), port(1024, 65_535)],
    description: 'Ports that may be asked.',
  },
  blockedPorts: {
    environment: 'ARCHIVER_BLOCKED_PORTS',
    group: 'fetch',
    kind: portRanges(),
    default: SERVICE_PORTS,
    description: 'Ports that are never asked, although `ports` holds them.',
  },
  excludeHosts: {
    environment: 'ARCHIVER_EXCLUDE_HOSTS',
    group: 'fetch',
    kind: hostNames(),
    default: [],
    description: 'Hosts that are never asked; `*.example.org` covers subdomains.',
  },
  connectTimeoutMs: {
    environment: 'ARCHIVER_CONNECT_TIMEOUT_MS',
    group: 'fetch',
    kind: timerMs(),
    default: 10_000,
    description: 'Longest wait for a connection, TLS included.',
  },
  firstByteTimeoutMs: {
    environment: 'ARCHIVER_FIRST_BYTE_TIMEOUT_MS',
    group: 'fetch',
    kind: timerMs(),
    default: 30_000,
    description: 'Longest wait for the head of an answer.',
  },
  idleTimeoutMs: {
    environment: 'ARCHIVER_IDLE_TIMEOUT_MS',
    group: 'fetch',
    kind: timerMs(),
    default: 30_000,
    description: 'Longest pause within a body.',
  },
  totalTimeoutMs: {
    environment: 'ARCHIVER_TOTAL_TIMEOUT_MS',
    group: 'fetch',
    kind: timerMs(),
    default: 1_800_000,
    description: 'Longest time for one attempt, redirects and resumptions included.',
  },
  minBytesPerSecond: {
    environment: 'ARCHIVER_MIN_BYTES_PER_SECOND',
    group: 'fetch',
    kind: bytes(0, '0: no limit'),
    default: 100,
    description: 'A body slower than this, over the window, is given up.',
  },
  minSpeedWindowMs: {
    environment: 'ARCHIVER_MIN_SPEED_WINDOW_MS',
    group: 'fetch',
    kind: timerMs(),
    default: 60_000,
    description: 'The window that the least speed is measured over.',
  },
  busyMinBytesPerSecond: {
    environment: 'ARCHIVER_BUSY_MIN_BYTES_PER_SECOND',
    group: 'fetch',
    kind: integer({ min: 0, unit: 'bytes', note: '0: no such limit' }),
    default: 16_384,
    description:
      'The same over 10 s, while slow archivals hold more than their share of the places or others wait for it.',
  },
  maxRedirects: {
    environment: 'ARCHIVER_MAX_REDIRECTS',
    group: 'fetch',
    kind: integer({ min: 0, max: 100, note: '0: none' }),
    default: 10,
    description: 'Redirects that are followed in one attempt.',
  },
  retryAfterMaxMs: {
    environment: 'ARCHIVER_RETRY_AFTER_MAX_MS',
    group: 'fetch',
    kind: spanMs(0, '0: it is not heeded'),
    default: 3_600_000,
    description: 'Longest wait that a server may ask for with Retry-After.',
  },
  verifyShare: {
    environment: 'ARCHIVER_VERIFY_SHARE',
    group: 'fetch',
    kind: decimal({ min: 0, max: 1, note: '0: none' }),
    default: 0.01,
    description:
      'Share of files a server calls unchanged that are fetched in full and compared. Fresh ones are not asked for.',
  },
  storeCheckShare: {
    environment: 'ARCHIVER_STORE_CHECK_SHARE',
    group: 'fetch',
    kind: decimal({ min: 0, max: 1, note: '0: none' }),
    default: 0.05,
    description:
      'Share of the copies a sweep finds still fresh that are looked for in the store; those it asks for always are.',
  },
  maxFreshnessMs: {
    environment: 'ARCHIVER_MAX_FRESHNESS_MS',
    group: 'fetch',
    kind: spanMs(0, '0: nothing is taken as fresh'),
    default: 7 * DAY_MS,
    description: 'Longest time that an answer is taken as fresh, whatever it says.',
  },
  maxHeuristicFreshnessMs: {
    environment: 'ARCHIVER_MAX_HEURISTIC_FRESHNESS_MS',
    group: 'fetch',
    kind: spanMs(0, '0: nothing is guessed'),
    default: DAY_MS,
    description: 'The same for freshness that is guessed from Last-Modified.',
  },
  dnsServers: {
    environment: 'ARCHIVER_DNS_SERVERS',
    group: 'fetch',
    kind: dnsServers(),
    default: [],
    description: "The only name servers asked; none: the system's.",
  },
  dnsTimeoutMs: {
    environment: 'ARCHIVER_DNS_TIMEOUT_MS',
    group: 'fetch',
    kind: timerMs(),
    default: 5000,
    description: 'Longest wait for a name server.',
  },
  hostsFile: {
    environment: 'ARCHIVER_HOSTS_FILE',
    group: 'fetch',
    kind: truth(),
    default: false,
    description: "Look names up in the system's hosts file first.",
  },
  contact: {
    environment: 'ARCHIVER_CONTACT',
    group: 'fetch',
    kind: text({ name: 'text', accepted: 'an e-mail address or URL', pattern: /^[!-'*-:<-[\]-~]{3,200}$/ }),
    default: null,
    description: 'E-mail address or URL that the User-Agent names, for publishers with questions.',
  },
  verifyTls: {
    environment: 'ARCHIVER_VERIFY_TLS',
    group: 'fetch',
    kind: truth(),
    default: true,
    description: 'Check certificates.',
  },
  proxy: {
    environment: 'ARCHIVER_PROXY',
    group: 'fetch',
    kind: url({ schemes: ['http', 'https'], example: 'http://proxy.example:3128' }),
    default: null,
    description: 'Proxy for every request.',
    secret: true,
  },
  proxyFromEnvironment: {
    environment: 'ARCHIVER_PROXY_FROM_ENVIRONMENT',
    group: 'fetch',
    kind: truth(),
    default: false,
    description: 'Obey HTTP_PROXY, HTTPS_PROXY and NO_PROXY.',
  },
  ...LANDING_SETTINGS,
  hosts: {
    environment: 'ARCHIVER_HOSTS',
    group: 'fetch',
    kind: hostMap(),
    default: {},
    description: 'What is special about some hosts: headers, credential, TLS, proxy, limits.',
    secret: true,
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;
