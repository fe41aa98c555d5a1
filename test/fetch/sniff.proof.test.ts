import assert from 'node:assert/strict';
import { it } from 'node:test';
import { proveSniffing } from '../support/sniffingProof.ts';

const SEED = 20_261_130;

// `npm run proof:sniffing` does the same with a million bodies.
it('no mutated body makes sniffing throw, or takes it longer than a fifth of a second', (t) => {
  const { runs, worstMs, failure } = proveSniffing({ seed: SEED, runs: 30_000, limitMs: 20_000 });
  t.diagnostic(`seed ${SEED}: ${runs} bodies, the slowest ${worstMs.toFixed(1)} ms`);
  assert.equal(failure, null);
  assert.ok(runs > 0);
});
