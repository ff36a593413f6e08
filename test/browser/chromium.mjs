// What both scripts share: Debian's Chromium, and a page that must stay clean.
import { chromium } from 'playwright-core';

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

/** Writes one line for the Go test to read. */
export function report(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
