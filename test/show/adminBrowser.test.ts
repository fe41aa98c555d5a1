import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { AdminPortal } from '../support/adminPortal.ts';
import { faultsOf } from '../support/axe.ts';
import { findBrowser, NO_BROWSER, openBrowser } from '../support/browser.ts';
import { until } from '../support/until.ts';

const path = findBrowser();

/** As people may look at it. */
interface Look {
  readonly scheme: 'light' | 'dark';
  readonly width: number;
  readonly javaScriptEnabled?: boolean;
}

describe('the pages for operators in a browser', { skip: path === null && NO_BROWSER }, () => {
  let admin: AdminPortal;
  let browser: Browser;
  let host: string;
  const wrong: string[] = [];
  const pages = new Map<string, string>();

  before(async () => {
    [admin, browser] = await Promise.all([
      AdminPortal.open({ settings: { confirmFailures: 1 } }),
      openBrowser(path ?? ''),
    ]);
    const { portal } = admin;
    portal.files.set('/one.csv', { body: 'a,b\n1,2\n' });
    await portal.archived('one', '/one.csv', 'air');
    await portal.archived('gone', '/gone.csv', 'air');
    const { archive } = portal.archiver;
    const asked = await archive.requestDataset('air');
    assert.ok(asked.kind === 'accepted');
    await portal.ended(asked.run.id);
    host = new URL(portal.urlOf('/')).host;
    pages.set('/admin', 'Overview');
    pages.set('/admin/links', 'Broken links');
    pages.set('/admin/links?state=any&order=changed', 'All links');
    pages.set('/admin/organisations', 'Organisations');
    pages.set('/admin/hosts', 'Hosts');
    pages.set(`/admin/hosts/${host}`, host);
    pages.set('/admin/queue', 'Queue');
    pages.set('/admin/settings', 'Settings');
    pages.set('/admin/runs', 'Runs');
    pages.set(`/admin/runs/${asked.run.id}`, 'Dataset air');
    pages.set('/admin/resources/one', 'one');
    pages.set('/admin/resources/gone', 'gone');
    pages.set('/admin/datasets/air', 'air');
  });
  after(async () => {
    await browser?.close();
    await admin?.close();
  });

  async function visit({ scheme, width, javaScriptEnabled = true }: Look): Promise<Page> {
    const viewport = { width, height: 900 };
    const context = await browser.newContext({ viewport, colorScheme: scheme, javaScriptEnabled });
    await context.addCookies([{ name: 'login', value: 'administrator', url: admin.site }]);
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('console', (message) => {
      // Agendash asks to be told of jobs, and looks for itself where nobody does.
      const isAgendash = message.location().url.includes('/agendash/api/events');
      if (message.type() === 'error' && !isAgendash) wrong.push(`${message.text()} ${message.location().url}`);
    });
    page.on('request', (request) => request.url().startsWith(`${admin.site}/`) || wrong.push(request.url()));
    return page;
  }

  for (const scheme of ['light', 'dark'] as const)
    for (const width of [360, 1920])
      it(`have nothing that axe finds, and fit ${width} pixels, when it is ${scheme}`, async () => {
        const page = await visit({ scheme, width });
        for (const [one, title] of pages) {
          await page.goto(admin.urlOf(one));
          assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), title);
          assert.deepEqual(await faultsOf(page), [], one);
          const over = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
          assert.equal(await page.evaluate(over), 0, `${one} is wider than ${width} pixels`);
        }
        await page.context().close();
      });

  for (const javaScriptEnabled of [true, false])
    it(`are gone through by their links, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
      const page = await visit({ scheme: 'light', width: 1280, javaScriptEnabled });
      await page.goto(admin.urlOf('/admin/settings'));
      await page.getByLabel('Search').fill('concurrency');
      await page.getByRole('button', { name: 'Filter' }).click();
      await page.getByText('ARCHIVER_HOST_CONCURRENCY').waitFor();
      assert.match(page.url(), /\?q=concurrency/);
      await page.getByRole('link', { name: 'Runs' }).click();
      await page.getByRole('link', { name: 'Dataset air' }).click();
      await page.getByRole('cell', { name: 'gone' }).first().waitFor();
      await page.getByRole('link', { name: 'air', exact: true }).first().click();
      await page.getByRole('link', { name: 'one', exact: true }).click();
      await page.getByText('new copy').waitFor();
      await page.context().close();
    });

  for (const javaScriptEnabled of [true, false])
    it(`archive a resource and a dataset again, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
      const page = await visit({ scheme: 'light', width: 1280, javaScriptEnabled });
      for (const [place, button] of [
        ['/admin/resources/one', 'Archive now'],
        ['/admin/datasets/air', 'Archive again'],
      ] as const) {
        await page.goto(admin.urlOf(place));
        await page.getByRole('button', { name: button }).click();
        await page.getByRole('status').getByRole('link', { name: 'how far that is' }).click();
        const id = page.url().split('/').at(-1) ?? '';
        await admin.portal.ended(id);
        await page.reload();
        await page.locator('.badge', { hasText: 'done' }).waitFor();
      }
      await page.context().close();
    });

  for (const javaScriptEnabled of [true, false])
    it(`lead from what is broken to its host, whose limits are set and cleared, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
      const page = await visit({ scheme: 'light', width: 1280, javaScriptEnabled });
      page.on('dialog', (dialog) => void dialog.accept());
      await page.goto(admin.urlOf('/admin'));
      await page.getByRole('link', { name: 'Broken', exact: true }).click();
      await page.getByRole('link', { name: 'gone', exact: true }).click();
      await page.getByRole('link', { name: host, exact: true }).click();
      await page.getByLabel('Requests a second, set here').fill('0.5');
      await page.getByRole('button', { name: 'Set the limits' }).click();
      await page.getByRole('status').getByText('they hold from the next request on').waitFor();
      await page.getByRole('row', { name: 'Requests a second' }).getByText('set here', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Clear what is set here' }).click();
      await page.getByRole('status').getByText('The settings hold again.').waitFor();
      await page.getByRole('link', { name: 'Organisations' }).click();
      await page.getByRole('link', { name: 'Queue' }).click();
      await page.getByText('Failed for good').waitFor();
      await page.context().close();
    });

  for (const javaScriptEnabled of [true, false])
    it(`show how a run goes on and cancel it, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
      const { portal } = admin;
      let answer = () => {};
      const answered = new Promise<void>((resolve) => {
        answer = resolve;
      });
      portal.beforeAnswer = (file) => (file.startsWith('/slow') ? answered : undefined);
      for (const name of ['slow1', 'slow2', 'slow3']) {
        portal.files.set(`/${name}.csv`, { body: 'a,b\n1,2\n' });
        await portal.save(name, `/${name}.csv`, 'slow');
      }
      const asked = await portal.archiver.archive.requestDataset('slow');
      assert.ok(asked.kind === 'accepted');
      const page = await visit({ scheme: 'light', width: 1280, javaScriptEnabled });
      page.on('dialog', (dialog) => void dialog.accept());
      await page.goto(admin.urlOf(`/admin/runs/${asked.run.id}`));
      await page.getByRole('button', { name: 'Cancel the run' }).click();
      await page.getByRole('status').getByText('The run is cancelled.').waitFor();
      const run = await portal.archiver.archive.runs.get(asked.run.id);
      assert.equal(run?.state, 'cancelled');
      assert.equal(await page.getByRole('button', { name: 'Cancel the run' }).count(), 0);
      answer();
      portal.beforeAnswer = () => undefined;
      await page.context().close();
    });

  it('lead to Agendash, which works under the same policy', async () => {
    const page = await visit({ scheme: 'light', width: 1280 });
    await page.goto(admin.urlOf('/admin/queue'));
    await page.getByRole('link', { name: 'Agendash' }).click();
    await page.getByText('All Jobs').first().waitFor();
    await page.context().close();
  });

  it('show by themselves that a run has ended', async () => {
    const { portal } = admin;
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    portal.beforeAnswer = (file) => (file === '/late.csv' ? answered : undefined);
    portal.files.set('/late.csv', { body: 'a,b\n1,2\n' });
    await portal.save('late', '/late.csv', 'late');
    await until(() => portal.requests.includes('/late.csv'), 60);
    const asked = await portal.archiver.archive.requestDataset('late');
    assert.ok(asked.kind === 'accepted');
    const page = await visit({ scheme: 'light', width: 1280 });
    await page.goto(admin.urlOf(`/admin/runs/${asked.run.id}`));
    answer();
    await page.locator('.badge', { hasText: 'done' }).waitFor({ timeout: 60_000 });
    portal.beforeAnswer = () => undefined;
    await page.context().close();
  });

  it('raise no error, and ask nobody else for anything', () => assert.deepEqual(wrong, []));
});
