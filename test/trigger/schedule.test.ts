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
    const schedule = new Schedule({
      name: 'the sweep',
      expression: EVERY_SECOND,
      work: async () => {
        count += 1;
        if (count === 1) throw new Error('the database is away');
      },
      now: () => new Date(),
      logger: { ...SILENT, error: (fields) => void complaints.push(fields) },
    });
    await until(() => count === 2);
    await schedule.stop();
    assert.deepEqual(complaints, [{ work: 'the sweep', error: 'the database is away' }]);
  });

  it('waits for the work under way when it stops, and starts none meanwhile', async () => {
    let count = 0;
    let isDone = false;
    const work = gate();
    const schedule = new Schedule({
      name: 'the sweep',
      expression: EVERY_SECOND,
      work: async () => {
        count += 1;
        await work.passed;
        isDone = true;
      },
      now: () => new Date(),
      logger: SILENT,
    });
    await until(() => count === 1);
    const stopped = schedule.stop();
    work.open();
    await stopped;
    assert.deepEqual([count, isDone], [1, true]);
  });

  it('makes up once for the times that it missed, says so, and goes on when the clock is set back', async () => {
    let now = Date.parse('2026-11-23T06:59:30Z');
    let count = 0;
    let looks = 0;
    const said: unknown[] = [];
    const schedule = new Schedule({
      name: 'the sweep',
      expression: '0 * * * *',
      work: async () => {
        count += 1;
      },
      now: () => {
        looks += 1;
        return new Date(now);
      },
      logger: { ...SILENT, info: (fields, message) => void said.push([message, fields]) },
    });
    now = Date.parse('2026-11-23T09:10:00Z');
    await until(() => count === 1);
    now = Date.parse('2026-11-23T08:59:58Z');
    const looked = looks;
    await until(() => looks > looked + 1);
    assert.equal(count, 1);
    now = Date.parse('2026-11-23T09:00:00Z');
    await until(() => count === 2);
    await schedule.stop();
    assert.deepEqual(said, [['scheduled work begins late', { work: 'the sweep', lateMs: 2 * 3_600_000 + 600_000 }]]);
  });
});
