import { readFileSync, writeFileSync } from 'node:fs';
import { wantedArchitecture } from '../test/support/roomGraph.ts';

// `npm run architecture`: after an import from one room into another came or went.
const PAGE = 'docs/architecture.md';
writeFileSync(PAGE, wantedArchitecture(readFileSync(PAGE, 'utf8')));
