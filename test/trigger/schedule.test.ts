import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Schedule } from '../../plugin/trigger/schedule.ts';
import { SILENT } from '../support/testPortal.ts';
import { gate } from '../support/testQueues.ts';
import { until } from '../support/until.ts';

const EVERY_SECOND = '* * * * * *';

describe('the schedule', () => {
  it('starts the work again and again, also after it failed', async () => {
    let count = 0;
    const complaints: unknown[] = [];
    const schedule = new Schedule(
      EVERY_SECOND,
      async () => {
        count += 1;
        if (count === 1) throw new Error('the database is away');
      },
      { ...SILENT, error: (fields) => void complaints.push(fields) },
    );
    await until(() => count === 2);
    await schedule.stop();
    assert.deepEqual(complaints, [{ error: 'the database is away' }]);
  });

  it('waits for the work under way when it stops, and starts none meanwhile', async () => {
    let count = 0;
    let isDone = false;
    const work = gate();
    const schedule = new Schedule(
      EVERY_SECOND,
      async () => {
        count += 1;
        await work.passed;
        isDone = true;
      },
      SILENT,
    );
    await until(() => count === 1);
    const stopped = schedule.stop();
    work.open();
    await stopped;
    assert.deepEqual([count, isDone], [1, true]);
  });
});
