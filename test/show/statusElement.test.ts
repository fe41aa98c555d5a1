import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { AdminPortal } from '../support/adminPortal.ts';
import { findBrowser, NO_BROWSER, openBrowser } from '../support/browser.ts';

const path = findBrowser();

describe('the element <archive-status> in a page of the portal', { skip: path === null && NO_BROWSER }, () => {
  let opened: AdminPortal;
  let browser: Browser;
  const wrong: string[] = [];

  before(async () => {
    [opened, browser] = await Promise.all([AdminPortal.open(), openBrowser(path ?? '')]);
    const { portal } = opened;
    await portal.database.knex('package').insert({ id: 'd1', name: 'one', title: 'One', private: false });
    portal.files.set('/one.csv', { body: 'a\n1\n' });
    await portal.archived('r1', '/one.csv');
    await portal.archived('r 2', '/none.csv');
  });
  after(async () => {
    await browser?.close();
    await opened?.close();
  });

  /** A page with this in its body, of a portal that lets nothing run but its own files. */
  async function show(body: string, language = 'en'): Promise<Page> {
    const page = await browser.newPage({ locale: 'en-GB' });
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    page.on('pageerror', (error) => wrong.push(error.message));
    const script = '<script type="module" src="/archiver/archive-status.js"></script>';
    await page.route(`${opened.site}/page`, (route) =>
      route.fulfill({
        contentType: 'text/html; charset=utf-8',
        headers: { 'Content-Security-Policy': "default-src 'self'; require-trusted-types-for 'script'" },
        body: `<!doctype html><html lang="${language}"><title>A page</title>${script}<body>${body}</body></html>`,
      }),
    );
    await page.goto(`${opened.site}/page`);
    return page;
  }

  const stateOf = (page: Page, state: string) => page.locator(`archive-status[state="${state}"]`);

  it('says how a resource stands, in the language of the page, and leads to the newest copy', async () => {
    const page = await show('<archive-status resource="r1"></archive-status>', 'de-AT');
    const link = stateOf(page, 'archived').locator('a');
    assert.match((await link.textContent()) ?? '', /^Kopie vom /);
    const [copy] = (await opened.portal.agent().get('/resources/r1').expect(200)).body.copies;
    assert.equal(await link.getAttribute('href'), copy.url);
    await page.close();
  });

  it('follows its attributes, and tells the page each answer', async () => {
    const page = await show('<archive-status resource="r1"></archive-status>');
    await stateOf(page, 'archived').waitFor();
    const told = page.evaluate<{ copyUrl: string | null }>(
      'new Promise((tell) => addEventListener("archive-status", ({ detail }) => tell(detail), { once: true }))',
    );
    await page.locator('archive-status').evaluate((element) => element.setAttribute('resource', 'r 2'));
    await stateOf(page, 'withoutCopy').or(stateOf(page, 'brokenWithoutCopy')).waitFor();
    assert.equal((await told).copyUrl, null);
    assert.equal(await page.locator('archive-status a').count(), 0);
    await page.close();
  });

  it('shows what lies in it where nobody answers, and is no error of the page', async () => {
    const page = await show('<archive-status resource="none" archiver="/archiver/">See the archive</archive-status>');
    await stateOf(page, 'unknown').waitFor();
    assert.equal(await page.getByText('See the archive').isVisible(), true);
    await page.close();
  });

  it('breaks no rule of a page that lets only its own files run', () => {
    assert.deepEqual(
      wrong.filter((message) => !/status of 404/.test(message)),
      [],
    );
  });
});
