import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import fc from 'fast-check';
import { AddressGuard } from '../../plugin/fetch/connect/addressGuard.ts';
import { type ConnectCode, ConnectFailure, UNREACHABLE } from '../../plugin/fetch/connect/connectFailure.ts';
import { type ConnectorDeps, type ConnectTarget, createConnector } from '../../plugin/fetch/connect/connector.ts';
import { DnsFailure, Resolver } from '../../plugin/fetch/connect/resolver.ts';
import { parseAllowNetworks } from '../../plugin/settings/allowNetworks.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { authority, certificate } from '../support/certificates.ts';
import { NameServer } from '../support/nameServer.ts';
import { resetConnection } from '../support/resetConnection.ts';

const DEFAULTS = loadConfig({ environment: {} });
const OWN = '127.0.0.0/8';

function guardWith(allowNetworks = ''): AddressGuard {
  return new AddressGuard({ ...DEFAULTS, allowNetworks: parseAllowNetworks(allowNetworks).networks });
}

/** A resolver of fixed answers. */
function names(table: Readonly<Record<string, readonly string[]>>) {
  return {
    resolve: async (name: string) =>
      (table[name] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }) as const),
  };
}

/** Counts where connections would go, and makes none. */
function nowhere() {
  const places: string[] = [];
  const connectSocket: ConnectorDeps['connectSocket'] = ({ host, port }) => {
    places.push(`${host}:${port}`);
    throw new Error('No test may connect here.');
  };
  return { places, connectSocket };
}

function connectorWith(options: Partial<ConnectorDeps> = {}) {
  return createConnector({
    guard: guardWith(),
    resolver: names({}),
    connectTimeoutMs: 2000,
    connectSocket: nowhere().connectSocket,
    ...options,
  });
}

function target(url: string): ConnectTarget {
  const { protocol, hostname, port } = new URL(url);
  return { protocol, hostname, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
}

async function failureOf(opening: Promise<unknown>): Promise<ConnectFailure> {
  const failure = await opening.then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(failure instanceof ConnectFailure, String(failure));
  return failure;
}

async function listening(test: TestContext, server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, host);
  await once(server, 'listening');
  test.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** Every byte that came, joined, and how often somebody connected. */
async function recorder(test: TestContext) {
  const seen = { bytes: 0, connections: 0 };
  const server = createServer((socket) => {
    seen.connections += 1;
    socket.on('data', (chunk) => {
      seen.bytes += chunk.length;
    });
  });
  return { seen, port: await listening(test, server), server };
}

describe('the connector, before it connects', () => {
  it('blocks literals, whatever the name server would say', async () => {
    for (const host of [
      '127.0.0.1',
      '10.0.0.1',
      '169.254.169.254',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '0x7f.1',
      '2130706433',
      '[fd00:ec2::254]',
    ]) {
      const { places, connectSocket } = nowhere();
      const failure = await failureOf(connectorWith({ connectSocket }).open(target(`http://${host}/`)));
      assert.deepEqual([failure.code, failure.transient, failure.reason], ['blocked-address', false, UNREACHABLE]);
      assert.deepEqual(places, []);
    }
  });

  it('blocks a name when any one of its addresses is blocked', async () => {
    const answers = [
      ['10.0.0.1'],
      ['8.8.8.8', '10.0.0.1'],
      ['10.0.0.1', '8.8.8.8'],
      ['8.8.8.8', '::1'],
      ['8.8.8.8', '::ffff:10.0.0.1'],
      ['2a00::1', '64:ff9b::a00:1'],
    ];
    for (const answer of answers) {
      const { places, connectSocket } = nowhere();
      const connector = connectorWith({ connectSocket, resolver: names({ 'mixed.example': answer }) });
      const failure = await failureOf(connector.open(target('http://mixed.example/')));
      assert.equal(failure.code, 'blocked-address', answer.join());
      assert.deepEqual(places, []);
    }
  });

  it('blocks a port before it asks for the name', async () => {
    const resolver = { resolve: () => assert.fail('asked') };
    const failure = await failureOf(connectorWith({ resolver }).open(target('http://data.example:22/')));
    assert.deepEqual([failure.code, failure.reason], ['blocked-port', UNREACHABLE]);
  });

  it('tells the public the same of what is blocked, refused and filtered, and the operator more', async (test) => {
    const gone = createServer();
    const port = await listening(test, gone);
    gone.close();
    const refused = await failureOf(
      connectorWith({ guard: guardWith(OWN), connectSocket: connect }).open(target(`http://127.0.0.1:${port}/`)),
    );
    const blocked = await failureOf(connectorWith().open(target('http://127.0.0.1/')));
    const filtered = await failureOf(
      connectorWith({ guard: guardWith(OWN), connectTimeoutMs: 50, connectSocket: () => silent() }).open(
        target('http://127.0.0.1/'),
      ),
    );
    assert.deepEqual(
      [refused, blocked, filtered].map(({ code }) => code),
      ['refused', 'blocked-address', 'timeout'],
    );
    assert.deepEqual(
      [refused, blocked, filtered].map(({ transient }) => transient),
      [true, false, true],
    );
    assert.equal(new Set([refused, blocked, filtered].map(({ reason }) => reason)).size, 1);
    assert.match(refused.detail, /127\.0\.0\.1:\d+.*ECONNREFUSED/);
    assert.match(blocked.detail, /loopback/);
  });

  it('says whether a name may be found later', async () => {
    for (const temporary of [true, false]) {
      const resolver = { resolve: () => Promise.reject(new DnsFailure('The reason.', temporary)) };
      const failure = await failureOf(connectorWith({ resolver }).open(target('http://data.example/')));
      assert.deepEqual([failure.code, failure.transient, failure.reason], ['dns', temporary, 'The reason.']);
    }
    assert.equal((await failureOf(connectorWith().open(target('http://empty.example/')))).code, 'dns');
  });

  it('never connects to a blocked address, whatever is asked and answered', async () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('127.0.0.1', '10.0.0.1', '::1', '8.8.8.8'));
    const guard = guardWith();
    await fc.assert(
      fc.asyncProperty(fc.array(address, { maxLength: 5 }), async (answer) => {
        const { places, connectSocket } = nowhere();
        const connector = connectorWith({ guard, connectSocket, resolver: names({ 'data.example': answer }) });
        await assert.rejects(connector.open(target('http://data.example/')));
        const whole = answer.length > 0 && answer.every((one) => guard.checkAddress(one, 80).allowed);
        assert.equal(places.length > 0, whole);
      }),
    );
  });
});

