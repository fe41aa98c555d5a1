import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { faultsOf } from '../support/axe.ts';
import { findBrowser, NO_BROWSER, openBrowser } from '../support/browser.ts';
import { MovedResources } from '../support/movedResources.ts';

const path = findBrowser();
const CSV = { body: 'a,b\n1,2\n' };

describe('proposed URLs in a browser', { skip: path === null && NO_BROWSER }, () => {
  let moved: MovedResources;
  let fixed: MovedResources;
  let browser: Browser;

  before(async () => {
    [moved, fixed, browser] = await Promise.all([
      MovedResources.open(),
      MovedResources.open({ takesUrls: false }),
      openBrowser(path ?? ''),
    ]);
    for (const { admin } of [moved, fixed]) admin.portal.files.set('/new.csv', CSV);
    fixed.redirect('/copied', '/new.csv');
    await fixed.checkTwice({ copied: '/copied' });
    const ids = ['with', 'without', 'dismissed-with', 'dismissed-without', 'shown'];
    for (const id of ids) moved.redirect(`/${id}`, '/new.csv');
    await moved.checkTwice(Object.fromEntries(ids.map((id) => [id, `/${id}`])));
  });
  after(async () => {
    await browser?.close();
    await Promise.all([moved?.close(), fixed?.close()]);
  });

  async function visit(
    at: MovedResources,
    look: { readonly scheme?: 'light' | 'dark'; readonly width?: number; readonly javaScriptEnabled?: boolean },
  ): Promise<Page> {
    const { scheme = 'light', width = 1280, javaScriptEnabled = true } = look;
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme: scheme,
      javaScriptEnabled,
    });
    await context.addCookies([{ name: 'login', value: 'administrator', url: at.admin.site }]);
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    return page;
  }

  for (const javaScriptEnabled of [true, false])
    it(`are found, applied and dismissed, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
      const name = javaScriptEnabled ? 'with' : 'without';
      const page = await visit(moved, { javaScriptEnabled });
      await page.goto(moved.admin.urlOf('/admin'));
      await page.getByRole('link', { name: 'new URLs are proposed' }).click();
      await page.getByRole('row', { name }).getByRole('link', { name: 'Apply or dismiss' }).first().click();
      await page.goto(moved.admin.urlOf(`/admin/resources/${name}`));
      await page.getByRole('button', { name: 'Apply' }).click();
      await page.getByRole('status').getByText('The portal took the new URL.').waitFor();
      await page.getByRole('status').getByRole('link', { name: 'how far that is' }).waitFor();
      assert.equal(await moved.urlOf(name), '/new.csv');
      await page.goto(moved.admin.urlOf(`/admin/resources/dismissed-${name}`));
      await page.getByRole('button', { name: 'Dismiss' }).click();
      await page.getByRole('status').getByText('The URL is dismissed').waitFor();
      assert.equal(await page.getByRole('button', { name: 'Dismiss' }).count(), 0);
      assert.deepEqual(await moved.states(`dismissed-${name}`), [['/new.csv', 'dismissed']]);
      await page.context().close();
    });

  for (const scheme of ['light', 'dark'] as const)
    for (const width of [360, 1280])
      it(`have nothing that axe finds, and fit ${width} pixels, when it is ${scheme}`, async () => {
        for (const [at, paths] of [
          [moved, ['/admin/resources/shown', '/admin/resources/with', '/admin/links?proposed=yes', '/admin']],
          [fixed, ['/admin/resources/copied']],
        ] as const) {
          const page = await visit(at, { scheme, width });
          for (const one of paths) {
            await page.goto(at.admin.urlOf(one));
            assert.deepEqual(await faultsOf(page), [], one);
            const over = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
            assert.equal(await page.evaluate(over), 0, `${one} is wider than ${width} pixels`);
            const folder = process.env['ARCHIVER_TEST_PICTURES'];
            const name = `${one.replace(/\W+/g, '-')}-${scheme}-${width}.png`;
            if (folder) await page.screenshot({ path: `${folder}/${name}`, fullPage: true });
          }
          await page.context().close();
        }
      });
});
