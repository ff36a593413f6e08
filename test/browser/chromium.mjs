// What the scripts share: Debian's Chromium, and a page that must stay clean.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Starts Chromium. It reaches for nothing but what a test opens, and lets pages play sound. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CUEPOINT_CHROMIUM || '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox', // Chromium's own sandbox does not work for root
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
}

/** Opens a page that notes in `faults` what goes wrong in it: errors of scripts, of the network, of the policy. */
export async function openPage(context) {
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()}`);
  });
  page.on('requestfailed', (request) => {
    // Leaving a page, and hls.js changing its mind, abort requests.
    const reason = request.failure()?.errorText ?? '';
    if (!reason.includes('ERR_ABORTED')) faults.push(`${request.url()}: ${reason}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.url()}: ${response.status()}`);
  });
  return { page, faults };
}

/** Looks for what keeps people from using the page. */
export async function accessible(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
}

/** Returns what runs one step in the page, and tells how it went. */
export function steps(page, faults) {
  return async (name, run) => {
    let error = null;
    try {
      await run();
    } catch (cause) {
      error = `${cause.message}\n(at ${page.url()}; faults: ${JSON.stringify(faults)})`;
    }
    report({ step: name, error });
  };
}

/** Waits until a condition holds, looking every 50 ms. */
export async function until(what, holds) {
  const end = Date.now() + 8000;
  while (!(await holds())) {
    if (Date.now() > end) assert.fail(`waited 8 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Writes one line for the Go test to read. */
export function report(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