/** A socket that never gets anywhere. */
function silent(): Socket {
  return new Socket();
}

describe('the connector, when it connects', () => {
  it('goes to the vetted address and not to the name', async (test) => {
    const { port, seen } = await recorder(test);
    const places: string[] = [];
    const connector = connectorWith({
      guard: guardWith(OWN),
      resolver: names({ 'data.example': ['127.0.0.1'] }),
      connectSocket: (place) => {
        places.push(place.host);
        return connect(place);
      },
    });
    const socket = await connector.open(target(`http://data.example:${port}/`));
    assert.deepEqual([places, socket.remoteAddress], [['127.0.0.1'], '127.0.0.1']);
    socket.destroy();
    assert.equal(seen.bytes, 0);
  });

  it('vets the addresses again for every connection', async (test) => {
    const { port } = await recorder(test);
    const server = await NameServer.start(({ asked, type }) =>
      type === 'AAAA' ? [] : [asked === 0 ? '127.0.0.1' : '10.0.0.1'],
    );
    const resolver = new Resolver({ dnsServers: [server.server], dnsTimeoutMs: 2000, hostsFile: false });
    test.after(async () => {
      resolver.close();
      await server.stop();
    });
    const connector = connectorWith({ guard: guardWith(OWN), resolver, connectSocket: connect });
    (await connector.open(target(`http://rebind.example:${port}/`))).destroy();
    const failure = await failureOf(connector.open(target(`http://rebind.example:${port}/`)));
    assert.equal(failure.code, 'blocked-address');
    assert.equal(server.questions.filter(({ type }) => type === 'A').length, 2);
  });

  it('writes nothing to a peer that is not the vetted one', async (test) => {
    for (const scheme of ['http', 'https']) {
      const { port, seen, server } = await recorder(test);
      const accepted = once(server, 'connection');
      const connector = connectorWith({
        resolver: names({ 'data.example': ['8.8.8.8'] }),
        connectSocket: () => connect({ host: '127.0.0.1', port }),
      });
      const failure = await failureOf(connector.open(target(`${scheme}://data.example:${port}/`)));
      assert.equal(failure.code, 'blocked-address');
      const [peer] = (await accepted) as [Socket];
      if (!peer.destroyed) await once(peer, 'close');
      assert.equal(seen.bytes, 0);
    }
  });

  it('takes localhost by the address that is allowed', async (test) => {
    const { port } = await recorder(test);
    const resolver = new Resolver({ ...DEFAULTS, dnsServers: [{ address: '127.0.0.1', port: 1 }] });
    const connector = connectorWith({ guard: guardWith(OWN), resolver, connectSocket: connect });
    const socket = await connector.open(target(`http://localhost:${port}/`));
    assert.equal(socket.remoteAddress, '127.0.0.1');
    socket.destroy();
    assert.equal(
      (await failureOf(connectorWith({ resolver }).open(target('http://localhost/')))).code,
      'blocked-address',
    );
  });

  it('tries the next address when one refuses', async (test) => {
    const { port } = await recorder(test);
    const connector = connectorWith({
      guard: guardWith(OWN),
      resolver: names({ 'data.example': ['127.0.0.9', '127.0.0.1'] }),
      connectSocket: connect,
    });
    const socket = await connector.open(target(`http://data.example:${port}/`));
    assert.equal(socket.remoteAddress, '127.0.0.1');
    socket.destroy();
  });

  it('tries the next address when one is silent, within the same limit', async (test) => {
    const { port } = await recorder(test);
    const connector = connectorWith({
      guard: guardWith(OWN),
      connectTimeoutMs: 400,
      resolver: names({ 'data.example': ['127.0.0.9', '127.0.0.1'] }),
      connectSocket: (place) => (place.host === '127.0.0.9' ? silent() : connect(place)),
    });
    const socket = await connector.open(target(`http://data.example:${port}/`));
    assert.equal(socket.remoteAddress, '127.0.0.1');
    socket.destroy();
  });

  it('gives up at its limit, at the deadline of the caller, and when it is told to', async () => {
    const waiting: Socket[] = [];
    const connectSocket = () => {
      const socket = silent();
      waiting.push(socket);
      return socket;
    };
    const guard = guardWith(OWN);
    const own = connectorWith({ guard, connectTimeoutMs: 30, connectSocket });
    assert.equal((await failureOf(own.open(target('http://127.0.0.1/')))).code, 'timeout');
    const patient = connectorWith({ guard, connectTimeoutMs: 60_000, connectSocket });
    assert.equal((await failureOf(patient.open(target('http://127.0.0.1/'), { deadlineMs: 30 }))).code, 'timeout');
    const stop = new AbortController();
    const stopped = failureOf(patient.open(target('http://127.0.0.1/'), { signal: stop.signal }));
    stop.abort();
    assert.equal((await stopped).code, 'internal');
    const closed = failureOf(patient.open(target('http://127.0.0.1/')));
    patient.close();
    assert.equal((await closed).code, 'internal');
    assert.deepEqual(
      waiting.map(({ destroyed }) => destroyed),
      waiting.map(() => true),
    );
  });

  it('keeps the deadline even while the name server is silent', async () => {
    const hanging = {
      resolve: (_name: string, signal?: AbortSignal) =>
        new Promise<never>((_, reject) =>
          signal?.addEventListener('abort', () => reject(new DnsFailure('stopped', true))),
        ),
    };
    const failure = await failureOf(
      connectorWith({ resolver: hanging }).open(target('http://data.example/'), { deadlineMs: 30 }),
    );
    assert.equal(failure.code, 'timeout');
  });
});

