import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ThreadVisits } from '../../plugin/fetch/retrieve/threadVisits.ts';
import type { FetchCost } from '../../plugin/model/host.ts';
import type { HostEntrance, HostPlaces } from '../../plugin/model/hostPlaces.ts';
import { CSV, fetchOnce } from '../support/fetching.ts';
import { answer, OddServer } from '../support/oddServer.ts';

/** Remembers who entered and left, and with what cost. */
class Doorkeeper implements HostPlaces {
  readonly entered: string[] = [];
  readonly left: FetchCost[] = [];
  busyMs: number | null = null;

  readonly reached: string[] = [];

  connected(hostname: string, address: string): void {
    this.reached.push(`${hostname} ${address}`);
  }

  async enter(host: string): Promise<HostEntrance> {
    this.entered.push(host);
    if (this.busyMs !== null) return { kind: 'busy', retryInMs: this.busyMs };
    return { kind: 'entered', place: { leave: (cost) => void this.left.push(cost) } };
  }
}

const FILE = answer(200, { 'content-type': 'text/csv' }, CSV);
const hostOf = (server: OddServer) => new URL(server.url('/')).host;

describe('requests on the way of a link', () => {
  it('take a place at each other host, are charged to it, and the link’s own host pays the rest', async () => {
    const last = await OddServer.start({ '/c.csv': answer(503, { 'retry-after': '7' }) });
    const home = await OddServer.start({ '/a': answer(302, { location: last.url('/c.csv') }) });
    const places = new Doorkeeper();
    const attempt = await fetchOnce(home, '/a', { parts: { places } });
    assert.deepEqual(places.entered, [hostOf(last)]);
    await last.stop();
    const [cost] = places.left;
    assert.deepEqual([cost?.requests, cost?.host, cost?.overloadMs, places.left.length], [1, 'reachable', 7000, 1]);
    assert.deepEqual([attempt.requests, attempt.elsewhere?.requests, attempt.elsewhere?.ended], [2, 1, true]);
  });

  it('hold one place at a time, and none at the link’s own host', async () => {
    const home = await OddServer.start({ '/c.csv': FILE });
    const middle = await OddServer.start({ '/b': answer(302, { location: home.url('/c.csv') }) });
    const first = await OddServer.start({ '/a': answer(302, { location: middle.url('/b') }) });
    const places = new Doorkeeper();
    const attempt = await fetchOnce(first, '/a', { parts: { places } });
    assert.deepEqual([attempt.code, attempt.deferredMs], ['archived', undefined]);
    assert.deepEqual(places.entered, [hostOf(middle), hostOf(home)]);
    await Promise.all([home.stop(), middle.stop()]);
    assert.deepEqual(
      places.left.map(({ requests }) => requests),
      [1, 1],
    );
    const round = await OddServer.start({ '/a': answer(302, { location: '/b' }), '/b': FILE });
    await fetchOnce(round, '/a', { parts: { places } });
    assert.equal(places.entered.length, 2);
  });

  it('are put off, with nothing learnt, where there is no place', async () => {
    const last = await OddServer.start({ '/c.csv': FILE });
    const home = await OddServer.start({ '/a': answer(302, { location: last.url('/c.csv') }) });
    const places = new Doorkeeper();
    places.busyMs = 1234;
    const attempt = await fetchOnce(home, '/a', { parts: { places } });
    await last.stop();
    assert.deepEqual([attempt.deferredMs, attempt.requests, last.requests.length], [1234, 1, 0]);
    assert.match(attempt.reason, /is busy; it is asked later/);
  });

  it('tell where they were connected to', async () => {
    const last = await OddServer.start({ '/c.csv': FILE });
    const home = await OddServer.start({ '/a': answer(302, { location: last.url('/c.csv') }) });
    const places = new Doorkeeper();
    await fetchOnce(home, '/a', { parts: { places } });
    await last.stop();
    assert.deepEqual(places.reached, ['127.0.0.1 127.0.0.1', '127.0.0.1 127.0.0.1']);
    const visits = new ThreadVisits(places);
    await visits.receive({ kind: 'connected', hostname: 'a.example', address: '203.0.113.7' }, () => undefined);
    assert.equal(places.reached[2], 'a.example 203.0.113.7');
  });

  it('give their places back when the thread that sent them dies', async () => {
    const places = new Doorkeeper();
    const visits = new ThreadVisits(places);
    const told: unknown[] = [];
    await visits.receive({ kind: 'enter', id: 1, from: 'link.example', host: 'a.example' }, (message) =>
      told.push(message),
    );
    assert.deepEqual(told, [{ kind: 'entered', id: 1, busyMs: null }]);
    visits.end();
    await visits.receive({ kind: 'enter', id: 2, from: 'link.example', host: 'b.example' }, () => undefined);
    assert.deepEqual(
      places.left.map(({ host }) => host),
      ['none', 'none'],
    );
  });
});
