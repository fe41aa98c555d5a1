import { type SettingKind, url } from './settingKinds.ts';

const ESCAPES = 'in a user name or password the characters # / ? @ are written %23 %2F %3F %40';
const SSL_MODES = ['disable', 'no-verify', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** A URL of PostgreSQL that its driver reads as it was meant: one that it would misread leads to another server, or to our own machine. */
export const postgresUrl = (): SettingKind<string> =>
  narrowed(
    url({ schemes: ['postgres', 'postgresql'], example: 'postgres://user:password@host:5432/portal' }),
    (text) => misreadPart(text) ?? severalHosts(text) ?? unknownSslMode(text) ?? unreadable(text),
  );

/** A URL of MongoDB whose writes are acknowledged: with `w=0` a job that was refused would count as added. */
export const mongodbUrl = (): SettingKind<string> =>
  narrowed(
    url({ schemes: ['mongodb', 'mongodb+srv'], example: 'mongodb://a,b,c/archiver?replicaSet=rs0' }),
    (text) => misreadPart(text) ?? unacknowledged(text),
  );

function narrowed(kind: SettingKind<string>, wrongOf: (text: string) => string | null): SettingKind<string> {
  return {
    ...kind,
    parse(raw) {
      const parsed = kind.parse(raw);
      const wrong = 'value' in parsed ? wrongOf(parsed.value) : null;
      return wrong === null ? parsed : { wrong };
    },
  };
}

/** What ends the host early: a raw character in the password, after which the rest of it is read as a path or a query. */
function misreadPart(text: string): string | null {
  if (text.includes('#')) return `holds a #; ${ESCAPES}`;
  const { authority, path, query } = partsOf(text);
  const isCut = !authority.includes('@') && (path.includes('@') || /^[^=&]*@/.test(query));
  return isCut ? `holds an @ behind its host; ${ESCAPES}` : null;
}

/** libpq tries several hosts in turn; our driver knows one. */
function severalHosts(text: string): string | null {
  const { authority, query } = partsOf(text);
  const parameters = new URLSearchParams(query);
  const hosts = [authority.replace(/^.*@/, ''), parameters.get('host'), parameters.get('port')];
  if (!hosts.some((host) => host !== null && /,|%2c/i.test(host))) return null;
  return 'names several hosts, of which the driver would use none; name one, or the address that fails over with the server';
}

function unknownSslMode(text: string): string | null {
  const mode = new URLSearchParams(partsOf(text).query).get('sslmode');
  return mode === null || SSL_MODES.includes(mode) ? null : `has an sslmode that is none of ${SSL_MODES.join(', ')}`;
}

/** As the driver reads it: a host may be missing where a socket or the local machine is meant. */
function unreadable(text: string): string | null {
  const isReadable = URL.canParse(text) || URL.canParse(text.replace('@/', '@host/'));
  return isReadable ? null : `cannot be read; ${ESCAPES}`;
}

function unacknowledged(text: string): string | null {
  const parameters = [...new URLSearchParams(partsOf(text).query)];
  const isUnacknowledged = parameters.some(([name, value]) => name.toLowerCase() === 'w' && isNone(value));
  return isUnacknowledged
    ? 'has w=0: MongoDB would not say whether it took a job; leave w out, or write w=majority'
    : null;
}

/** As its driver reads a number: `00`, `0x0` and `-0` too. */
const isNone = (value: string): boolean => value.trim() !== '' && Number(value) <= 0;

function partsOf(text: string): { readonly authority: string; readonly path: string; readonly query: string } {
  const [, authority = '', path = '', query = ''] = /^[^:]+:\/\/([^/?]*)([^?]*)\??(.*)$/.exec(text) ?? [];
  return { authority, path, query };
}
