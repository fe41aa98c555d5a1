import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { FleetPortal, wholeArchive } from '../support/fleetPortal.ts';
import { until } from '../support/until.ts';

const ANSWER_MS = 80;
const RATE = 20;
const BURST = 5;

/** What the publisher itself sees. */
interface Seen {
  readonly times: number[];
  atOnce: number;
  most: number;
  /** The first request is answered once another is under way. */
  holdsFirst: boolean;
}

describe('two workers at one host', () => {
  let portal: FleetPortal | null = null;

  afterEach(async () => {
    await portal?.close();
    portal = null;
  });

  async function open(variables: Readonly<Record<string, string>>): Promise<{ portal: FleetPortal; seen: Seen }> {
    const opened = await FleetPortal.create({ hosts: 1, variables });
    portal = opened;
    const seen: Seen = { times: [], atOnce: 0, most: 0, holdsFirst: false };
    let held = () => {};
    opened.publisher.answer = (id, _request, response) => {
      seen.times.push(performance.now());
      seen.most = Math.max(seen.most, ++seen.atOnce);
      const answer = () => {
        seen.atOnce -= 1;
        response.writeHead(200, { 'content-type': 'text/csv' }).end(opened.publisher.body(id));
      };
      if (seen.times.length === 1 && seen.holdsFirst) held = answer;
      else setTimeout(answer, ANSWER_MS);
      if (seen.atOnce > 1) {
        setTimeout(held, ANSWER_MS);
        held = () => {};
      }
      return true;
    };
    return { portal: opened, seen };
  }

  it('never go beyond the rate, the burst and the connections it allows', async () => {
    const { portal: opened, seen } = await open({
      ARCHIVER_HOST_REQUESTS_PER_SECOND: String(RATE),
      ARCHIVER_HOST_BURST: String(BURST),
      ARCHIVER_HOST_CONCURRENCY: '3',
    });
    const ids = await opened.addResources('found', 60);
    await opened.fleet.spawnMany(2);
    await opened.archiver.archive.sweep({ dryRun: false });
    await opened.settled(ids.length, 60);
    assert.deepEqual(await opened.outcome(ids), wholeArchive(ids));
    assert.equal(seen.times.length, ids.length);
    assert.ok(seen.most <= 3, `${seen.most} at once`);
    seen.times.forEach((from, i) => {
      seen.times.slice(i).forEach((until, more) => {
        // A request that was granted early may be sent late: by as much as a slice takes.
        const slackMs = (BURST / 2) * ANSWER_MS * 2;
        const allowed = BURST + (RATE * (until - from + slackMs)) / 1000;
        assert.ok(more + 1 <= allowed + 1, `${more + 1} requests within ${Math.round(until - from)} ms`);
      });
    });
  });

  it('keep to the connections it allows also when people ask, who wait for no sweep', async () => {
    const { portal: opened, seen } = await open({
      ARCHIVER_HOST_REQUESTS_PER_SECOND: '1000',
      ARCHIVER_HOST_BURST: '40',
      ARCHIVER_HOST_CONCURRENCY: '2',
    });
    seen.holdsFirst = true;
    const found = await opened.addResources('found', 60);
    await opened.fleet.spawnMany(2);
    await opened.archiver.archive.sweep({ dryRun: false });
    await until(() => seen.times.length > 0, 60);
    const asked = await opened.addResources('asked', 10);
    await opened.archiveDataset('asked');
    await opened.settled(found.length + asked.length, 60);
    assert.deepEqual(await opened.outcome([...found, ...asked]), wholeArchive([...found, ...asked]));
    assert.equal(seen.most, 2);
    const order = [...opened.publisher.requests.keys()];
    const lastAsked = Math.max(...asked.map((id) => order.indexOf(id)));
    assert.ok(lastAsked < 40, `the last of ten that people asked for was request ${lastAsked + 1} of ${order.length}`);
  });
});
