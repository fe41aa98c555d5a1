import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Agents, type AgentsDeps } from '../../plugin/fetch/connect/agents.ts';
import { ConnectFailure } from '../../plugin/fetch/connect/connectFailure.ts';
import { HostSettingsMap } from '../../plugin/fetch/connect/hostSettings.ts';
import { Proxies } from '../../plugin/fetch/connect/proxies.ts';
import type { Config } from '../../plugin/settings/Config.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';
import { AUTHORITY_FILE, authority, certificate } from '../support/certificates.ts';
import { requestFor, testFetcher } from '../support/fetching.ts';
import { LOADER } from '../support/loader/loader.ts';
import { NameServer } from '../support/nameServer.ts';

const run = promisify(execFile);

async function agentsWith(test: TestContext, settings: Partial<Config> = {}, parts: AgentsDeps = {}) {
  const nameServer = await NameServer.start(({ name, type }) => {
    if (type !== 'A') return [];
    return name.startsWith('private') ? ['10.0.0.1'] : ['127.0.0.1'];
  });
  const config: Config = {
    ...loadConfig({ environment: {} }),
    allowNetworks: [{ cidr: '127.0.0.0/8', port: null }],
    dnsServers: [nameServer.server],
    connectTimeoutMs: 2000,
    ...settings,
  };
  const agents = new Agents(config, parts);
  test.after(async () => {
    await agents.close();
    await nameServer.stop();
  });
  return agents;
}

async function listening(test: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const echo: RequestListener = (request, response) => response.end(`${request.headers.host} ${request.url}`);

async function get(agents: Agents, url: string, headers: Record<string, string> = {}): Promise<string> {
  const target = new URL(url);
  const path = `${target.pathname}${target.search}`;
  const answer = await agents.dispatcherFor(target).request({ origin: target.origin, path, method: 'GET', headers });
  return answer.body.text();
}

async function failureOf(asking: Promise<unknown>): Promise<ConnectFailure> {
  const failure = await asking.then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(failure instanceof ConnectFailure, String(failure));
  return failure;
}

interface Seen {
  readonly requests: string[];
  readonly tunnels: string[];
  readonly authorizations: (string | undefined)[];
}

/** A proxy that leads everything to loopback, and tells what it was asked. */
async function proxy(test: TestContext): Promise<Seen & { readonly url: string }> {
  const seen: Seen = { requests: [], tunnels: [], authorizations: [] };
  const server = createServer((request, response) => {
    seen.requests.push(request.url ?? '');
    seen.authorizations.push(request.headers['proxy-authorization']);
    response.end('by the proxy');
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    seen.tunnels.push(request.url ?? '');
    seen.authorizations.push(request.headers['proxy-authorization']);
    if (request.url?.startsWith('forbidden')) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const upstream = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
    socket.on('close', () => upstream.destroy());
  });
  const port = await listening(test, server);
  return { ...seen, url: `http://127.0.0.1:${port}` };
}

describe('the agents', () => {
  it('ask by name through the guard, and keep the connection for the next request', async (test) => {
    let connections = 0;
    const server = createServer(echo).on('connection', () => {
      connections += 1;
    });
    const port = await listening(test, server);
    const agents = await agentsWith(test);
    assert.equal(await get(agents, `http://data.example:${port}/a?b`), `data.example:${port} /a?b`);
    // A connection is free again one turn of the event loop after its answer.
    await turn();
    await turn();
    assert.equal(await get(agents, `http://data.example:${port}/c`), `data.example:${port} /c`);
    assert.equal(connections, 1);
  });

  it('refuse what the guard refuses, on both ways', async (test) => {
    const agents = await agentsWith(test, {}, { connectSocket: () => assert.fail('connected') });
    for (const url of ['http://private.example/', 'http://10.0.0.1/', 'http://[::1]/', 'https://private.example/']) {
      assert.equal((await failureOf(get(agents, url))).code, 'blocked-address');
      assert.equal(
        (await failureOf(agents.socketFor(new URL(url), new AbortController().signal, 2000))).code,
        'blocked-address',
      );
    }
    assert.equal(
      (await failureOf(get(await agentsWith(test, { allowNetworks: [] }), 'http://data.example:22/'))).code,
      'blocked-port',
    );
  });

  it('open a socket of its own for the lenient parser', async (test) => {
    const port = await listening(test, createServer(echo));
    const agents = await agentsWith(test);
    const socket = await agents.socketFor(new URL(`http://data.example:${port}/`), new AbortController().signal, 2000);
    socket.end('GET /x HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    assert.match(text, /h \/x/);
  });

  it('use the TLS settings of the host', async (test) => {
    const port = await listening(test, createSecureServer(certificate('good'), echo));
    const url = `https://data.example:${port}/a`;
    assert.equal((await failureOf(get(await agentsWith(test), url))).code, 'tls');
    assert.equal(await get(await agentsWith(test, { verifyTls: false }), url), `data.example:${port} /a`);
    for (const host of ['data.example', `data.example:${port}`, '*.example'])
      assert.match(await get(await agentsWith(test, { hosts: { [host]: { tls: { ca: authority() } } } }), url), /\/a$/);
    assert.match(
      await get(await agentsWith(test, { hosts: { 'data.example': { tls: { verify: false } } } }), url),
      /\/a$/,
    );
    const other = await agentsWith(test, { hosts: { 'other.example': { tls: { verify: false } } } });
    assert.equal((await failureOf(get(other, url))).code, 'tls');
  });

  it('trust the authorities of NODE_EXTRA_CA_CERTS', async (test) => {
    const port = await listening(test, createSecureServer(certificate('good'), echo));
    const script = `
      const [{ Agents }, { loadConfig }] = await Promise.all([import('./plugin/fetch/connect/agents.ts'), import('./plugin/settings/loadConfig.ts')]);
      const agents = new Agents({ ...loadConfig({ environment: {} }), allowNetworks: [{ cidr: '127.0.0.0/8', port: null }] });
      const url = new URL('https://localhost:${port}/');
      const socket = await agents.socketFor(url, new AbortController().signal, 5000).catch((error) => error);
      process.stdout.write(String(socket.authorized ?? socket.code));
      socket.destroy?.();
      await agents.close();
    `;
    const outcomes = [AUTHORITY_FILE, undefined].map(async (NODE_EXTRA_CA_CERTS) => {
      const command = [...LOADER, '--input-type=module', '--eval', script];
      const { stdout } = await run(process.execPath, command, { env: { ...process.env, NODE_EXTRA_CA_CERTS } });
      return stdout;
    });
    assert.deepEqual(await Promise.all(outcomes), ['true', 'tls']);
  });

  it('say that a server demands a certificate, which TLS 1.3 tells only after the handshake', async (test) => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const demanding = { ...certificate('good'), ca: authority(), requestCert: true, maxVersion };
      const port = await listening(test, createSecureServer(demanding, echo));
      const fetcher = testFetcher({ verifyTls: false });
      test.after(() => fetcher.close());
      const url = `https://127.0.0.1:${port}/`;
      const { code, transient } = await fetcher.fetch(requestFor(url), null, new AbortController().signal);
      assert.deepEqual([code, transient], ['tls', false], maxVersion);
    }
  });

  it('end requests under way when they are closed', async (test) => {
    const port = await listening(
      test,
      createServer(() => undefined),
    );
    const agents = await agentsWith(test);
    const asking = assert.rejects(get(agents, `http://data.example:${port}/`));
    await agents.close();
    await asking;
  });
});

