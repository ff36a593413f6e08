// Reads the API's page and tries it out as people do. Usage: node docs.mjs LINK
// SCREENSHOT, where LINK is one to sign in with. Prints one line per step:
// {"step": name, "error": text or null}.
import assert from 'node:assert/strict';
import { launch, openPage, report } from './chromium.mjs';

const [link, screenshot] = process.argv.slice(2);
const base = new URL(link).origin;

const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', reducedMotion: 'reduce' });
context.setDefaultTimeout(20000);
const { page, faults } = await openPage(context);
const asked = new Set();
page.on('request', (request) => asked.add(new URL(request.url()).origin));
let key = '';

await step('who has not signed in reads it, and is told how to come in', async () => {
  await page.goto(`${base}/docs`);
  await page.getByRole('link', { name: 'Sign in' }).waitFor();
  await page.locator('.opblock').first().waitFor();
});

await step('it lists the methods of every service', async () => {
  const api = await (await context.request.get(`${base}/openapi.json`)).json();
  const described = {};
  for (const [path, verbs] of Object.entries(api.paths)) {
    for (const [verb, { tags }] of Object.entries(verbs)) (described[tags[0]] ??= []).push(`${verb} ${path}`);
  }
  assert.ok(Object.keys(described).length >= 9, `${Object.keys(described).length} services`);
  const shown = await page.locator('.opblock-tag-section').evaluateAll((sections) =>
    sections.map((section) => [
      section.querySelector('[data-tag]').dataset.tag,
      [...section.querySelectorAll('.opblock-summary')].map((line) => {
        const verb = line.querySelector('.opblock-summary-method').textContent.toLowerCase();
        return `${verb} ${line.querySelector('[data-path]').dataset.path}`;
      }),
    ]),
  );
  for (const [, operations] of shown) operations.sort();
  for (const operations of Object.values(described)) operations.sort();
  assert.deepEqual(Object.fromEntries(shown), described);
});

await step('who has not signed in is asked to when trying something out', async () => {
  assert.equal((await tryOut('VideoService-VideoService_ListVideos')).status, '401');
  faults.length = 0; // the browser tells of the 401
});

await step('signed in, what one tries out is done', async () => {
  await page.goto(link);
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await page.goto(`${base}/docs`);
  await page.getByText('done in your name').waitFor();
  const { status, body } = await tryOut('VideoService-VideoService_ListVideos');
  assert.equal(status, '200');
  assert.ok(Array.isArray(JSON.parse(body).videos), body);
  await page.screenshot({ path: screenshot, fullPage: true });
});

await step('what changes something shows that it comes from this page', async () => {
  const body = JSON.stringify({ title: 'Of the docs', scopes: ['SCOPE_READ'] });
  const answer = await tryOut('KeyService-KeyService_CreateKey', body);
  assert.equal(answer.status, '200');
  key = JSON.parse(answer.body).token;
});

await step('a key that is pasted does as well', async () => {
  await context.clearCookies();
  await page.goto(`${base}/docs`);
  await page.getByRole('button', { name: 'Authorize' }).click();
  const dialog = page.locator('.dialog-ux');
  const form = dialog.locator('form', { hasText: 'bearer' });
  await form.locator('input').fill(key);
  await form.getByRole('button', { name: 'Apply credentials' }).click();
  await dialog.getByRole('button', { name: 'Close' }).first().click();
  assert.equal((await tryOut('VideoService-VideoService_ListVideos')).status, '200');
});

await step('nothing went wrong in it, and nobody else was asked', async () => {
  assert.deepEqual(faults, []);
  assert.deepEqual([...asked], [base]);
});

await browser.close();

/** Calls a method by the page, and returns what it was answered. */
async function tryOut(operation, body) {
  const block = page.locator(`#operations-${operation}`);
  await block.locator('.opblock-summary-control').click();
  await block.getByRole('button', { name: 'Try it out' }).click();
  if (body !== undefined) await block.locator('textarea').fill(body);
  await block.getByRole('button', { name: 'Execute' }).click();
  const answer = block.locator('.live-responses-table .response').first();
  const status = (await answer.locator('.response-col_status').textContent()).trim();
  const text = await answer.locator('.highlight-code code, .highlight-code pre').first().textContent();
  return { status: status.match(/\d+/)[0], body: text };
}

async function step(name, take) {
  let error = null;
  try {
    await take();
  } catch (failure) {
    error = `${failure.stack}\nfaults: ${JSON.stringify(faults)}`;
  }
  report({ step: name, error });
}
