import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { AdminPortal } from '../support/adminPortal.ts';
import { faultsOf } from '../support/axe.ts';
import { findBrowser, NO_BROWSER, openBrowser } from '../support/browser.ts';
import { testMongodb } from '../support/mongodb.ts';
import { until } from '../support/until.ts';

const path = findBrowser();

/** Resolves when nothing moves any more but what always does. */
const SHOWN = `Promise.all(document.getAnimations()
  .filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity).map(({ finished }) => finished))`;

/** Above each action of a job, and the heading of what it opens. */
const DIALOGS = [
  ['Job Data', 'archive-resource'],
  ['Delete permanently', 'Delete Job'],
  ['Requeue (create new job)', 'Requeue Job'],
] as const;

describe('Agendash in a browser', { skip: path === null && NO_BROWSER }, () => {
  let admin: AdminPortal;
  let browser: Browser;
  const wrong: string[] = [];
  before(async () => {
    [admin, browser] = await Promise.all([
      AdminPortal.open({ settings: { confirmFailures: 1 } }),
      openBrowser(path ?? ''),
    ]);
    // Its job stays in the queue as one that failed for good.
    await admin.portal.archived('gone', '/gone.csv', 'air');
  });
  after(async () => {
    await browser?.close();
    await admin?.close();
  });

  async function open(scheme: 'light' | 'dark', width: number): Promise<Page> {
    const viewport = { width, height: 900 };
    const context = await browser.newContext({ viewport, colorScheme: scheme });
    await context.addCookies([{ name: 'login', value: 'administrator', url: admin.site }]);
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('request', (request) => request.url().startsWith(`${admin.site}/`) || wrong.push(request.url()));
    await page.goto(admin.urlOf('/admin/queue/agendash/'));
    await page.getByRole('button', { name: 'Job Data' }).first().waitFor();
    return page;
  }

  for (const scheme of ['light', 'dark'] as const)
    it(`has nothing that axe finds, in its list and in its dialogs, when it is ${scheme}`, async () => {
      for (const width of [1280, 360]) {
        const page = await open(scheme, width);
        assert.deepEqual(await faultsOf(page), [], `the list at ${width} pixels`);
        for (const [action, title] of width === 1280 ? DIALOGS : []) {
          await page.getByRole('button', { name: action }).first().click();
          const dialog = page.getByRole('dialog', { name: title });
          await dialog.waitFor();
          // It comes into sight by and by.
          await page.evaluate(SHOWN);
          assert.deepEqual(await faultsOf(page), [], `${title} at ${width} pixels`);
          await page.keyboard.press('Escape');
          await dialog.waitFor({ state: 'detached' });
        }
        await page.context().close();
      }
    });

  it('shows why a job failed, deletes it by keys alone once that is confirmed, and leads back', async () => {
    const page = await open('light', 1280);
    const dialog = page.getByRole('dialog', { name: 'Delete Job' });
    await page.getByText('no such file').first().waitFor();
    const press = async (name: string) => {
      await page.getByRole('button', { name: 'Delete permanently' }).first().focus();
      await page.keyboard.press('Enter');
      await dialog.getByRole('button', { name, exact: true }).focus();
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
    };
    const counts = async () => {
      const { rows } = Object(await (await admin.ask('/admin/queue.json?state=failed', 'editor')).json());
      return rows.length;
    };
    for (const name of ['Close', 'Cancel']) await press(name);
    assert.equal(await counts(), 1);
    await press('Delete');
    await until(async () => (await counts()) === 0);
    await page.getByRole('link', { name: 'Back to the archiver' }).click();
    assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), 'Queue');
    await page.context().close();
  });

  it('raises no error, and asks nobody else for anything', () => assert.deepEqual(wrong, []));
});

describe('Agendash over jobs in MongoDB', () => {
  it('lists the jobs, by name and by state, and deletes one', async (context) => {
    const mongodb = await testMongodb();
    if ('missing' in mongodb) return context.skip(mongodb.missing);
    const admin = await AdminPortal.open({ settings: { confirmFailures: 1, mongodbUrl: mongodb.url } });
    try {
      await admin.portal.archived('gone', '/gone.csv', 'air');
      const list = async (query: string) => {
        const answer = await admin.ask(`/admin/queue/agendash/api?limit=5${query}`, 'administrator');
        assert.equal(answer.status, 200);
        return Object(await answer.json());
      };
      const { jobs, overview } = await list('');
      assert.deepEqual(
        overview.map(({ displayName, total }: { displayName: string; total: number }) => [displayName, total]),
        [
          ['All Jobs', 1],
          ['archive-resource', 1],
        ],
      );
      // The job fails a moment after what it recorded.
      await until(async () => (await list('&state=failed')).jobs[0]?.job.data.resourceId === 'gone');
      const headers = { Origin: admin.site, 'Content-Type': 'application/json' };
      const body = JSON.stringify({ jobIds: jobs.map(({ job }: { job: { _id: string } }) => job._id) });
      const init = { method: 'POST', headers, body };
      assert.equal((await admin.ask('/admin/queue/agendash/api/jobs/delete', 'administrator', init)).status, 200);
      assert.deepEqual((await list('')).jobs, []);
    } finally {
      await admin.close();
      await mongodb.stop();
    }
  });
});
