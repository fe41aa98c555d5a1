import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { findLinks } from '../../plugin/fetch/landing/findLinks.ts';
import type { Wanted } from '../../plugin/fetch/landing/Page.ts';
import { readPage } from '../../plugin/fetch/landing/readPage.ts';
import { CLAIMED, type DataLink } from '../../plugin/model/dataLink.ts';

interface Label extends Wanted {
  readonly page: string;
  readonly url: string;
  readonly best: readonly string[];
}

const NOTHING: Wanted = { declaredFormat: null, resourceName: null, datasetTitle: null };

function linksOf(html: string, wanted: Partial<Wanted> = {}, url = 'https://data.example.org/page'): DataLink[] {
  return findLinks(readPage(html, url, url), { ...NOTHING, ...wanted });
}

function shares(folder: string) {
  const root = new URL(`../fixtures/landing/${folder}`, import.meta.url);
  const labels: readonly Label[] = JSON.parse(readFileSync(new URL('labels.json', root), 'utf8'));
  const tally = { pages: labels.length, none: 0, claimed: 0, right: 0, falseNone: 0 };
  for (const label of labels) {
    const html = readFileSync(new URL(label.page, root), 'utf8');
    const [first] = findLinks(readPage(html, label.url.replace(/#.*/, ''), label.url), label);
    const claimed = first !== undefined && first.score >= CLAIMED;
    if (claimed) tally.claimed += 1;
    if (claimed && label.best.includes(first.url)) tally.right += 1;
    if (label.best.length === 0) tally.none += 1;
    if (label.best.length === 0 && claimed) tally.falseNone += 1;
  }
  return {
    ...tally,
    precision: tally.right / tally.claimed,
    recall: tally.right / (tally.pages - tally.none),
    falseShare: tally.falseNone / tally.none,
  };
}

describe('The data links of a page', () => {
  for (const folder of ['', 'held-out/']) {
    it(`are found in the labelled pages of ${folder || 'the tuned set'}`, () => {
      const { precision, recall, falseShare } = shares(folder);
      assert.ok(precision >= 0.95, `precision ${precision}`);
      assert.ok(recall >= 0.85, `recall ${recall}`);
      assert.ok(falseShare <= 0.05, `false claims ${falseShare}`);
    });
  }

  it('come from at least 80 tuned pages, 20 of them without an answer', () => {
    const { pages, none } = shares('');
    assert.ok(pages >= 80 && none >= 20, `${pages} pages, ${none} without an answer`);
  });

  it('carry their evidence in words, and are absolute', () => {
    const [first] = linksOf('<h1>Trees</h1><a href="../files/trees.csv#top">Download trees (2 MB)</a>', {
      declaredFormat: 'csv',
      resourceName: 'Trees',
    });
    assert.equal(first?.url, 'https://data.example.org/files/trees.csv');
    assert.equal(first?.format, 'CSV');
    assert.ok(first && first.score > CLAIMED && first.score <= 1);
    assert.ok(first?.evidence.includes('CSV is the declared format (+1.8)'), first?.evidence.join('\n'));
  });

  it('leave out what no archiver can fetch', () => {
    const html =
      '<a href="javascript:void(0)">x</a><a href="mailto:a@b.example">csv</a><a href="ftp://x/y.csv">csv</a>' +
      '<a href="data:text/csv,a">csv</a><a href="#csv">csv</a><a href="http://[bad/x.csv">csv</a>';
    assert.deepEqual(linksOf(html), []);
  });

  it('repeat no credentials of a link', () => {
    const [first] = linksOf('<a href="https://user:secret@files.example/data.csv">CSV</a>');
    assert.ok(first && !first.url.includes('secret'), first?.url);
  });

  it('are at most 50, the likeliest first', () => {
    const rows = Array.from({ length: 300 }, (_, index) => `<li><a href="/f/${index}.csv">Table ${index}</a></li>`);
    const links = linksOf(`<h1>Tables</h1><ul>${rows.join('')}</ul>`, { resourceName: 'Table 123' });
    assert.equal(links.length, 50);
    assert.equal(links[0]?.url, 'https://data.example.org/f/123.csv');
  });

  it('of navigation, legal pages and social networks are not claimed', () => {
    const links = linksOf(
      `<nav><a href="/all.csv">All datasets</a></nav><footer><a href="/privacy.pdf">Privacy</a></footer>
       <p><a href="https://www.facebook.com/sharer?u=x.csv">Share</a></p>`,
      { declaredFormat: 'CSV', resourceName: 'Budget' },
    );
    assert.deepEqual(
      links.filter(({ score }) => score >= CLAIMED).map(({ url }) => url),
      [],
    );
  });
});

describe('The direct form of a share link', () => {
  const forms: readonly (readonly [string, string])[] = [
    [
      'https://drive.google.com/file/d/1AbCdEfGhIjKlMnOp/view',
      'https://drive.google.com/uc?export=download&id=1AbCdEfGhIjKlMnOp',
    ],
    [
      'https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOp/edit#gid=7',
      'https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOp/export?format=csv&gid=7',
    ],
    ['https://www.dropbox.com/s/abc/x.csv?dl=0', 'https://www.dropbox.com/s/abc/x.csv?dl=1'],
    ['https://a.sharepoint.com/:x:/g/b/Ea?e=1', 'https://a.sharepoint.com/:x:/g/b/Ea?e=1&download=1'],
    ['https://github.com/a/b/blob/main/c/d.csv', 'https://github.com/a/b/raw/main/c/d.csv'],
    ['https://git.example/a/b/-/blob/main/d.csv', 'https://git.example/a/b/-/raw/main/d.csv'],
    ['https://dv.example/file.xhtml?fileId=7', 'https://dv.example/api/access/datafile/7'],
    ['https://osf.io/ab12c/', 'https://osf.io/ab12c/download'],
  ];
  for (const [share, direct] of forms) {
    it(`is found for ${share}`, () => {
      const links = findLinks(readPage('<title>x</title>', share.replace(/#.*/, ''), share), NOTHING);
      assert.equal(links[0]?.url, direct);
    });
  }
});
