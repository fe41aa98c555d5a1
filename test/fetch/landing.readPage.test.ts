import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findLinks } from '../../plugin/fetch/landing/findLinks.ts';
import { readPage } from '../../plugin/fetch/landing/readPage.ts';

const URL = 'https://data.example.org/page';
const MIB = 1024 * 1024;
const WANTED = { declaredFormat: 'CSV', resourceName: 'x', datasetTitle: null };

/** 2 MiB of one thing over and over, which makes trees deep, lists long or buffers large. */
const HOSTILE: Readonly<Record<string, string>> = {
  'nested formatting': '<b><p>',
  'nested divisions': '<div>',
  'nested tables': '<table><tr><td>',
  'nested lists': '<ul><li>',
  'links alone': '<a href="/x.csv">x</a>',
  'links within links': '<a href="/x.csv">',
  'open quotes': '<a href="',
  comments: '<!--',
  'end tags': '</div></p></li>',
  entities: '&amp;&notit',
  'foreign elements': '<svg><title>',
  'described things': '<div itemscope itemprop="name">',
  headings: '<h1>a</h1><h2>',
  'NUL characters': '\0',
};

describe('Reading a page', () => {
  for (const [name, piece] of Object.entries(HOSTILE)) {
    it(`keeps little of 2 MiB of ${name}`, () => {
      const page = readPage(piece.repeat(Math.ceil((2 * MIB) / piece.length)), URL, URL);
      assert.ok(page.links.length <= 5000, `${page.links.length} links`);
      assert.ok(JSON.stringify(page).length < 6 * MIB);
      assert.ok(findLinks(page, WANTED).length <= 50);
    });
  }

  it('looks at 5,000 of 200,000 links, and says so', () => {
    const html = Array.from({ length: 200_000 }, (_, index) => `<a href=${index}>`).join('');
    const page = readPage(html, URL, URL);
    assert.equal(page.links.length, 5000);
    assert.equal(page.isCut, true);
  });

  it('walks JSON-LD without recursion, and only so far', () => {
    const deep = `${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`;
    const wide = `[${'{"@type":"Dataset","distribution":{"contentUrl":"/x.csv"}},'.repeat(5000)}0]`;
    const page = readPage(
      `<script type="application/ld+json">${deep}</script><script type="application/ld+json">${wide}</script>`,
      URL,
      URL,
    );
    assert.equal(findLinks(page, WANTED)[0]?.url, 'https://data.example.org/x.csv');
  });

  it('takes links, frames, objects, refreshes and descriptions', () => {
    const html = `<base href="/sub/"><meta http-equiv=refresh content="3;url=a.csv"><a href=b.csv>b</a>
      <iframe src=c.html></iframe><object data=d.csv></object><embed src=e.csv>
      <button onclick="location.href='f.csv'">f</button><a href=# data-href=g.csv>g</a>
      <div itemscope itemtype="https://schema.org/DataDownload"><link itemprop=contentUrl href=h.csv></div>`;
    assert.deepEqual(
      readPage(html, URL, URL).links.map(({ url, source }) => [
        url.replace('https://data.example.org/sub/', ''),
        source,
      ]),
      [
        ['a.csv', 'refresh'],
        ['b.csv', 'link'],
        ['c.html', 'frame'],
        ['d.csv', 'object'],
        ['e.csv', 'object'],
        ['f.csv', 'button'],
        ['g.csv', 'button'],
        ['h.csv', 'download-property'],
      ],
    );
  });

  it('knows where a link stands, and what stands beside it', () => {
    const html = `<nav><a href=/n>N</a></nav><main><h2>Files</h2><table><tr><td>Trees 2020</td>
      <td><a href=/t.csv>CSV</a> (2 MB)</td></tr></table></main><footer><a href=/f>F</a></footer>`;
    const [nav, file, footer] = readPage(html, URL, URL).links;
    assert.deepEqual([nav?.region, file?.region, footer?.region], ['navigation', 'main', 'footer']);
    assert.deepEqual(file?.headings, ['Files']);
    assert.match(file?.row ?? '', /Trees 2020/);
    assert.match(file?.near ?? '', /\(2 MB\)/);
  });
});
