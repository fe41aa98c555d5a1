import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { AdminPortal } from '../support/adminPortal.ts';
import { faultsOf } from '../support/axe.ts';
import { findBrowser, NO_BROWSER, openBrowser } from '../support/browser.ts';
import { putLinks } from '../support/mailedLinks.ts';
import { MailServer } from '../support/mailServer.ts';

const path = findBrowser();

describe('the page that ends mail, in a browser', { skip: path === null && NO_BROWSER }, () => {
  let admin: AdminPortal;
  let mails: MailServer;
  let browser: Browser;
  let url = '';
  const wrong: string[] = [];

  before(async () => {
    mails = await MailServer.open();
    admin = await AdminPortal.open({
      settings: { mailSmtpUrl: mails.url, mailFrom: 'archiver@portal.example', mailCron: '', sweepCron: '' },
      contactOf: async (ids: readonly string[]) =>
        new Map(ids.map((id) => [id, { address: 'wanda@weather.example', name: 'Wanda' }])),
    });
    const before = new Date(Date.now() - 4 * 86_400_000);
    const { portal } = admin;
    await putLinks(portal.database.knex, [{ id: 'broken', since: before }]);
    await portal.archiver.archive.mail.send();
    const header = mails.arrived[0]?.raw.match(/^List-Unsubscribe:\s+<([^>]+)>/m)?.[1];
    url = header ?? assert.fail('no mail has arrived');
    browser = await openBrowser(path ?? '');
  });
  after(async () => {
    await browser?.close();
    await admin?.close();
    await mails?.stop();
  });

  async function open(options: Parameters<Browser['newContext']>[0]): Promise<Page> {
    const page = await (await browser.newContext(options)).newPage();
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    page.on('pageerror', (error) => wrong.push(error.message));
    await page.goto(url);
    return page;
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [360, 1280]) {
      it(`has nothing that axe finds, and fits ${width} pixels, when it is ${colorScheme}`, async () => {
        const page = await open({ colorScheme, viewport: { width, height: 800 } });
        assert.deepEqual(await faultsOf(page), []);
        assert.ok(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth'));
        await page.context().close();
      });
    }
  }

  for (const javaScriptEnabled of [true, false]) {
    it(`ends mail by one button and begins it again by another, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async () => {
      const page = await open({ javaScriptEnabled });
      const stands = async () =>
        (await admin.portal.database.knex('archiver.mail_person').first()).unsubscribed_at === null;
      await page.getByRole('button').click();
      assert.match((await page.textContent('main')) ?? '', /You get no more mail/);
      assert.equal(await stands(), false);
      await page.getByRole('button').click();
      assert.match((await page.textContent('main')) ?? '', /You get mail from .* again/);
      assert.equal(await stands(), true);
      await page.context().close();
    });
  }

  it('raises no error', () => assert.deepEqual(wrong, []));
});
