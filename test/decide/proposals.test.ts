import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextProposal } from '../../plugin/decide/proposal/nextProposal.ts';
import { permanentTarget } from '../../plugin/decide/proposal/permanentTarget.ts';
import { seenMove } from '../../plugin/decide/proposal/seenMove.ts';
import { refusedAttempt } from '../../plugin/decide/refusedAttempt.ts';
import type { Attempt, Known } from '../../plugin/model/attempt.ts';
import type { Proposal } from '../../plugin/model/proposal.ts';

const OWN = 'https://old.example/data/file.csv';
const NEW = 'https://new.example/files/file.csv';

type Hop = readonly [status: number, to: string];

/** What a URL leads to, redirect by redirect. */
function targetOf(hops: readonly Hop[], { url = OWN, urlType = null, ...changes }: TargetCase = {}): string | null {
  const redirects = hops.map(([status, to], at) => ({ status, from: hops[at - 1]?.[1] ?? url.replace(/#.*/, ''), to }));
  const finalUrl = redirects.at(-1)?.to ?? url;
  return permanentTarget({ kind: 'fetched', redirects, finalUrl, ...changes }, { url, urlType });
}

interface TargetCase extends Partial<Pick<Attempt, 'kind' | 'redirects' | 'finalUrl'>> {
  readonly url?: string;
  readonly urlType?: string | null;
}

describe('where a URL leads for good', () => {
  it('is where the permanent redirects lead that the chain begins with', () => {
    assert.equal(targetOf([[301, NEW]]), NEW);
    assert.equal(targetOf([[308, NEW]]), NEW);
    assert.equal(
      targetOf([
        [301, 'https://old.example/b'],
        [308, NEW],
      ]),
      NEW,
    );
    assert.equal(
      targetOf([
        [301, NEW],
        [302, 'https://cdn.example/x'],
      ]),
      NEW,
    );
    assert.equal(
      targetOf([
        [301, NEW],
        [302, 'https://cdn.example/x'],
        [301, 'https://cdn.example/y'],
      ]),
      NEW,
    );
  });

  it('is nowhere else where the first redirect is temporary, or there is none', () => {
    assert.equal(targetOf([]), null);
    for (const status of [302, 303, 307]) assert.equal(targetOf([[status, NEW]]), null);
    assert.equal(
      targetOf([
        [302, NEW],
        [301, 'https://third.example/x'],
      ]),
      null,
    );
  });

  it('is of no meaning where the file was not found there, or is the portal\u2019s own', () => {
    for (const kind of ['failed', 'refused'] as const) assert.equal(targetOf([[301, NEW]], { kind }), null);
    assert.equal(targetOf([[301, NEW]], { kind: 'unchanged' }), NEW);
    assert.equal(targetOf([[301, NEW]], { urlType: 'upload' }), null);
  });

  it('keeps the fragment of the URL, which a redirect inherits', () => {
    assert.equal(targetOf([[301, NEW]], { url: `${OWN}#sheet=2` }), `${NEW}#sheet=2`);
  });

  it('is HTTPS where it was HTTP, and never the other way round', () => {
    assert.equal(targetOf([[301, OWN]], { url: 'http://old.example/data/file.csv' }), OWN);
    assert.equal(targetOf([[301, 'http://new.example/file.csv']]), null);
    assert.equal(
      targetOf([
        [301, 'http://new.example/file.csv'],
        [301, NEW],
      ]),
      NEW,
    );
  });

  it('is no page that servers show in the place of what they lost', () => {
    for (const to of [
      'https://old.example/',
      'https://old.example/index.html',
      'https://new.example/home',
      'https://new.example/login?next=/data/file.csv',
      'https://new.example/user/sign-in.aspx',
      'https://login.example/data/file.csv',
      'https://new.example/404.html',
      'https://new.example/page-not-found',
      'https://new.example/data/error',
    ])
      assert.equal(targetOf([[301, to]]), null, to);
    assert.equal(
      targetOf([
        [301, NEW],
        [302, 'https://new.example/login'],
      ]),
      null,
    );
    assert.equal(targetOf([[301, 'https://api.example/']], { url: 'http://api.example/' }), 'https://api.example/');
    const words = 'https://old.example/auth/errors/2020.csv';
    assert.equal(targetOf([[301, `${words}.gz`]], { url: words }), `${words}.gz`);
  });

  it('holds no session and no signature that the URL did not have', () => {
    for (const to of [
      `${NEW}?X-Amz-Signature=1&X-Amz-Expires=60`,
      `${NEW}?se=2026-01-01&sig=abc`,
      `${NEW}?access_token=abc`,
      `${NEW}?PHPSESSID=abc`,
      'https://new.example/file.csv;jsessionid=ABC',
      'https://new.example/(S(abc123))/file.csv',
      `${NEW}?ticket=ST-1`,
    ])
      assert.equal(targetOf([[301, to]]), null, to);
    assert.equal(
      targetOf([
        [301, NEW],
        [301, `${NEW}?token=abc`],
      ]),
      NEW,
    );
    const kept = 'http://old.example/file.csv?token=given';
    assert.equal(targetOf([[301, kept.replace('http:', 'https:')]], { url: kept }), kept.replace('http:', 'https:'));
  });

  it('is not told of a URL with credentials, which no redirect repeats', () => {
    const redirects = [{ status: 301, from: OWN, to: NEW }];
    assert.equal(targetOf([[301, NEW]], { url: 'https://me:secret@old.example/data/file.csv', redirects }), null);
  });

  it('is not told where a chain comes back, or another request than that of the URL was redirected', () => {
    assert.equal(
      targetOf([
        [301, 'https://old.example/set-cookie'],
        [302, OWN],
      ]),
      null,
    );
    const redirects = [{ status: 301, from: `${OWN}?service=WMS`, to: `${NEW}?service=WMS` }];
    assert.equal(targetOf([], { redirects, finalUrl: `${NEW}?service=WMS` }), null);
  });

  it('is told of a URL whose characters were escaped on the way', () => {
    const url = 'https://old.example/caf\u00e9 1.csv';
    const redirects = [{ status: 301, from: 'https://old.example/caf%C3%A9%201.csv', to: NEW }];
    assert.equal(targetOf([], { url, redirects, finalUrl: NEW }), NEW);
  });
});

describe('a check', () => {
  const resource = { id: 'r1', url: OWN, urlType: null };
  const at = new Date('2026-01-02T03:04:05Z');
  const led: Known = {
    ...{ url: OWN, finalUrl: NEW, storedAt: at.toISOString(), status: 200, headers: {} },
    ...{ bytes: 1, md5: null, sha256: null, ok: true },
  };
  const found: Attempt = {
    ...refusedAttempt(OWN, 'not-modified', 'so'),
    kind: 'unchanged',
    requests: 1,
    finalUrl: OWN,
  };

  it('says nothing of moves where it asked nobody, found nothing, or there never was one', () => {
    assert.equal(seenMove({ ...found, requests: 0 }, resource, led, at), null);
    assert.equal(seenMove({ ...found, kind: 'failed' }, resource, led, at), null);
    assert.equal(seenMove(found, resource, { ...led, finalUrl: OWN }, at), null);
    assert.equal(seenMove(found, resource, null, at), null);
  });

  it('says that a link leads elsewhere for good, and that it does so no longer', () => {
    const move = { resourceId: 'r1', ofUrl: OWN, at };
    assert.deepEqual(seenMove(found, resource, led, at), { ...move, url: null });
    const redirects = [{ status: 301, from: OWN, to: NEW }];
    assert.deepEqual(seenMove({ ...found, redirects, finalUrl: NEW }, resource, null, at), { ...move, url: NEW });
  });
});

describe('a proposed URL', () => {
  const FIRST = new Date('2026-01-02T03:00:00Z');
  const after = (hours: number) => new Date(FIRST.getTime() + hours * 3_600_000);
  const seen = (url: string | null, hours: number, ofUrl = OWN) => ({ resourceId: 'r1', ofUrl, url, at: after(hours) });

  /** What is kept of a resource after these checks. */
  function keptAfter(moves: readonly ReturnType<typeof seen>[], before: readonly Proposal[] = []): readonly Proposal[] {
    let kept = before;
    for (const move of moves) {
      const { dropped, put } = nextProposal(kept, move);
      kept = kept.filter(({ url }) => !dropped.includes(url) && url !== put?.url).concat(put ?? []);
    }
    return kept;
  }

  const statesAfter = (...given: Parameters<typeof keptAfter>) =>
    keptAfter(...given).map(({ url, state }) => [url, state]);

  it('is one that two checks at least a day apart have shown', () => {
    assert.deepEqual(statesAfter([seen(NEW, 0)]), [[NEW, 'seen']]);
    assert.deepEqual(statesAfter([seen(NEW, 0), seen(NEW, 1), seen(NEW, 23)]), [[NEW, 'seen']]);
    const [proposal] = keptAfter([seen(NEW, 0), seen(NEW, 23), seen(NEW, 24)]);
    assert.deepEqual([proposal?.state, proposal?.firstSeenAt, proposal?.proposedAt], ['proposed', FIRST, after(24)]);
  });

  it('begins again with another target, and goes with the redirect', () => {
    const other = 'https://other.example/x';
    assert.deepEqual(statesAfter([seen(NEW, 0), seen(other, 20), seen(other, 30)]), [[other, 'seen']]);
    assert.deepEqual(statesAfter([seen(NEW, 0), seen(NEW, 30), seen(null, 60)]), []);
  });

  it('stays dismissed for the same target, however often it is seen', () => {
    const [proposal] = keptAfter([seen(NEW, 0), seen(NEW, 30)]);
    assert.ok(proposal);
    const dismissed: Proposal = { ...proposal, state: 'dismissed', decidedAt: after(31), decidedBy: 'ada' };
    assert.deepEqual(statesAfter([seen(NEW, 60), seen(NEW, 90)], [dismissed]), [[NEW, 'dismissed']]);
    const other = 'https://other.example/x';
    const both = [
      [NEW, 'dismissed'],
      [other, 'proposed'],
    ];
    assert.deepEqual(statesAfter([seen(other, 60), seen(other, 90)], [dismissed]), both);
    assert.deepEqual(statesAfter([seen(other, 60), seen(NEW, 90)], [dismissed]), [[NEW, 'dismissed']]);
  });

  it('begins again where the resource has another URL, or has the old one again', () => {
    assert.deepEqual(statesAfter([seen(NEW, 0), seen(NEW, 30), seen(NEW, 60, 'https://third.example/x')]), [
      [NEW, 'seen'],
    ]);
    const [proposal] = keptAfter([seen(NEW, 0), seen(NEW, 30)]);
    assert.ok(proposal);
    const applied: Proposal = { ...proposal, state: 'applied', decidedAt: after(31), decidedBy: null };
    assert.deepEqual(statesAfter([seen(NEW, 60)], [applied]), [[NEW, 'seen']]);
  });
});
