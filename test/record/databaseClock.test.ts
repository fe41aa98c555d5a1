import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { DatabaseClock } from '../../plugin/record/database/databaseClock.ts';

it('the clock of the database is read past the connecting that comes before the first question', async (test) => {
  let nowMs = 1000;
  const aheadMs = 5000;
  const clockOf = mock.method(performance, 'now', () => nowMs);
  test.after(() => clockOf.mock.restore());
  let connectMs = 400;
  const clock = await DatabaseClock.open({
    async rows<Row>(): Promise<Row[]> {
      nowMs += connectMs + 1;
      connectMs = 0;
      const row: Row = Object({ ms: nowMs + aheadMs });
      nowMs += 1;
      return [row];
    },
  });
  test.after(() => clock.close());
  assert.equal(clock.now().getTime(), nowMs + aheadMs);
});