describe('proxies', () => {
  it('are asked for the whole URL of http, with credentials of their own', async (test) => {
    const { url, requests, authorizations } = await proxy(test);
    const agents = await agentsWith(test, { proxy: url.replace('//', '//us%40er:pw@') });
    assert.equal(await get(agents, 'http://data.example/a?b', { 'x-a': '1' }), 'by the proxy');
    assert.deepEqual(requests, ['http://data.example/a?b']);
    assert.deepEqual(authorizations, [`Basic ${Buffer.from('us@er:pw').toString('base64')}`]);
  });

  it('are asked for a tunnel to https, and the certificate is that of the host', async (test) => {
    const { url, tunnels } = await proxy(test);
    const port = await listening(test, createSecureServer(certificate('good'), echo));
    const agents = await agentsWith(test, { proxy: url, hosts: { '*.example': { tls: { ca: authority() } } } });
    assert.equal(await get(agents, `https://data.example:${port}/a`), `data.example:${port} /a`);
    assert.deepEqual(tunnels, [`data.example:${port}`]);
    const wrong = await failureOf(get(agents, `https://else.example:${port}/a`));
    assert.equal(wrong.code, 'tls');
  });

  it('do not lead past the guard', async (test) => {
    const { url, requests, tunnels } = await proxy(test);
    const agents = await agentsWith(test, { proxy: url });
    for (const target of ['http://private.example/', 'https://private.example/', 'http://10.0.0.1/', 'https://[::1]/'])
      assert.equal((await failureOf(get(agents, target))).code, 'blocked-address');
    assert.deepEqual([requests, tunnels], [[], []]);
  });

  it('may refuse a tunnel, or not be there', async (test) => {
    const { url } = await proxy(test);
    const agents = await agentsWith(test, { proxy: url });
    const refused = await failureOf(get(agents, 'https://forbidden.example/'));
    assert.deepEqual([refused.code, refused.transient], ['refused', false]);
    assert.match(refused.reason, /proxy answered 403/);
    const gone = createServer();
    const port = await listening(test, gone);
    gone.close();
    const without = await agentsWith(test, { proxy: `http://127.0.0.1:${port}` });
    const missing = await failureOf(get(without, 'http://data.example/'));
    assert.deepEqual([missing.code, missing.reason], ['refused', 'The proxy of the archive could not be reached.']);
  });

  it('carry the lenient way through a tunnel', async (test) => {
    const { url, tunnels } = await proxy(test);
    const port = await listening(test, createServer(echo));
    const agents = await agentsWith(test, { proxy: url });
    const socket = await agents.socketFor(new URL(`http://data.example:${port}/`), new AbortController().signal, 2000);
    socket.end('GET /x HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    assert.match(text, /h \/x/);
    assert.deepEqual(tunnels, [`data.example:${port}`]);
  });

  const chosen = (
    settings: Partial<Pick<Config, 'proxy' | 'proxyFromEnvironment' | 'hosts'>>,
    environment: Record<string, string>,
    url: string,
  ) => {
    const { protocol, hostname, port } = new URL(url);
    const hosts = new HostSettingsMap(settings.hosts ?? {});
    const proxies = new Proxies({ proxy: null, proxyFromEnvironment: false, ...settings, environment }, hosts);
    return (
      proxies.proxyFor({ protocol, hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) })?.hostname ??
      null
    );
  };
  const environment = {
    http_proxy: 'http://h.proxy:1',
    HTTPS_PROXY: 'https.proxy:2',
    NO_PROXY: 'in.example, .dot.example,10.0.0.1 port.example:8080,[::1]',
  };

  it('of the environment count for nothing unless a setting says so', () => {
    assert.equal(chosen({}, environment, 'http://data.example/'), null);
    assert.equal(chosen({ proxyFromEnvironment: true }, environment, 'http://data.example/'), 'h.proxy');
    assert.equal(chosen({ proxyFromEnvironment: true }, environment, 'https://data.example/'), 'https.proxy');
    assert.equal(
      chosen({ proxyFromEnvironment: true }, { ALL_PROXY: 'http://all.proxy' }, 'https://data.example/'),
      'all.proxy',
    );
    assert.equal(chosen({ proxyFromEnvironment: true }, {}, 'https://data.example/'), null);
  });

  it('of the environment have exceptions', () => {
    const of = (url: string) => chosen({ proxyFromEnvironment: true }, environment, url);
    for (const url of [
      'http://in.example/',
      'http://a.in.example/',
      'http://a.dot.example/',
      'http://10.0.0.1/',
      'http://port.example:8080/',
      'http://[::1]/',
    ])
      assert.equal(of(url), null, url);
    for (const url of ['http://notin.example/', 'http://port.example/', 'http://10.0.0.11/'])
      assert.equal(of(url), 'h.proxy', url);
    assert.equal(
      chosen({ proxyFromEnvironment: true }, { ...environment, NO_PROXY: '*' }, 'http://data.example/'),
      null,
    );
  });

  it('of a host come before the general one, and that before the environment', () => {
    const hosts = { 'data.example': { proxy: 'http://own.proxy' } };
    const both = { hosts, proxy: 'http://general.proxy', proxyFromEnvironment: true };
    assert.equal(chosen(both, environment, 'http://data.example/'), 'own.proxy');
    assert.equal(chosen(both, environment, 'http://other.example/'), 'general.proxy');
  });
});

