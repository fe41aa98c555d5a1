import { parseArgs } from 'node:util';
import { MOST_MS, proveSniffing } from '../test/support/sniffingProof.ts';

// `npm run proof:sniffing`: a million mutated bodies, in blocks whose seeds are printed: none may throw, none take longer than
// 200 ms. `-- --seed 17 --runs 20000` plays one block again; every run of all begins at another seed unless one is given.
const BLOCK = 20_000;
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000000' }, seed: { type: 'string' } },
});
const runs = Number(values.runs);
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 30) : Number(values.seed);
if (!Number.isSafeInteger(runs) || runs < 1 || !Number.isSafeInteger(firstSeed))
  throw new TypeError('--runs and --seed are whole numbers.');

let worstMs = 0;
for (let done = 0, seed = firstSeed; done < runs && !process.exitCode; done += BLOCK, seed += 1) {
  const block = proveSniffing({ seed, runs: Math.min(BLOCK, runs - done) });
  worstMs = Math.max(worstMs, block.worstMs);
  console.log(`seed ${seed}: ${block.runs} bodies, the slowest ${block.worstMs.toFixed(1)} ms`);
  if (block.failure === null) continue;
  console.error(block.failure);
  process.exitCode = 1;
}
if (!process.exitCode)
  console.log(
    `${runs} bodies from seed ${firstSeed}: none threw, the slowest took ${worstMs.toFixed(1)} of ${MOST_MS} ms.`,
  );
