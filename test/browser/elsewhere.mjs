// Sends a file from a page of another origin, by the address of an upload that is
// for that origin, and tries the same from elsewhere. Usage:
// node elsewhere.mjs HERE ELSEWHERE ADDRESS REFUSED TUS. HERE and ELSEWHERE serve
// pages; of the uploads at ADDRESS and REFUSED both are for HERE; TUS is the file of
// tus-js-client. Prints one line per step: {"step": name, "error": text or null}.
import assert from 'node:assert/strict';
import { launch, openPage, steps } from './chromium.mjs';

const [here, elsewhere, address, refused, tus] = process.argv.slice(2);
const browser = await launch();
const context = await browser.newContext({ locale: 'en-GB' });
context.setDefaultTimeout(8000);
const { page, faults } = await openPage(context);
const step = steps(page, faults);

await step('a page of the origin that an upload is for sends it, without any key', async () => {
  await page.goto(here);
  await page.addScriptTag({ path: tus });
  const sent = await page.evaluate(
    (uploadUrl) =>
      new Promise((resolve) => {
        const content = new Uint8Array(300_000).map((_, i) => i % 251);
        content.set(new TextEncoder().encode('fLaC'));
        const upload = new globalThis.tus.Upload(new Blob([content]), {
          uploadUrl,
          chunkSize: 100_000,
          retryDelays: [],
          onSuccess: () => resolve('all of it'),
          onError: (error) => resolve(String(error)),
        });
        upload.start();
      }),
    address,
  );
  assert.equal(sent, 'all of it');
  assert.deepEqual(faults, []);
});

await step('it reads what the upload has become', async () => {
  const { state, video } = await page.evaluate(async (url) => (await fetch(url)).json(), address);
  assert.equal(state, 'done');
  assert.match(video, /^videos\/\w+$/);
});

await step('a page of another origin is told nothing, and sends nothing', async () => {
  await page.goto(elsewhere);
  const answers = await page.evaluate(async (url) => {
    const headers = { 'Tus-Resumable': '1.0.0', 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' };
    const all = [
      [url, {}],
      [url, { method: 'HEAD', headers }],
      [url, { method: 'PATCH', headers, body: 'fLaC' }],
      [url, { method: 'DELETE', headers }],
      [url, { method: 'POST', headers: { ...headers, 'X-HTTP-Method-Override': 'PATCH' }, body: 'fLaC' }],
    ];
    return Promise.all(all.map(([at, how]) => fetch(at, how).then(({ status }) => status, () => 'refused')));
  }, refused);
  assert.deepEqual(answers, Array(5).fill('refused'));
});

await browser.close();
