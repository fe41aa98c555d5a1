import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { findBrowser, NO_BROWSER, openBrowser } from '../support/browser.ts';
import { recordsIn } from '../support/recordsIn.ts';
import { ShownPortal } from '../support/shownPortal.ts';

/** https://mimesniff.spec.whatwg.org/#javascript-mime-type */
const JAVASCRIPT_TYPES = [
  'application/ecmascript',
  'application/javascript',
  'application/x-ecmascript',
  'application/x-javascript',
  'text/ecmascript',
  'text/javascript',
  'text/javascript1.0',
  'text/javascript1.1',
  'text/javascript1.2',
  'text/javascript1.3',
  'text/javascript1.4',
  'text/javascript1.5',
  'text/jscript',
  'text/livescript',
  'text/x-ecmascript',
  'text/x-javascript',
];
/** What else a browser acts on, and what it is told to leave alone. */
const OTHER_TYPES = [
  'text/css',
  'text/html',
  'application/xhtml+xml',
  'image/svg+xml',
  'application/xml',
  'text/xml',
  'application/xslt+xml',
  'application/rss+xml',
  'application/pdf',
  'application/wasm',
  'application/json',
  'application/manifest+json',
  'text/plain',
  'text/csv',
  'text/vtt',
  'multipart/x-mixed-replace',
  'TEXT/JavaScript',
  'text/javascript; charset=utf-8',
  'application/octet-stream',
  null,
];

const BODIES = {
  script:
    "globalThis.ran = 'script'; try { postMessage('ran') } catch {}; try { onconnect = (e) => e.ports[0].postMessage('ran') } catch {}",
  style: 'html { --ran: style }',
  page: "<!doctype html><script>parent.ran = top.ran = 'page'</script>",
  drawing: `<svg xmlns="http://www.w3.org/2000/svg"><script>parent.ran = top.ran = 'drawing'</script></svg>`,
} as const;
type Kind = keyof typeof BODIES;
const KINDS = ['script', 'style', 'page', 'drawing'] as const;

interface Ran {
  readonly way: string;
  readonly url: string;
}

const ATTACK = readFileSync(new URL('../support/attackInPage.js', import.meta.url), 'utf8').replace(
  /^export default /m,
  '',
);

const browserPath = findBrowser();

describe('copies in a page of the portal itself', { skip: browserPath === null && NO_BROWSER }, () => {
  let portal: ShownPortal;
  let server: Server;
  let browser: Browser;
  let page: Page;
  const urls: { readonly kind: Kind; readonly url: string }[] = [];

  before(async () => {
    portal = await ShownPortal.open();
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n' });
    await portal.archived('r1', '/one.csv');
    const kinds = [
      ...JAVASCRIPT_TYPES.map((type) => ({ type, kind: 'script' as const })),
      ...OTHER_TYPES.flatMap((type) => KINDS.map((kind) => ({ type, kind }))),
    ];
    for (const { type, kind } of kinds)
      urls.push({ kind, url: `/archiver/${await storeCopy(portal, type, BODIES[kind])}` });
    server = createServer((request, response) => answer(portal, request, response)).listen(0, '127.0.0.1');
    [browser] = await Promise.all([openBrowser(browserPath ?? ''), once(server, 'listening')]);
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  });
  after(async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
    await portal.close();
  });

  /** What had an effect. */
  const attack = (tried: readonly { readonly kind: string; readonly url: string }[]): Promise<Ran[]> =>
    page.evaluate(`(${ATTACK})(${JSON.stringify(tried)})`);

  test('the attack works on what the portal serves as a script, a style and a page', async () => {
    const controls = [
      { kind: 'script', url: '/script.js' },
      { kind: 'style', url: '/style.css' },
      { kind: 'page', url: '/page.html' },
    ] as const;
    const ran = await attack(controls);
    assert.deepEqual(ran.map(({ way }) => way).sort(), [
      'classic script',
      'dynamic import',
      'embed',
      'iframe',
      'module script',
      'module worker',
      'object',
      'service worker',
      'shared worker',
      'stylesheet',
      'worker',
    ]);
  });

  test('never run, style or show anything, whatever their type says and whoever asks for them', async () => {
    assert.deepEqual(await attack(urls), []);
  });

  test('are handed over as a download when somebody opens one', async () => {
    for (const { url } of urls.filter(({ kind }) => kind === 'page').slice(0, 5)) {
      const tab = await browser.newPage();
      const download = tab.waitForEvent('download');
      await tab.goto(new URL(url, page.url()).href).catch(() => undefined);
      await (await download).cancel();
      assert.equal(tab.url(), 'about:blank', url);
      await tab.close();
    }
  });
});

/** A copy of that type, put where an archival would have put it. */
async function storeCopy(portal: ShownPortal, mediaType: string | null, text: string): Promise<string> {
  const key = `archive/20260102T030405Z/${randomBytes(6).toString('hex')}/copy`;
  await mkdir(join(portal.folder, dirname(key)), { recursive: true });
  await writeFile(join(portal.folder, key), text);
  const hash = (name: string) => createHash(name).update(text).digest('hex');
  const copy = await recordsIn(portal.database.knex).copies.newest('r1');
  assert.ok(copy);
  const { id: _, ...known } = copy;
  const stored = { ...known, key, mediaType, bytes: text.length, md5: hash('md5'), sha256: hash('sha256') };
  await recordsIn(portal.database.knex).copies.recordRecovered({ ...stored, resourceId: 'r1', filename: 'copy' });
  return key;
}

/** The portal: a page that runs scripts of its own origin, and the archiver below `/archiver`. */
function answer(portal: ShownPortal, request: IncomingMessage, response: ServerResponse): void {
  const own: Record<string, readonly [string, string]> = {
    '/': ['text/html', '<!doctype html><body>portal'],
    '/script.js': ['text/javascript', BODIES.script],
    '/style.css': ['text/css', BODIES.style],
    '/page.html': ['text/html', '<!doctype html><script src="/parent.js"></script>'],
    '/parent.js': ['text/javascript', "parent.ran = 'page'"],
  };
  const found = own[(request.url ?? '').split('?')[0] ?? ''];
  if (found) {
    response.setHeader('Content-Security-Policy', "default-src 'self'");
    response.setHeader('Content-Type', found[0]).end(found[1]);
    return;
  }
  request.url = request.url?.replace(/^\/archiver/, '');
  portal.archiver.handler(request, response);
}