describe('settings of hosts', () => {
  it('are found by port, by name and by suffix, the closest first', () => {
    const mark = (name: string) => ({ headers: { mark: name } });
    const table = new HostSettingsMap({
      'data.example': mark('name'),
      'data.example:8080': mark('port'),
      '*.example': mark('wide'),
      '*.deep.example': mark('deep'),
      'münchen.example.org': mark('idn'),
      '127.0.0.1:80': mark('address'),
      '[::1]:8080': mark('six'),
    });
    const markOf = (host: string, port?: number) => table.settingsFor(host, port)?.headers?.['mark'] ?? null;
    assert.equal(markOf('data.example'), 'name');
    assert.equal(markOf('DATA.example.', 80), 'name');
    assert.equal(markOf('data.example', 8080), 'port');
    assert.equal(markOf('data.example:8080'), 'port');
    assert.equal(markOf('other.example'), 'wide');
    assert.equal(markOf('a.deep.example'), 'deep');
    assert.equal(markOf('deep.example'), 'wide');
    assert.equal(markOf('example'), null);
    assert.equal(markOf('xn--mnchen-3ya.example.org'), 'idn');
    assert.equal(markOf('127.0.0.1', 80), 'address');
    assert.equal(markOf('127.0.0.1'), null);
    assert.equal(markOf('[::1]', 8080), 'six');
    assert.equal(markOf('notexample'), null);
    assert.equal(markOf('other.example:81'), 'wide');
  });
});
