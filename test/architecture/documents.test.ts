import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { wantedPages } from '../support/manifest.ts';
import { linkedFiles, publishedReadme } from '../support/publishedReadme.ts';
import { wantedArchitecture } from '../support/roomGraph.ts';

/** Whether a file of the repository goes into the package. */
function isPublished(path: string): boolean {
  const { files }: { files: string[] } = JSON.parse(read('package.json'));
  return files.some((file) => path.startsWith(`${file}/`) || path === file);
}

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'examples/deploy/README.md',
  'examples/monitoring/README.md',
  'examples/portal/README.md',
  'test/support/README.md',
];
const pages = readdirSync('docs', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.md'))
  .map((path) => join('docs', path))
  .concat(documents);

const sources = readdirSync('plugin', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => join('plugin', path));

const read = (path: string) => readFileSync(path, 'utf8');

describe('the documents', () => {
  it('hold the tables of settings and routes (npm run manifest)', () => {
    for (const [path, page] of Object.entries(wantedPages())) assert.equal(read(path), page, path);
  });

  it('draw the rooms as the imports are (npm run architecture)', () => {
    const page = read('docs/architecture.md');
    assert.equal(page, wantedArchitecture(page));
    assert.match(page, /^ {2}wiring --> fetch$/m);
  });

  it('link to nothing that is not there', () => {
    const dead = pages.flatMap((path) =>
      linkedFiles(read(path))
        .filter((file) => !existsSync(join(dirname(path), file)))
        .map((file) => `${path} → ${file}`),
    );
    assert.deepEqual(dead, []);
  });

  it('name no file of the project that is not there', () => {
    const named = /`((?:plugin|test|scripts|docs|examples|bench|migrations|\.github|\.ci)\/[\w./-]+)`/g;
    const dead = pages.flatMap((path) =>
      [...read(path).matchAll(named)].flatMap(([, file = '']) => (existsSync(file) ? [] : [`${path}: ${file}`])),
    );
    const toBe = ['CONTRIBUTING.md: plugin/store/yourStore.ts', 'CONTRIBUTING.md: test/store/yourStore.test.ts'];
    assert.deepEqual(dead, toBe);
  });
});

describe('the glossary', () => {
  const page = read('docs/glossary.md');
  const rows = [...page.slice(page.indexOf('| not | but |')).matchAll(/^\| ([\w ,]+) \| [^|]+ \|$/gm)].slice(1);
  const words = rows.flatMap(([, cell = '']) => cell.split(', '));

  it('lists the words that the code does not use, and none of them stands in the plugin', () => {
    assert.ok(words.includes('wish') && words.includes('papers'), words.join());
    const word = new RegExp(`\\b(${words.map((one) => `${one}(?:s|es)?`).join('|')})\\b`, 'i');
    const found = sources.flatMap((path) =>
      read(path)
        .split('\n')
        .flatMap((line, index) => (word.test(line) ? [`${path}:${index + 1} ${word.exec(line)?.[0]}`] : [])),
    );
    assert.deepEqual(found, []);
  });
});

describe('the README of the package', () => {
  const readme = publishedReadme(read('README.md'));

  it('starts with installing into a portal', () => {
    assert.equal(/^```sh\n(.*)/m.exec(readme)?.[1], 'npm install portal-archiver');
  });

  it('speaks of nothing that only a clone has', () => {
    assert.doesNotMatch(readme, /npm ci|npm start|npm test|npm run|CONTRIBUTING|SECURITY|examples\/|repository -->/);
    assert.deepEqual(
      linkedFiles(readme).filter((path) => !isPublished(path)),
      [],
    );
  });

  it('lies beside documents that link to nothing that only a clone has', () => {
    const published = pages.filter((path) => isPublished(path) && path !== 'README.md');
    const dead = published.flatMap((path) =>
      linkedFiles(read(path))
        .filter((file) => !isPublished(join(dirname(path), file)))
        .map((file) => `${path} → ${file}`),
    );
    assert.deepEqual(dead, []);
  });
});
