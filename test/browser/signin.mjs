// Signs in at a provider, which is another site. Usage: node signin.mjs BASE.
// Prints one line per step: {"step": name, "error": text or null}.
import assert from 'node:assert/strict';
import { accessible, launch, openPage, steps } from './chromium.mjs';

const [base] = process.argv.slice(2);
const browser = await launch();
const context = await browser.newContext({ locale: 'en-GB' });
context.setDefaultTimeout(8000);
const { page, faults } = await openPage(context);
const step = steps(page, faults);

await step('who has not signed in may do so at the provider', async () => {
  await page.goto(`${base}/?q=tides`);
  await page.getByRole('button', { name: 'Sign in with Example' }).waitFor();
  await accessible(page);
});

await step('it leads back to where they were, signed in', async () => {
  await page.getByRole('button', { name: 'Sign in with Example' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await page.waitForURL(`${base}/?q=tides`);
  const cookies = (await context.cookies(base)).map(({ httpOnly, sameSite }) => [httpOnly, sameSite]);
  assert.deepEqual(cookies, [[true, 'Strict']]);
});

await step('they are signed in when they come again', async () => {
  await page.goto(base);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in with Example' }).waitFor();
});

await step('what went wrong is said in words of the page', async () => {
  for (const [problem, words] of [
    ['PERMISSION_DENIED', 'nobody has let it in here'],
    ['constructor', 'Signing in did not work'],
    ['<b>Call%20us', 'Signing in did not work'],
  ]) {
    await page.goto('about:blank');
    await page.goto(`${base}/login#problem=${problem}`);
    await page.getByText(words).waitFor();
    assert.equal(page.url(), `${base}/login`);
  }
});

await step('nothing went wrong in the page', async () => assert.deepEqual(faults, []));

await browser.close();
