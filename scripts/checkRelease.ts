import { readFileSync } from 'node:fs';
import { releaseProblem } from '../test/support/release.ts';

// Before `npm publish`: the change log must speak of the version that is published.
const { version }: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'));
const problem = releaseProblem(readFileSync('CHANGELOG.md', 'utf8'), version);
if (problem) console.error(problem);
process.exitCode = problem ? 1 : 0;
