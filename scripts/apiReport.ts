import { readFileSync, writeFileSync } from 'node:fs';
import { API_REPORT, apiReport } from '../test/support/apiReport.ts';

// `npm run api` writes the report; with --check it only says whether the public API is the one that was committed.
const report = apiReport();
if (!process.argv.includes('--check')) writeFileSync(API_REPORT, report);
else if (readFileSync(API_REPORT, 'utf8') !== report) {
  console.error(`The public API is not the one of ${API_REPORT}: run \`npm run api\` and look at what changed.`);
  process.exitCode = 1;
}
