// Uses the page as people do. Usage: node page.mjs LINK EXPECTED SCREENSHOT, where
// LINK is one to sign in with and EXPECTED is JSON: {"demo": {"id", "title", "chapters": [{"start", "title"}],
// "segments": [{"start", "end", "text"}]}, "sound": id, "broken": {"id", "message"}}.
// Prints one line per step: {"step": name, "error": text or null}.
import assert from 'node:assert/strict';
import { accessible, launch, openPage, steps, until } from './chromium.mjs';

const [link, json, screenshot] = process.argv.slice(2);
const base = new URL(link).origin;
const { demo, sound, broken } = JSON.parse(json);

/** How far from its aim a seek may land, in seconds; it plays on while we look. */
const near = 1.5;

const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', reducedMotion: 'reduce' });
context.setDefaultTimeout(8000);
const { page, faults } = await openPage(context);
const step = steps(page, faults);
const video = page.locator('video');
const chapters = page.locator('cue-chapters a');
const lines = page.locator('cue-transcript a');

await step('who has not signed in is asked for a key', async () => {
  await page.goto(`${base}/watch/${demo.id}`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.equal(await video.count(), 0);
  assert.deepEqual(faults, []);
  await accessible(page);
});

await step('a wrong key is refused', async () => {
  await page.getByLabel('Key').fill('ck_0123456789abcdef_wrong');
  await page.keyboard.press('Enter');
  await page.getByText('The key is not good').waitFor();
  await accessible(page);
  faults.length = 0; // the browser tells of the 401
});

await step('the link signs in, once, and stays in no history', async () => {
  await page.goto(link);
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  assert.equal(page.url(), `${base}/`);
  const cookies = await context.cookies();
  assert.deepEqual(cookies.map(({ httpOnly, sameSite }) => [httpOnly, sameSite]), [[true, 'Strict']]);
  const other = await browser.newContext();
  const { page: stranger } = await openPage(other);
  await stranger.goto(link);
  await stranger.getByText('The link to sign in was used already').waitFor();
  await other.close();
});

await step('the library shows the video with its picture, and leads to it', async () => {
  await page.goto(base);
  const card = page.locator('cue-library li', { hasText: demo.title });
  await until('the poster is shown', () => card.locator('img').evaluate((img) => img.complete && img.naturalWidth > 0));
  await card.locator('a').click();
  await page.waitForURL(`**/watch/${demo.id}`);
});

await step('the video plays', async () => {
  await ready();
  await page.locator('media-play-button').click();
  await until('time goes on', async () => (await time()) > 1);
  const frames = await video.evaluate((v) => v.getVideoPlaybackQuality().totalVideoFrames);
  assert.ok(frames > 5, `${frames} frames decoded`);
  assert.equal(await video.evaluate((v) => v.error), null);
});

await step('its chapters are shown, in the list and on the timeline', async () => {
  assert.deepEqual(
    await chapters.locator('.title').allTextContents(),
    demo.chapters.map(({ title }) => title),
  );
  const marks = await page.locator('media-time-range').evaluate((range) => range.mediaChaptersCues.map(({ text }) => text));
  assert.deepEqual(marks, demo.chapters.map(({ title }) => title));
});

await step('a click on the fourth chapter goes there', async () => {
  await chapters.nth(3).click();
  await arrives(demo.chapters[3].start);
  await until('it is marked as current', async () => (await chapters.nth(3).getAttribute('aria-current')) === 'true');
  assert.equal(await page.locator('cue-chapters [aria-current]').count(), 1);
});

await step('a click in the transcript goes there, and the caption is shown', async () => {
  const index = Math.floor(demo.segments.length / 3);
  const segment = demo.segments[index];
  assert.equal(await lines.count(), demo.segments.length);
  await lines.nth(index).click();
  await arrives(segment.start);
  await until('the line is marked as current', async () => (await lines.nth(index).getAttribute('aria-current')) === 'true');
  await until('the caption is shown', () =>
    video.evaluate((v, text) => {
      const shown = [...v.textTracks].filter(({ kind, mode }) => kind === 'captions' && mode === 'showing');
      return shown.some(({ activeCues }) => [...activeCues].some((cue) => cue.text.includes(text)));
    }, segment.text.split(/\s+/)[0]),
  );
});

await step('the pointer on the timeline shows the picture of that time', async () => {
  const range = page.locator('media-time-range');
  const box = await range.boundingBox();
  await range.hover({ position: { x: box.width * 0.6, y: box.height / 2 } });
  await until('a preview comes up', () =>
    page.locator('media-preview-thumbnail').first().evaluate((preview) => {
      const img = preview.shadowRoot.querySelector('img');
      return img.complete && img.naturalWidth > 0 && getComputedStyle(preview).visibility === 'visible';
    }),
  );
});

await step('a spoken phrase is found in the video, and a click on it plays it', async () => {
  const segment = demo.segments[Math.floor((demo.segments.length * 2) / 3)];
  await page.keyboard.press('/');
  await page.keyboard.type(phrase(segment.text));
  const hit = page.locator('cue-moments').first().locator('a').first();
  await hit.locator('mark').first().waitFor();
  await hit.click();
  await arrives(segment.start);
  assert.equal(await video.evaluate((v) => v.paused), false, 'it is paused');
  if (screenshot) await page.screenshot({ path: screenshot });
});

await step('a phrase is found from the library, in the right video at the right time', async () => {
  const segment = demo.segments[1];
  await page.goto(base);
  await page.getByRole('searchbox').fill(phrase(segment.text));
  await page.locator('cue-library cue-moments a', { hasText: demo.title }).first().click();
  await page.waitForURL(`**/watch/${demo.id}?*`);
  await arrives(segment.start);
});

await step('words that nobody said are not found, and the page says so', async () => {
  await page.goto(`${base}/?q=xylophoneless`);
  await page.getByText('No moment holds all of these words').waitFor();
});

await step('a link with a time opens there', async () => {
  await page.goto(`${base}/watch/${demo.id}?t=12.5`);
  await arrives(12.5);
});

await step('the keyboard alone reaches and uses a chapter', async () => {
  await page.goto(`${base}/watch/${demo.id}`);
  await ready();
  await chapters.nth(1).focus();
  await page.keyboard.press('Enter');
  await arrives(demo.chapters[1].start);
});

await step('sound alone plays', async () => {
  await page.goto(`${base}/watch/${sound}`);
  await ready();
  await page.locator('media-play-button').click();
  await until('time goes on', async () => (await time()) > 0.5);
});

await step('a video that failed says why', async () => {
  await page.goto(`${base}/watch/${broken.id}`);
  await page.getByText(broken.message).first().waitFor();
  assert.equal(await video.count(), 0);
});

await step('nothing went wrong in the page', async () => assert.deepEqual(faults, []));

await step('a video that is not there is told apart', async () => {
  await page.goto(`${base}/watch/00000000-0000-7000-8000-000000000000`);
  await page.getByText('This video cannot be shown').waitFor();
});

for (const colorScheme of ['light', 'dark']) {
  for (const [name, path] of [['the library', '/'], ['a search', `/?q=${demo.title}`], ['a video', `/watch/${demo.id}?q=the`]]) {
    await step(`${name} in ${colorScheme} is accessible`, async () => {
      await page.emulateMedia({ colorScheme });
      await page.goto(base + path);
      if (path.startsWith('/watch')) await ready();
      await page.waitForLoadState('networkidle');
      await accessible(page);
    });
  }
}

await step('a phone shows it without scrolling sideways', async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const path of ['/', `/watch/${demo.id}?q=the`]) {
    await page.goto(base + path);
    await page.waitForLoadState('networkidle');
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `${path} is ${width} pixels wide`);
  }
});

await step('who signs out sees nothing any more', async () => {
  await page.goto(base);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.equal((await context.request.get(`${base}/v1/videos`)).status(), 401);
});

await browser.close();

function time() {
  return video.evaluate((v) => v.currentTime);
}

async function ready() {
  await until('the video can play', () => video.evaluate((v) => v.readyState >= 3));
}

async function arrives(start) {
  await until(`it arrives at ${start} s`, () =>
    video.evaluate((v, [from, to]) => !v.seeking && v.readyState >= 2 && v.currentTime >= from && v.currentTime <= to, [
      start - 0.05,
      start + near,
    ]),
  );
}

/** The first words of a sentence, in quotes: they must follow each other. */
function phrase(text) {
  return `"${text.split(/\s+/).slice(0, 4).join(' ').replace(/["“”]/g, '')}"`;
}
