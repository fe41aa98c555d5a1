import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { ActionClient } from '../support/actions.ts';
import { findBrowser, NO_BROWSER, openBrowser } from '../support/browser.ts';
import { ExampleFolder, type RunningPortal } from '../support/examplePortal.ts';

const path = findBrowser();

describe("the portal's pages in a browser", { skip: path === null && NO_BROWSER }, () => {
  let folder: ExampleFolder;
  let portal: RunningPortal;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const wrong: string[] = [];

  before(async () => {
    folder = await ExampleFolder.create();
    [portal, browser] = await Promise.all([folder.start(), openBrowser(path ?? '')]);
  });
  after(async () => {
    await browser.close();
    await folder.remove();
  });

  async function visit(width: number): Promise<void> {
    await context?.close();
    context = await browser.newContext({ viewport: { width, height: 900 }, acceptDownloads: true });
    page = await context.newPage();
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    await page.goto(portal.site);
  }

  async function signIn(token: string): Promise<void> {
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('Token').fill(token);
    await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
  }

  const card = (name: string) => page.locator('.resources > li').filter({ hasText: name });

  test('show anybody the datasets, the state of each resource and its copy', async () => {
    await visit(1280);
    await page.getByRole('link', { name: 'Earth and life' }).click();
    await card('penguins.json').getByText('Archived successfully').waitFor();
    await card('broken: species-2019.csv').locator('.badge', { hasText: 'Download error' }).waitFor();
    await card('page: about our data').locator('.badge', { hasText: 'Chose not to download' }).waitFor();
    assert.equal(await page.getByRole('button').count(), 0);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      card('penguins.json').getByRole('link', { name: 'Archived copy' }).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'penguins.json');
    assert.match(await readFile(await download.path(), 'utf8'), /^\[\s*\{\s*"Species"/);
  });

  test('let an administrator archive a dataset again, and show how far it is', async () => {
    await visit(1280);
    await signIn(portal.admin);
    await page.getByRole('link', { name: 'Work, money and government' }).click();
    await page.getByRole('button', { name: 'Archive this dataset again' }).click();
    await page.getByRole('status').getByText('Archived again: 6 of 6 resources done.').waitFor();
    await card('unemployment.tsv').getByText('Content has not changed').waitFor();
  });

  test('let an editor make a dataset and change a resource, which is then archived', async () => {
    await visit(1280);
    await signIn(portal.editor);
    await page.getByRole('link', { name: 'New dataset' }).click();
    await page.getByLabel('Name').fill('No Such Name!');
    await page.getByRole('button', { name: 'Save' }).click();
    const wrong = await page.getByText('Must be 2 to 100 lower-case letters').getAttribute('id');
    const described = await page.getByLabel('Name').getAttribute('aria-describedby');
    assert.ok(
      wrong && described?.split(' ').includes(wrong),
      'a reader of the screen hears what is wrong with a field',
    );
    await page.getByLabel('Name').fill('zips');
    await page.getByLabel('Title').fill('<b>ZIP codes</b>');
    await page.getByRole('button', { name: 'Save' }).click();
    assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), '<b>ZIP codes</b>');
    assert.equal(await page.getByRole('button', { name: 'Archive this dataset again' }).count(), 0);
    await page.getByRole('link', { name: 'Add resource' }).click();
    await page.getByLabel('URL').fill('javascript:alert(1)');
    await page.getByLabel('Name').fill('codes');
    await page.getByRole('button', { name: 'Save' }).click();
    await card('codes').getByText('URL invalid').waitFor();
    assert.equal(await card('codes').getByRole('link', { name: 'javascript' }).count(), 0);
    await card('codes').getByRole('link', { name: 'Edit' }).click();
    await page.getByLabel('URL').fill(`${portal.publisher}/data/us-state-capitals.json`);
    await page.getByRole('button', { name: 'Save' }).click();
    await card('codes').getByText('Archived successfully').waitFor();
    await card('codes').getByRole('link', { name: 'Edit' }).click();
    await page.getByRole('button', { name: 'Delete this resource' }).click();
    await page.getByText('This dataset has no resources yet.').waitFor();
  });

  test('let nobody in with a wrong token, and forget who signs out', async () => {
    await visit(1280);
    await signIn('guess');
    await page.getByText("That is nobody's token.").waitFor();
    await visit(1280);
    await signIn(portal.editor);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
  });

  test('show a resource whose name is blank and whose URL is as long as a book', async () => {
    const editor = new ActionClient(portal.site, portal.editor);
    await editor.result('package_create', { name: 'odd-ones', title: `Odd${'ly'.repeat(200)}` });
    await editor.result('resource_create', { package_id: 'odd-ones', name: ' ', url: ' ' });
    await editor.result('resource_create', { package_id: 'odd-ones', url: `http://127.0.0.1/${'x'.repeat(100_000)}` });
    await visit(390);
    await page.goto(`${portal.site}/dataset/odd-ones`);
    await page.getByRole('heading', { name: 'Resource without a name' }).waitFor();
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390);
    assert.ok(((await page.getByRole('main').textContent()) ?? '').length < 3000);
  });

  test('fit a telephone as well as a desk', async () => {
    for (const width of [390, 1280]) {
      await visit(width);
      for (const address of ['/', '/dataset/weather', '/dataset/earth-and-life', '/login', '/nowhere']) {
        await page.goto(portal.site + address);
        assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width, `${address} at ${width}`);
      }
    }
  });

  test('log no error in the browser but the answers that the tests asked for', () => {
    const unexpected = wrong.filter((text) => !/status of (403|404|409)/.test(text));
    assert.deepEqual(unexpected, []);
  });
});
