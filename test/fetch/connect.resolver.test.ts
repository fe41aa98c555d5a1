import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DnsFailure, Resolver } from '../../plugin/fetch/connect/resolver.ts';
import { type NameQuestion, NameServer, type Replying } from '../support/nameServer.ts';

async function resolverOn(
  test: TestContext,
  reply: Replying,
  { dnsTimeoutMs = 2000, hosts }: { dnsTimeoutMs?: number; hosts?: string } = {},
): Promise<{ resolver: Resolver; server: NameServer }> {
  const server = await NameServer.start(reply);
  const folder = await mkdtemp(join(tmpdir(), 'hosts-'));
  const hostsFilePath = join(folder, 'hosts');
  if (hosts !== undefined) await writeFile(hostsFilePath, hosts);
  const resolver = new Resolver({
    dnsServers: [server.server],
    dnsTimeoutMs,
    hostsFile: hosts !== undefined,
    hostsFilePath,
  });
  test.after(async () => {
    resolver.close();
    await server.stop();
    await rm(folder, { recursive: true });
  });
  return { resolver, server };
}

async function failureOf(resolving: Promise<unknown>): Promise<DnsFailure> {
  const failure = await resolving.then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(failure instanceof DnsFailure, String(failure));
  return failure;
}

const four = (address: string) => ({ address, family: 4 });
const six = (address: string) => ({ address, family: 6 });

