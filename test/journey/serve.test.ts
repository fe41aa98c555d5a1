import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { AppEngine, type TaskEnd } from '../support/appEngine.ts';
import { FleetPortal, wholeArchive } from '../support/fleetPortal.ts';
import { runCommand } from '../support/runCommand.ts';
import { until } from '../support/until.ts';

const RESOURCES = 200;
/** Far beyond a slice: on a busy machine only what hangs needs so long. */
const DEADLINE_MS = 90_000;
const LONG_SLICE = { ARCHIVER_SLICE_MS: '80000' };
const VARIABLES = {
  ARCHIVER_SLICE_MS: '8000',
  ARCHIVER_LEASE_MS: '3000',
  ARCHIVER_STOP_DEADLINE_MS: '5000',
  ARCHIVER_THREADS: '1',
};

describe('an archiver on App Engine', () => {
  let portal: FleetPortal;
  let platform: AppEngine;
  beforeEach(async () => {
    portal = await FleetPortal.create({ hosts: 4, variables: { ARCHIVER_HOST_CONCURRENCY: '2' } });
    platform = new AppEngine(portal, { variables: VARIABLES, deadlineMs: DEADLINE_MS });
  });
  afterEach(() => portal.close());

  /** Tasks one after the other until nothing is left to do now. */
  async function workOff(): Promise<TaskEnd[]> {
    const ends: TaskEnd[] = [];
    do ends.push(await platform.push('/tasks/work'));
    while (ends.at(-1)?.report?.more !== false && ends.length < 60);
    return ends;
  }

  /** A task that has begun to fetch. What a lost instance held is not free yet, so the first ones may find nothing to do. */
  async function fetching(): Promise<{ readonly task: Promise<TaskEnd> }> {
    const before = portal.publisher.total;
    for (;;) {
      const task = platform.push('/tasks/work');
      let isOver = false;
      task.finally(() => {
        isOver = true;
      });
      await until(() => isOver || portal.publisher.total > before, 60);
      if (!isOver) return { task };
    }
  }

  it('archives each of 200 resources once, in slices, although instances stop and die in the middle of files', async () => {
    const ids = await portal.addResources('swept', RESOURCES);
    let held = 20;
    // After so many files the publisher begins each answer and never ends it.
    portal.publisher.answer = (_, __, response) => {
      held -= 1;
      if (held >= 0) return false;
      response.writeHead(200, { 'content-type': 'text/csv' });
      response.write('id,value\n');
      return true;
    };
    await platform.startInstance();
    const swept = await platform.cron('/tasks/sweep');
    assert.deepEqual([swept.status, swept.report?.missing], [200, RESOURCES]);
    assert.equal(portal.publisher.total, 0, 'a sweep fetches nothing itself');

    const first = await platform.push('/tasks/work');
    assert.equal(first.status, 200);
    assert.equal(first.report?.more, true, 'a slice ends although something is left');

    const [doomed] = platform.instances;
    const lost = await fetching();
    await doomed?.kill();
    assert.equal((await lost.task).status, 0);

    const stopped = await platform.startInstance();
    const broken = await fetching();
    assert.equal(await stopped.stop(), 0);
    assert.equal((await broken.task).status, 200, 'what ran is answered before the instance goes');

    held = Number.POSITIVE_INFINITY;
    await platform.startInstance(LONG_SLICE);
    await platform.startInstance(LONG_SLICE);
    const ends = await Promise.all([workOff(), workOff()]);
    assert.ok(ends.flat().every(({ status }) => status === 200));
    await portal.settled(RESOURCES, 60);
    assert.deepEqual(await portal.outcome(ids), wholeArchive(ids));
    for (const instance of [...platform.instances]) assert.equal(await instance.stop(), 0);
  });

  it('gives a file back that an instance had not ended, and another begins it again', async () => {
    const [id = ''] = await portal.addResources('slow', 1);
    let isSlow = true;
    portal.publisher.answer = (_, __, response) => {
      if (!isSlow) return false;
      response.writeHead(200, { 'content-type': 'text/csv' });
      response.write('id,value\n');
      return true;
    };
    const first = await platform.startInstance();
    await platform.cron('/tasks/sweep');
    const task = platform.push('/tasks/work');
    await until(() => portal.publisher.total === 1, 60);
    isSlow = false;
    assert.equal(await first.stop(), 0);
    assert.equal((await task).report?.more, true);
    await platform.startInstance();
    await workOff();
    await portal.settled(1, 60);
    assert.deepEqual(await portal.outcome([id]), wholeArchive([id]));
    assert.equal(portal.publisher.total, 2);
  });

  it('or beside it as a job works off what is due, and ends', async () => {
    const ids = await portal.addResources('job', 5);
    const environment = {
      DATABASE_URL: portal.database.url,
      ARCHIVER_FOLDER: portal.folder,
      ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8',
      ARCHIVER_PORTAL_URL: 'http://portal.example',
    };
    const { exitCode, output } = await runCommand(['worker', '--until-idle', '--json'], { environment });
    assert.equal(exitCode, 0);
    const { bytes, ...rest } = JSON.parse(output);
    assert.ok(bytes > 0);
    assert.deepEqual(rest, { requests: 5, copies: 5, due: 0, more: false });
    assert.deepEqual(await portal.outcome(ids), wholeArchive(ids));
  });
});
