import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { publishedReadme } from '../test/support/publishedReadme.ts';

// `prepack` and `postpack`: the README of the package stands in the place of the repository's while npm packs.
const KEPT = '.README.repository.md';
if (existsSync(KEPT)) {
  renameSync(KEPT, 'README.md');
} else if (process.argv[2] === 'published') {
  const readme = readFileSync('README.md', 'utf8');
  renameSync('README.md', KEPT);
  writeFileSync('README.md', publishedReadme(readme));
}
