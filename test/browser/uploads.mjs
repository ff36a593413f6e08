// Brings videos in as people do. Usage: node uploads.mjs LINK FILES SCREENSHOTS, where
// LINK is one to sign in with, FILES is JSON: {"small": path, "address": where that can
// be had too, "large": path, "sha256": of the large one, "fake": path, "folder": path of
// one with a video and two others, "many": paths of others that are no videos, "reader"
// and "writer": keys that may read, and write too}, and SCREENSHOTS is a folder.
// Prints one line per step: {"step": name, "error": text or null}.
import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { accessible, launch, openPage, steps, until } from './chromium.mjs';

const [link, json, screenshots] = process.argv.slice(2);
const base = new URL(link).origin;
const { small, address, large, sha256, fake, folder, many, reader, writer } = JSON.parse(json);

const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', reducedMotion: 'reduce' });
context.setDefaultTimeout(8000);
const { page, faults } = await openPage(context);
const step = steps(page, faults);
const devtools = await context.newCDPSession(page);
const upload = page.getByRole('button', { name: 'Upload', exact: false }).first();
const panel = page.getByRole('region', { name: 'Uploads' });
const cards = page.locator('cue-library li');
const row = (name) => panel.locator('li', { hasText: name });

/** The scripts that were loaded, and the PATCH requests that were sent: their upload and offset. */
const scripts = [];
const patches = [];
page.on('request', (request) => {
  if (request.resourceType() === 'script') scripts.push(request.url());
  if (request.method() === 'PATCH') patches.push({ url: request.url(), offset: Number(request.headers()['upload-offset']) });
});

await step('who may write sees the button, and that files can be dropped', async () => {
  await page.goto(link);
  await upload.waitFor();
  await page.waitForLoadState('networkidle');
  await page.getByText('Drop a video anywhere on this page').waitFor();
});

await step('files held over the page are told where they go, for as long as they are', async () => {
  await drag('dragEnter', [small]);
  await drag('dragOver', [small]);
  await page.getByText('Drop to upload').waitFor();
  await page.screenshot({ path: join(screenshots, 'over.png') });
  await page.getByText('Drop to upload').waitFor({ state: 'detached' });
});

await step('a video that is dropped comes into the library; what is none is refused in a sentence', async () => {
  const before = scripts.length; // what sends files is loaded when there are some
  await drop([small, fake]);
  await row(basename(small)).getByText('It is in the library.').waitFor();
  await row('RLO').getByText('MP4/MOV, Matroska').waitFor();
  assert.notEqual(scripts.length, before);
  await cards.filter({ hasText: basename(small, '.mp4') }).waitFor();
  allow(/uploads\/.*: 415/);
});

await step('a name is shown as text, without what turns its direction', async () => {
  const name = await row('RLO').locator('h3').textContent();
  assert.equal(name, basename(fake).replace('\u202e', '\ufffd'));
  assert.equal(await panel.locator('b, img').count(), 0);
});

await step('the same bytes again lead to the video that is there', async () => {
  const href = await row(basename(small)).getByRole('link').getAttribute('href');
  await panel.getByRole('button', { name: 'Clear' }).click();
  assert.equal(await panel.locator('li').count(), 0);
  await page.locator('#chooser').setInputFiles(small);
  await row(basename(small)).getByText('It was in the library already.').waitFor();
  assert.equal(await row(basename(small)).getByRole('link').getAttribute('href'), href);
  assert.equal(await cards.count(), 1);
  await row(basename(small)).getByRole('link').click();
  await page.waitForURL(`${base}${href}`);
  await page.getByRole('heading', { level: 1, name: basename(small, '.mp4') }).waitFor();
  await page.goto(base);
  await upload.waitFor();
});

await step('of a folder what is video or sound is taken', async () => {
  await drop([folder]);
  await panel.getByText('2 files were left out').waitFor();
  await row('inside.mp4').getByText('already').waitFor();
  assert.equal(await panel.locator('li').count(), 1);
});

await step('an address is imported from, unless the server must not ask it', async () => {
  await panel.getByLabel('import').fill('http://10.0.0.1/video.mp4');
  await panel.getByRole('button', { name: 'Import' }).click();
  await panel.getByText(/private|not .*public/i).waitFor();
  faults.length = 0; // where the browser tells of the refusal
  await panel.getByLabel('import').fill(address);
  await panel.getByRole('button', { name: 'Import' }).click();
  await row(address).getByText('It was in the library already.').waitFor();
});

await step('what a server has no room for can be tried again', async () => {
  const full = { title: 'Insufficient Storage', status: 507, reason: 'STORAGE_FULL', detail: 'the disk is full; free some space' };
  await page.route('**/uploads', (route) => route.fulfill({ status: 507, contentType: 'application/problem+json', body: JSON.stringify(full) }));
  await panel.getByRole('button', { name: 'Clear' }).click();
  await drop([small]);
  await row(basename(small)).getByText('The disk is full; free some space').waitFor();
  await page.unroute('**/uploads');
  await row(basename(small)).getByRole('button', { name: 'Try again' }).click();
  await row(basename(small)).getByText('already').waitFor();
  allow(/uploads: 507/);
});

await step('it shows how far it is, pauses, and goes on', async () => {
  await slow(400_000);
  await panel.getByRole('button', { name: 'Clear' }).click();
  await drop([large]);
  const bar = row(basename(large)).getByRole('progressbar');
  await until('some has come', async () => (await bar.evaluate((progress) => progress.position)) > 0.1);
  await row(basename(large)).getByText(/MB of .* MB · .*\/s · .* left/).waitFor();
  await page.screenshot({ path: join(screenshots, 'sending.png') });
  await row(basename(large)).getByRole('button', { name: 'Pause' }).click();
  await row(basename(large)).getByText('Paused').waitFor();
  await row(basename(large)).getByRole('button', { name: 'Go on' }).click();
  await until('it goes on from there', () => patches.at(-1).offset > 100_000);
});

