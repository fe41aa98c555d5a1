import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { NO_REQUEST } from '../../plugin/decide/fetchCost.ts';
import { HostSpeeds } from '../../plugin/work/hostSpeeds.ts';
import { LanePlaces } from '../../plugin/work/lanePlaces.ts';
import type { LanePlace, PlaceAhead } from '../../plugin/work/slice/heldPlace.ts';

const ASKED = { ...NO_REQUEST, requests: 1, host: 'reachable' } as const;
const NEVER = new AbortController().signal;

describe('the places of a lane', () => {
  /** Half as many more are for slow ones; a second makes slow. */
  function lane(count = 2): {
    readonly places: LanePlaces;
    readonly demands: boolean[];
    enter(host: string, group?: string): LanePlace[];
    /** Lets time pass for what is remembered. */
    pass(ms: number): void;
  } {
    mock.timers.enable({ apis: ['setTimeout'] });
    const demands: boolean[] = [];
    let elapsedMs = 0;
    const places = new LanePlaces({
      places: count,
      slowShare: 0.5,
      slowAfterMs: 1000,
      elapsedMs: () => elapsedMs,
      speeds: new HostSpeeds({ slowAfterMs: 1000, slowBytesPerSecond: 1000, elapsedMs: () => 0 }),
      onDemand: (isScarce) => void demands.push(isScarce),
    });
    const enter = (host: string, group = '') => {
      const entered: LanePlace[] = [];
      void places.enter({ host, group, onSlow: () => undefined }, NEVER).then((place) => entered.push(place));
      return entered;
    };
    const pass = (ms: number) => {
      elapsedMs += ms;
    };
    return { places, demands, enter, pass };
  }

  const settled = () => new Promise(setImmediate);

  it('are left by what has become slow, and the least speed rises while more is slow than its share', async (test) => {
    const { demands, enter } = lane();
    test.after(() => mock.timers.reset());
    const slow = [enter('a'), enter('b')];
    const young = [enter('c'), enter('d')];
    await settled();
    assert.deepEqual(
      [...slow, ...young].map(({ length }) => length),
      [1, 1, 0, 0],
    );
    mock.timers.tick(1000);
    await settled();
    assert.deepEqual(
      [...slow, ...young].map(({ length }) => length),
      [1, 1, 1, 1],
    );
    assert.deepEqual(demands, [true]);
    slow[0]?.[0]?.leave();
    slow[0]?.[0]?.leave();
    assert.deepEqual(demands, [true, false]);
    const more = enter('e');
    await settled();
    assert.equal(more.length, 0);
    young[0]?.[0]?.leave();
    await settled();
    assert.equal(more.length, 1);
  });

  it('are kept by long work whose parts are short', async (test) => {
    const { enter } = lane();
    test.after(() => mock.timers.reset());
    const [one, other, third] = [enter('a'), enter('b'), enter('c')];
    await settled();
    mock.timers.tick(900);
    one[0]?.progressed();
    other[0]?.progressed();
    mock.timers.tick(900);
    await settled();
    assert.equal(third.length, 0);
    mock.timers.tick(100);
    await settled();
    assert.equal(third.length, 1);
  });

  it('of slow ones are where a host that was slow begins, until it is quick', async (test) => {
    const { places, demands, enter } = lane();
    test.after(() => mock.timers.reset());
    places.learn('a', { ...ASKED, bytes: 5000, ms: 10_000 });
    places.learn('quick', { ...ASKED, bytes: 50_000, ms: 10_000 });
    const slow = [enter('a'), enter('a')];
    const others = [enter('b'), enter('quick')];
    await settled();
    assert.deepEqual(
      [...slow, ...others].map(({ length }) => length),
      [1, 0, 1, 1],
    );
    assert.deepEqual(demands, [true]);
    slow[0]?.[0]?.leave();
    await settled();
    assert.deepEqual([slow[1]?.length, demands], [1, [true, false]]);
    places.learn('a', { ...ASKED, bytes: 10, ms: 10 });
    others[0]?.[0]?.leave();
    const again = enter('a');
    await settled();
    assert.equal(again.length, 1);
  });

  it('are for hosts that were quick before those of whom nothing is known, and these before hosts that drag', async (test) => {
    const { places, enter } = lane(4);
    test.after(() => mock.timers.reset());
    places.learn('quick', { ...ASKED, bytes: 10, ms: 10 });
    const dragging = [enter('drags'), enter('drags')];
    await settled();
    mock.timers.tick(1000);
    const full = Array.from({ length: 4 }, () => enter('busy'));
    const again = [enter('drags'), enter('drags')];
    const unknown = enter('unknown');
    const quick = enter('quick');
    await settled();
    const entered = () => [dragging, full, [quick], [unknown], again].map((places) => places.flat().length);
    assert.deepEqual(entered(), [2, 4, 0, 0, 0]);
    full[0]?.[0]?.leave();
    await settled();
    assert.deepEqual(entered(), [2, 4, 1, 0, 0]);
    // Every fourth is for who waits longest.
    full[1]?.[0]?.leave();
    await settled();
    assert.deepEqual(entered(), [2, 4, 1, 0, 1]);
    full[2]?.[0]?.leave();
    await settled();
    assert.deepEqual(entered(), [2, 4, 1, 1, 1]);
  });

  it('are for who waits longest, quick or unknown, while nothing was slow a moment ago', async (test) => {
    const { places, enter, pass } = lane(1);
    test.after(() => mock.timers.reset());
    places.learn('quick', { ...ASKED, bytes: 10, ms: 10 });
    const held = enter('busy');
    const [first, second] = [enter('unknown'), enter('quick')];
    await settled();
    held[0]?.leave();
    await settled();
    assert.deepEqual([first.length, second.length], [1, 0]);
    mock.timers.tick(1000);
    await settled();
    assert.equal(second.length, 1);
    first[0]?.leave();
    const longest = enter('quick');
    second[0]?.leave();
    await settled();
    const [third, fourth] = [enter('another'), enter('quick')];
    pass(1000);
    longest[0]?.leave();
    await settled();
    assert.deepEqual([third.length, fourth.length], [0, 1]);
    const [fifth] = [enter('quick')];
    pass(10_000);
    fourth[0]?.leave();
    await settled();
    assert.deepEqual([third.length, fifth?.length], [1, 0]);
  });

  it('are for the dataset that has fewest of them, among hosts of one pace', async (test) => {
    const { enter } = lane(2);
    test.after(() => mock.timers.reset());
    const crowd = ['a', 'b', 'c', 'd'].map((host) => enter(host, 'crowd'));
    const other = enter('e', 'other');
    await settled();
    assert.deepEqual([crowd.flat().length, other.length], [2, 0]);
    crowd[0]?.[0]?.leave();
    await settled();
    assert.deepEqual([crowd.flat().length, other.length], [2, 1]);
  });

  it('are kept for quick hosts, a quarter of them, while slow ones hold more than their share', async (test) => {
    const { places, enter } = lane(4);
    test.after(() => mock.timers.reset());
    places.learn('quick', { ...ASKED, bytes: 10, ms: 10 });
    for (let host = 0; host < 4; host++) enter(`slow ${host}`);
    await settled();
    mock.timers.tick(1000);
    assert.equal(places.patienceOf(1000), 250);
    const unknown = Array.from({ length: 5 }, (_, host) => enter(`unknown ${host}`));
    await settled();
    assert.equal(unknown.flat().length, 3);
    const quick = enter('quick');
    await settled();
    assert.equal(quick.length, 1);
  });

  it('are given ahead to as many as left a moment ago, whose work begins when one is free', async (test) => {
    const { places, enter } = lane(2);
    test.after(() => mock.timers.reset());
    const ahead = (host: string) => {
      const entered: PlaceAhead[] = [];
      const entry = { host, group: '', onSlow: () => undefined };
      void places.enterAhead(entry, NEVER).then((place) => entered.push(place));
      return entered;
    };
    const first = [enter('a'), enter('b')];
    const waiting = ahead('c');
    await settled();
    assert.deepEqual([waiting.length, places.isCrowded], [0, true]);
    first[0]?.[0]?.leave();
    const next = [ahead('d'), ahead('e')];
    await settled();
    assert.deepEqual([waiting.length, next[0]?.length, next[1]?.length], [1, 1, 0]);
    const begun: string[] = [];
    const begin = (name: string, place: PlaceAhead | undefined) =>
      place?.begin(NEVER, 500).then((hasBegun) => begun.push(`${name} ${hasBegun}`));
    begin('c', waiting[0]);
    begin('d', next[0]?.[0]);
    await settled();
    assert.deepEqual(begun, ['c true']);
    first[1]?.[0]?.leave();
    await settled();
    assert.deepEqual(begun, ['c true', 'd true']);
    assert.equal(next[1]?.length, 1);
    begin('e', next[1]?.[0]);
    mock.timers.tick(500);
    await settled();
    assert.deepEqual(begun, ['c true', 'd true', 'e false']);
  });

  it('are free for others when who was ahead leaves without having begun', async (test) => {
    const { places, enter } = lane(1);
    test.after(() => mock.timers.reset());
    const [first] = [enter('a')];
    await settled();
    first?.[0]?.leave();
    const stop = new AbortController();
    const entry = { host: 'b', group: '', onSlow: () => undefined };
    const [one, other] = [await places.enterAhead(entry, NEVER), await places.enterAhead(entry, NEVER)];
    assert.equal(await one.begin(NEVER, 1000), true);
    const begins = other.begin(stop.signal, 1000);
    stop.abort();
    assert.equal(await begins, false);
    other.leave();
    one.leave();
    const next = enter('c');
    await settled();
    assert.equal(next.length, 1);
  });

  it('are not waited for once the signal fires', async (test) => {
    const { places, enter } = lane();
    test.after(() => mock.timers.reset());
    const held = [enter('a'), enter('b')];
    const stop = new AbortController();
    const waiting = places.enter({ host: 'c', group: '', onSlow: () => undefined }, stop.signal);
    stop.abort(new Error('stopped'));
    await assert.rejects(waiting, /stopped/);
    held[0]?.[0]?.leave();
    const next = enter('d');
    await settled();
    assert.equal(next.length, 1);
  });
});