describe('the connector, with TLS', () => {
  const secureOptions = (more: TlsOptions): TlsOptions => ({ ALPNProtocols: ['h2', 'http/1.1'], ...more });

  async function tlsOpen(
    test: TestContext,
    options: TlsOptions,
    {
      host = 'data.example',
      tls = { verify: true, ca: authority() },
    }: { host?: string; tls?: { verify: boolean; ca?: string; cert?: string; key?: string } } = {},
  ) {
    const server = createTlsServer(secureOptions(options));
    server.on('tlsClientError', () => undefined);
    const port = await listening(test, server);
    const connector = connectorWith({
      guard: guardWith(OWN),
      resolver: names({
        'data.example': ['127.0.0.1'],
        'data.example.': ['127.0.0.1'],
        'xn--mnchen-3ya.example': ['127.0.0.1'],
      }),
      tlsFor: () => tls,
      connectSocket: connect,
    });
    const accepted = once(server, 'secureConnection');
    const opening = connector.open(target(`https://${host}:${port}/`));
    return { opening, accepted };
  }

  it('names the host, and speaks HTTP/1.1', async (test) => {
    for (const [host, servername] of [
      ['data.example', 'data.example'],
      ['data.example.', 'data.example'],
      ['münchen.example', 'xn--mnchen-3ya.example'],
      ['127.0.0.1', false],
    ] as const) {
      const { opening, accepted } = await tlsOpen(test, certificate('good'), { host });
      const socket = await opening;
      const [peer] = await accepted;
      assert.deepEqual([peer.servername, peer.alpnProtocol], [servername, 'http/1.1']);
      socket.destroy();
    }
  });

  const wrong = [
    ['expired', /has expired/],
    ['selfSigned', /self-signed/],
    ['wrongHost', /for another host, not for data\.example/],
  ] as const;
  for (const [name, reason] of wrong) {
    it(`says what is wrong with a certificate: ${name}`, async (test) => {
      const { opening } = await tlsOpen(test, certificate(name));
      const failure = await failureOf(opening);
      assert.deepEqual([failure.code, failure.transient], ['tls', false]);
      assert.match(failure.reason, reason);
    });

    it(`takes a certificate that is wrong when the settings say so: ${name}`, async (test) => {
      const { opening } = await tlsOpen(test, certificate(name), { tls: { verify: false } });
      (await opening).destroy();
    });
  }

  it('does not trust an authority that is not configured', async (test) => {
    const { opening } = await tlsOpen(test, certificate('good'), { tls: { verify: true } });
    const failure = await failureOf(opening);
    assert.equal(failure.code, 'tls');
    assert.match(failure.reason, /not issued by an authority/);
  });

  it('shows its certificate to a host that it has one for', async (test) => {
    const options = { ...certificate('good'), requestCert: true, ca: authority() };
    const { opening, accepted } = await tlsOpen(test, options, {
      tls: { verify: true, ca: authority(), ...certificate('client') },
    });
    const socket = await opening;
    const [peer] = await accepted;
    assert.equal(peer.authorized, true);
    socket.destroy();
  });

  it('blames our settings for a key that cannot be read', async (test) => {
    const { opening } = await tlsOpen(test, certificate('good'), {
      tls: { verify: true, cert: 'nonsense', key: 'nonsense' },
    });
    assert.equal((await failureOf(opening)).code, 'internal');
  });

  async function plainOpen(test: TestContext, serve: (socket: Socket) => void, connectTimeoutMs = 2000) {
    const port = await listening(test, createServer(serve));
    const connector = connectorWith({ guard: guardWith(OWN), connectTimeoutMs, connectSocket: connect });
    return failureOf(connector.open(target(`https://127.0.0.1:${port}/`)));
  }

  it('calls an answer that is no TLS a lasting failure', async (test) => {
    const failure = await plainOpen(test, (socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    );
    assert.deepEqual(
      [failure.code, failure.transient, failure.reason],
      ['tls', false, 'The server does not speak TLS at this port.'],
    );
  });

  it('calls a connection that is closed or reset within the handshake reset', async (test) => {
    const closed = await plainOpen(test, (socket) => socket.once('data', () => socket.end()));
    assert.deepEqual([closed.code, closed.transient], ['reset', true]);
    const reset = await plainOpen(test, (socket) => socket.once('data', () => resetConnection(socket)));
    assert.deepEqual([reset.code, reset.transient], ['reset', true]);
  });

  it('calls a handshake that is never answered a timeout', async (test) => {
    const failure = await plainOpen(test, () => undefined, 60);
    const code: ConnectCode = 'timeout';
    assert.deepEqual([failure.code, failure.transient], [code, true]);
  });
});