await step('where the server does not answer it says so, and goes on once it does', async () => {
  await row(basename(large)).getByRole('button', { name: 'Pause' }).click();
  await page.route('**/uploads/*', (route) => route.abort());
  await row(basename(large)).getByRole('button', { name: 'Go on' }).click();
  await row(basename(large)).getByText('The server does not answer').waitFor();
  const sent = patches.length;
  await page.unroute('**/uploads/*');
  await until('it goes on', () => patches.length > sent);
  allow(/ERR_FAILED/);
});

await step('whose session ends signs in again, and it goes on', async () => {
  await row(basename(large)).getByRole('button', { name: 'Pause' }).click();
  await context.clearCookies();
  await row(basename(large)).getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  const sent = patches.length;
  await page.getByLabel('Key').fill(writer);
  await page.keyboard.press('Enter');
  await until('it goes on', () => patches.length > sent);
  await row(basename(large)).getByRole('button', { name: 'Pause' }).waitFor();
  allow(/uploads\/.*: 401/);
});

await step('another tab does not offer what this one sends', async () => {
  const { page: other } = await openPage(context);
  await other.goto(base);
  await other.getByRole('button', { name: 'Upload' }).click();
  await other.getByRole('button', { name: 'Choose files' }).waitFor();
  await other.waitForLoadState('networkidle');
  assert.equal(await other.locator('cue-uploads li').count(), 0);
  await other.close();
});

await step('who leaves is warned, and finds what was not finished', async () => {
  const asked = page.waitForEvent('dialog');
  const reloaded = page.reload();
  const dialog = await asked;
  assert.equal(dialog.type(), 'beforeunload');
  await dialog.accept();
  await reloaded;
  await row(basename(large)).getByText('Drop or choose the same file again').waitFor();
});

for (const [name, size] of [['desktop', { width: 1280, height: 900 }], ['phone', { width: 360, height: 740 }]]) {
  for (const colorScheme of ['light', 'dark']) {
    await step(`the panel is accessible, ${colorScheme}, on a ${name}`, async () => {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      await accessible(page);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), size.width);
      await page.screenshot({ path: join(screenshots, `uploads-${name}-${colorScheme}.png`) });
    });
  }
}

await step('the same file goes on where it stopped, and arrives as it was', async () => {
  const { url } = patches.at(-1);
  const begun = patches.length;
  await slow(-1);
  await drop([large]);
  await row(basename(large)).getByText('It is in the library.').waitFor();
  assert.deepEqual(patches.slice(begun).map((patch) => patch.url), [url]);
  assert.ok(patches.at(-1).offset > 100_000, `it began at ${patches.at(-1).offset}`);
  const id = url.slice(url.lastIndexOf('/') + 1);
  const stored = await (await context.request.get(`${base}/v1/uploads/${id}`)).json();
  assert.equal(stored.sha256, sha256);
  await page.reload();
  await upload.waitFor();
  await page.waitForLoadState('networkidle');
  const kept = await page.evaluate(() => Object.keys(localStorage));
  assert.deepEqual(kept.filter((key) => key.startsWith('cuepoint')), []);
});

await step('of many files two are sent at a time', async () => {
  let most = 0;
  await drop(many);
  await until('all were refused', async () => {
    most = Math.max(most, await panel.locator('progress:not([data-still])').count());
    return (await panel.locator('li.bad').count()) === many.length;
  });
  assert.equal(most, 2);
  await page.screenshot({ path: join(screenshots, 'many.png') });
  await panel.getByRole('button', { name: 'Clear' }).click();
  assert.equal(await panel.locator('li').count(), 0);
  await page.keyboard.press('Escape');
  allow(/uploads\/.*: 415/);
});

await step('the keyboard alone opens and closes it', async () => {
  await upload.focus();
  await page.keyboard.press('Enter');
  await panel.getByRole('button', { name: 'Choose files' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'hidden' });
  assert.equal(await upload.getAttribute('aria-expanded'), 'false');
  assert.ok(await upload.evaluate((button) => button.matches(':focus')));
});

await step('nothing else went wrong in the page', async () => assert.deepEqual(faults, []));

await step('who may only read sees nothing of it', async () => {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Key').fill(reader);
  await page.keyboard.press('Enter');
  await cards.first().waitFor();
  await drag('dragEnter', [small]);
  await drag('dragOver', [small]);
  assert.equal(await page.locator('cue-uploads').count(), 0);
  const { csrf } = await (await context.request.get(`${base}/session`)).json();
  const refused = await context.request.post(`${base}/uploads`, { headers: { 'tus-resumable': '1.0.0', 'upload-length': '9', 'x-cuepoint-csrf': csrf } });
  assert.equal(refused.status(), 403);
});

await browser.close();

/** Drags files of this computer over the middle of the page, as a hand does. */
function drag(type, files) {
  return devtools.send('Input.dispatchDragEvent', { type, x: 180, y: 500, data: { items: [], files, dragOperationsMask: 1 } });
}

async function drop(files) {
  for (const type of ['dragEnter', 'dragOver', 'drop']) await drag(type, files);
}

/** Bounds how many bytes a second are sent; -1 for no bound. */
async function slow(uploadThroughput) {
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput });
}

/** Forgets faults that a step was about: the browser tells of each answer that is an error. */
function allow(pattern) {
  const known = faults.some((fault) => pattern.test(fault));
  assert.ok(known, `none of ${JSON.stringify(faults)} is ${pattern}`);
  faults.length = 0;
}