describe('the resolver', () => {
  it('gives both families, IPv4 first, each address once', async (test) => {
    const { resolver } = await resolverOn(test, () => ['2a00::1', '8.8.8.8', '8.8.8.8', '9.9.9.9']);
    assert.deepEqual(await resolver.resolve('Data.Example.'), [four('8.8.8.8'), four('9.9.9.9'), six('2a00::1')]);
  });

  it('asks again each time, whatever time to live the answer has', async (test) => {
    const { resolver, server } = await resolverOn(test, ({ asked }) => [`8.8.8.${asked}`]);
    assert.deepEqual(await resolver.resolve('data.example'), [four('8.8.8.0')]);
    assert.deepEqual(await resolver.resolve('data.example'), [four('8.8.8.1')]);
    assert.equal(server.questions.filter(({ type }) => type === 'A').length, 2);
  });

  it('believes a name server that a name does not exist, whatever becomes of the other family', async (test) => {
    for (const other of ['SERVFAIL', 'silence'] as const) {
      const reply = ({ type }: NameQuestion) => (type === 'A' ? 'NXDOMAIN' : other);
      const { resolver } = await resolverOn(test, reply, { dnsTimeoutMs: 300 });
      assert.equal((await failureOf(resolver.resolve('gone.example'))).temporary, false);
    }
  });

  it('is content with one family when the other fails or is silent', async (test) => {
    for (const other of ['SERVFAIL', 'NXDOMAIN', 'silence'] as const) {
      const { resolver } = await resolverOn(test, ({ type }) => (type === 'A' ? ['8.8.8.8'] : other));
      assert.deepEqual(await resolver.resolve('data.example'), [four('8.8.8.8')]);
      const { resolver: mirrored } = await resolverOn(test, ({ type }) => (type === 'AAAA' ? ['2a00::1'] : other));
      assert.deepEqual(await mirrored.resolve('data.example'), [six('2a00::1')]);
    }
  });

  it('calls a name that does not exist, or has no address, a lasting failure', async (test) => {
    const { resolver } = await resolverOn(test, ({ name }) => (name === 'none.example' ? 'NXDOMAIN' : []));
    const missing = await failureOf(resolver.resolve('none.example'));
    assert.deepEqual([missing.temporary, missing.message], [false, 'The host none.example does not exist.']);
    const empty = await failureOf(resolver.resolve('empty.example'));
    assert.deepEqual([empty.temporary, empty.message], [false, 'The host empty.example has no address.']);
  });

  it('calls a name server that fails, refuses or is silent a passing failure', async (test) => {
    for (const reply of ['SERVFAIL', 'REFUSED', 'silence'] as const) {
      const { resolver } = await resolverOn(test, () => reply, { dnsTimeoutMs: 200 });
      assert.equal((await failureOf(resolver.resolve('data.example'))).temporary, true, reply);
    }
    const { resolver } = await resolverOn(test, ({ type }) => (type === 'A' ? 'SERVFAIL' : 'NXDOMAIN'));
    assert.equal((await failureOf(resolver.resolve('data.example'))).temporary, true);
  });

  it('calls a name server that is not there a passing failure', async () => {
    const gone = await NameServer.start(() => []);
    const { server } = gone;
    await gone.stop();
    const resolver = new Resolver({ dnsServers: [server], dnsTimeoutMs: 500, hostsFile: false });
    assert.equal((await failureOf(resolver.resolve('data.example'))).temporary, true);
    resolver.close();
  });

  it('waits for a slow answer although the server was quick before', async (test) => {
    const { resolver } = await resolverOn(test, async ({ name }) => {
      if (name === 'slow.example') await sleep(1200);
      return ['8.8.8.8'];
    });
    for (let asked = 0; asked < 5; asked += 1) await resolver.resolve('quick.example');
    assert.deepEqual(await resolver.resolve('slow.example'), [four('8.8.8.8')]);
  });

  it('asks the next name server when one fails, refuses or is silent', async (test) => {
    const good = await NameServer.start(({ name }) => (name === 'none.example' ? 'NXDOMAIN' : ['8.8.8.8']));
    test.after(() => good.stop());
    for (const reply of ['SERVFAIL', 'REFUSED', 'silence'] as const) {
      const bad = await NameServer.start(() => reply);
      const resolver = new Resolver({ dnsServers: [bad.server, good.server], dnsTimeoutMs: 2000, hostsFile: false });
      test.after(async () => {
        resolver.close();
        await bad.stop();
      });
      assert.deepEqual(await resolver.resolve('data.example'), [four('8.8.8.8')], reply);
      assert.equal((await failureOf(resolver.resolve('none.example'))).temporary, false, reply);
    }
  });

  it('asks no other name server about what one knows', async (test) => {
    const other = await NameServer.start(() => ['8.8.8.8']);
    const knowing = await NameServer.start(({ name }) => (name === 'none.example' ? 'NXDOMAIN' : []));
    const resolver = new Resolver({ dnsServers: [knowing.server, other.server], dnsTimeoutMs: 500, hostsFile: false });
    test.after(async () => {
      resolver.close();
      await Promise.all([other.stop(), knowing.stop()]);
    });
    for (const name of ['none.example', 'empty.example'])
      assert.equal((await failureOf(resolver.resolve(name))).temporary, false);
    assert.deepEqual(other.questions, []);
  });

  it('stops waiting when it is told to', async (test) => {
    const { resolver } = await resolverOn(test, () => 'silence', { dnsTimeoutMs: 60_000 });
    const stop = new AbortController();
    const resolving = failureOf(resolver.resolve('data.example', stop.signal));
    stop.abort();
    assert.equal((await resolving).temporary, true);
    assert.equal((await failureOf(resolver.resolve('data.example', stop.signal))).temporary, true);
  });

  it('lets go of every question when it is closed', async (test) => {
    const { resolver } = await resolverOn(test, () => 'silence', { dnsTimeoutMs: 60_000 });
    const resolving = failureOf(resolver.resolve('data.example'));
    resolver.close();
    assert.equal((await resolving).temporary, true);
  });

  it('never asks for localhost and what is below it', async (test) => {
    const { resolver, server } = await resolverOn(test, () => ['8.8.8.8']);
    for (const name of ['localhost', 'LOCALHOST.', 'a.localhost', 'a.b.localhost.'])
      assert.deepEqual(await resolver.resolve(name), [four('127.0.0.1'), six('::1')]);
    assert.deepEqual(server.questions, []);
    assert.deepEqual(await resolver.resolve('notlocalhost'), [four('8.8.8.8')]);
  });

  it('calls a name that cannot be asked for a lasting failure', async (test) => {
    const { resolver } = await resolverOn(test, () => ['8.8.8.8']);
    assert.equal((await failureOf(resolver.resolve('a..example'))).temporary, false);
  });

  it('looks into the hosts file first when that is set', async (test) => {
    const hosts =
      '# a comment\n10.0.0.1 data.example  Other.Example # another\n::2\tdata.example\nnonsense data.example\n';
    const { resolver, server } = await resolverOn(test, () => ['8.8.8.8'], { hosts });
    assert.deepEqual(await resolver.resolve('data.example.'), [four('10.0.0.1'), six('::2')]);
    assert.deepEqual(await resolver.resolve('OTHER.example'), [four('10.0.0.1')]);
    assert.deepEqual(server.questions, []);
    assert.deepEqual(await resolver.resolve('third.example'), [four('8.8.8.8')]);
  });

  it('gives no more addresses than anybody could need', async (test) => {
    const many = Array.from({ length: 25 }, (_, at) => `8.8.8.${at}`);
    const { resolver } = await resolverOn(test, () => many);
    assert.equal((await resolver.resolve('many.example')).length, 25);
  });
});
