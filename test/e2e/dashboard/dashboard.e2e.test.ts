import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../../support/browser.ts';
import { accessibilityProblems } from './support/accessibility.ts';
import { ManyRuns } from './support/many-runs.ts';
import { Shop } from './support/shop.ts';

const files = fileURLToPath(new URL('../../../dist/dashboard/', import.meta.url));
const pictures = fileURLToPath(new URL('../../../docs/images/dashboard/', import.meta.url));
const installMs = 300_000;
// Only turns a hanging test into one that says what it waited for.
const actMs = 8_000;

describe('the dashboard in a browser', () => {
  let browser: Browser;
  let shop: Shop;
  let page: Page;
  const complaints: string[] = [];

  /** A page of a visitor of its own. What the page complains of fails the test at its end. */
  const visit = async (path: string, options: BrowserContextOptions = {}, address = shop.url) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
    page = await context.newPage();
    page.setDefaultTimeout(actMs);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(address + path);
  };
  const status = (text: string) => page.locator('.run-title [role=status]').getByText(text, { exact: true });
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const rows = () => page.getByRole('table', { name: 'Runs' }).getByRole('row');
  const dialog = () => page.getByRole('dialog');

  beforeAll(async () => {
    [browser, shop] = await Promise.all([launchBrowser(), Shop.open()]);
  }, installMs);

  afterEach(async () => {
    await page?.context().close();
    expect(complaints.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await shop?.close();
  });

  it('says what to do where there are no runs yet', async () => {
    await visit('/');
    await page.getByRole('heading', { name: 'No runs yet' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  it('starts a run from the list and follows it to its end, attempt by attempt', async () => {
    await visit('/');
    await button('Start a run').first().click();
    await dialog().getByLabel('Flow', { exact: true }).selectOption({ label: 'Order (1.0.0)' });
    await dialog().getByLabel('Customer').fill('Ada');
    await dialog().getByLabel('Amount in cents').fill('12.5');
    await dialog().getByRole('button', { name: 'Start' }).click();
    await dialog().getByText('Must be a whole number').waitFor();
    await dialog().getByLabel('Amount in cents').fill('1250');
    await dialog().getByRole('button', { name: 'Start' }).click();

    await page.waitForURL(/\/runs\/\w+$/);
    await status('Completed').waitFor();
    await button(/^charge ?, completed, 2 attempts/).click();
    await page.getByText('The payment provider is busy').first().waitFor();
    await page.getByRole('group', { name: 'Value' }).first().waitFor();
    await page.getByRole('tab', { name: 'Graph' }).click();
    await page
      .getByText('The run has been at: check (success), then charge (failure), then charge (success), then thank (success).')
      .waitFor({ state: 'attached' });
  });

  it('shows a run of code in the list the moment it starts, and what it writes while it writes it', async () => {
    await visit('/');
    await page.getByText('Live', { exact: true }).waitFor();
    const gate = shop.newGate();
    await shop.worker.api.start('streams//writeInHalves', [6, gate]);
    await rows().filter({ hasText: 'writeInHalves' }).filter({ hasText: 'Running' }).getByRole('link').click();
    await page.getByRole('tab', { name: 'Streams' }).click();
    await page.getByText('chunk 2').waitFor();
    expect(await page.getByText('chunk 3').count()).toBe(0);
    await shop.openGate(gate);
    await page.getByText('chunk 5').waitFor();
    await page.getByText('The stream has ended').waitFor();
    await status('Completed').waitFor();
  });

  it('approves a flow that waits for somebody, with a form', async () => {
    const runId = await shop.startFlow('approval', {});
    await visit('/?kind=flow&status=waiting');
    await rows().filter({ hasText: 'approval' }).getByRole('link').click();
    await page.waitForURL((url) => url.pathname === `/runs/${runId}`);
    await button('Resume').first().click();
    await dialog().getByRole('button', { name: 'Resume' }).click();
    await dialog().getByText('Needed').waitFor();
    await dialog().getByLabel('Approved').check();
    await dialog().getByLabel('Your name').fill('Grace');
    expect(await accessibilityProblems(page)).toEqual([]);
    await dialog().getByRole('button', { name: 'Resume' }).click();
    await status('Completed').waitFor();
    expect((await shop.run(runId)).output).toMatchObject({ json: 'granted by Grace' });
    await page.getByRole('tab', { name: 'Input and output' }).click();
    await page.getByText('"granted by Grace"').waitFor();
  });

  it('resumes a hook of a run of code with JSON, and says what is no JSON', async () => {
    const runId = await shop.worker.api.start('hooks//waitFor', ['token-17']);
    await visit(`/runs/${runId}?tab=waiting`);
    await page.getByRole('region', { name: 'Hooks' }).getByRole('button', { name: 'Resume' }).click();
    await dialog().getByLabel('Data').fill('{ data: 1 }');
    await dialog().getByRole('button', { name: 'Resume' }).click();
    await dialog().getByText('This is not JSON').waitFor();
    await dialog().getByLabel('Data').fill('{ "data": "packed" }');
    await dialog().getByRole('button', { name: 'Resume' }).click();
    await status('Completed').waitFor();
    await page.getByRole('region', { name: 'Hooks' }).getByText('Received', { exact: true }).last().waitFor();
  });

  it('cancels a run after asking, and does nothing when told to keep it', async () => {
    const runId = await shop.startFlow('approval', {});
    await visit(`/runs/${runId}`);
    await button('Cancel').click();
    await dialog().getByRole('button', { name: 'Keep it running' }).click();
    await dialog().waitFor({ state: 'detached' });
    expect((await shop.run(runId)).status).toBe('waiting');
    await button('Cancel').click();
    await dialog()
      .getByLabel(/Reason/)
      .fill('No longer wanted');
    await dialog().getByRole('button', { name: 'Cancel the run' }).click();
    await status('Cancelled').waitFor();
    expect((await shop.run(runId)).status).toBe('cancelled');
  });

  it('ends the sleep of a flow that would last a month, and waking it does not', async () => {
    const runId = await shop.startFlow('reminder', {});
    await shop.reaches(runId, 'waiting');
    await visit(`/runs/${runId}`);
    await button('Wake').click();
    await dialog().getByRole('button', { name: 'Wake it' }).click();
    await page.getByText('A worker is told to look at the run').waitFor();
    expect((await shop.run(runId)).status).toBe('waiting');
    await button('Resume').first().click();
    await dialog().getByRole('button', { name: 'Resume' }).click();
    await status('Completed').waitFor();
  });

  it('retries a failed flow from the step that failed, as a new run that names the old one', async () => {
    const runId = await shop.startFlow('delivery', { customer: 'Ada' });
    await shop.reaches(runId, 'failed');
    await visit(`/runs/${runId}`);
    await page.getByText('The road to the customer is closed').first().waitFor();
    await shop.openRoad();
    await button(/^drive ?, failed/).click();
    await button('Retry from here').click();
    expect(await dialog().getByLabel('From step').inputValue()).toBe('drive');
    await dialog().getByRole('button', { name: 'Retry' }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/runs/') && !url.pathname.endsWith(runId));
    await status('Completed').waitFor();
    await page.getByRole('link', { name: runId }).waitFor();
  });

  it('replays a run as a new one', async () => {
    const [order] = await shop.runs('name=order&status=completed');
    await visit(`/runs/${order?.runId}`);
    await button('Replay as new').click();
    await dialog().getByRole('button', { name: 'Start it' }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/runs/') && !url.pathname.endsWith(String(order?.runId)));
    await status('Completed').waitFor();
  });

  it('keeps filters in the address: they survive a reload, and the way back undoes them', async () => {
    await visit('/');
    await rows().nth(3).waitFor();
    await page.getByRole('group', { name: 'Status' }).getByRole('button', { name: 'Failed' }).click();
    await page.waitForURL(/status=failed/);
    await page.getByText('1 run match').waitFor();
    await page.reload();
    await page.getByText('1 run match').waitFor();
    expect(await rows().nth(1).innerText()).toContain('delivery');
    await page.getByLabel('Name of the workflow or flow').fill('nobody');
    await page.getByRole('heading', { name: 'No run matches' }).waitFor();
    await page.goBack();
    await rows().nth(3).waitFor();
    expect(new URL(page.url()).search).toBe('');
  });

  it('goes from run to run by the keyboard', async () => {
    await visit('/');
    await rows().nth(3).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('ArrowDown');
    const second = await rows().nth(2).getByRole('link').getAttribute('aria-label');
    expect(await page.evaluate("document.activeElement?.getAttribute('aria-label')")).toBe(second);
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'Timeline' }).waitFor();
    await page.keyboard.press('u');
    await rows().nth(3).waitFor();
    await page.keyboard.press('/');
    expect(await page.evaluate("document.activeElement?.getAttribute('placeholder')")).toBe('Run id');
    await page.keyboard.press('Tab');
    await page.locator('body').click({ position: { x: 5, y: 300 } });
    await page.keyboard.press('?');
    await dialog().getByText('Next run in the list').waitFor();
  });

  it('opens at a deep link, and says so where nothing is', async () => {
    const [order] = await shop.runs('name=order');
    await visit(`/runs/${order?.runId}?tab=events`);
    await page.getByRole('region', { name: 'Event log' }).getByText('run_completed').waitFor();
    await page.goto(`${shop.url}/runs/nobody`);
    await page.getByRole('heading', { name: 'There is no such run' }).waitFor();
    await page.goto(`${shop.url}/somewhere`);
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    // The browser itself writes down every 404.
    complaints.splice(0, complaints.length, ...complaints.filter((text) => !text.includes('404')));
  });

  it('shows flows with versions and graph, triggers with their next firings, and the system', async () => {
    await shop.post('/triggers', { type: 'schedule', id: 'nightly', flowId: 'order', cron: '0 3 * * *', timezone: 'Europe/Berlin' });
    await visit('/flows');
    await page.getByRole('link', { name: 'Approval' }).click();
    await page.getByText('ask leads to decide on resume').waitFor({ state: 'attached' });
    await page.getByRole('link', { name: 'Triggers' }).click();
    await page.getByRole('link', { name: 'nightly' }).click();
    await page.getByRole('region', { name: 'Next firings' }).getByRole('row').nth(2).waitFor();
    await button('Turn off').click();
    await dialog().getByRole('button', { name: 'Turn off' }).click();
    await button('Turn on').waitFor();
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('region', { name: 'Workers' }).getByText('Alive').first().waitFor();
    await page.getByRole('region', { name: 'Queue' }).getByText('Flow executions').waitFor();
  });

  it('asks for a token where there are any, refuses a wrong one, and then goes where the link led, below a path too', async () => {
    const [order] = await shop.runs('name=order');
    const address = await shop.serveWithTokens('ops:read+act:the-secret-of-the-operators,eye:read:the-secret-of-the-onlookers');
    await visit(`/runs/${order?.runId}`, {}, address);
    await page.getByLabel('Token').fill('a wrong one, as long as a right one');
    await button('Sign in').click();
    await page.getByText('The server does not know this token').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByLabel('Token').fill('the-secret-of-the-onlookers');
    await button('Sign in').click();
    await status('Completed').waitFor();
    expect(await button('Replay as new').count()).toBe(0);
    expect(new URL(page.url()).pathname).toBe(`/below/runs/${order?.runId}`);
    // The server of the shop has the key and shows the same run readable; this one has none.
    const [encrypted] = await shop.runs('kind=code&status=completed');
    expect(encrypted && (await shop.run(encrypted.runId)).input.state).toBe('value');
    await page.goto(`${address}/runs/${encrypted?.runId}?tab=data`);
    await page.getByText('Encrypted. This server has no key for it').first().waitFor();
    await page.getByRole('link', { name: 'System' }).click();
    await page.waitForURL((url) => url.pathname === '/below/system');
    await page.getByRole('region', { name: 'Workers' }).waitFor();
    expect(page.url()).not.toContain('secret');
    await button('Sign out').click();
    await page.getByRole('heading', { name: 'Sign in to Pawl' }).waitFor();
    complaints.splice(0, complaints.length, ...complaints.filter((text) => !text.includes('401')));
  });

  it('breaks no rule of accessibility, in light and in dark, and fits a screen of 400 px', async () => {
    const [order] = await shop.runs('name=order');
    const [failed] = await shop.runs('status=failed');
    const paths = [
      '/',
      ...['', '?tab=graph', '?tab=data', '?tab=events'].map((tab) => `/runs/${order?.runId}${tab}`),
      `/runs/${failed?.runId}`,
      '/flows',
      '/flows/approval',
      '/triggers',
      '/triggers/nightly',
      '/system',
    ];
    // Of all that is looked at only the colours differ in the dark, and between these pages they are all there.
    const inDark = new Set([
      '/',
      `/runs/${order?.runId}?tab=graph`,
      `/runs/${order?.runId}?tab=events`,
      `/runs/${failed?.runId}`,
      '/system',
    ]);
    const found: string[] = [];
    await visit('/', { colorScheme: 'light', reducedMotion: 'reduce' });
    for (const [index, path] of paths.entries()) {
      await page.setViewportSize({ width: index % 2 === 0 ? 1280 : 400, height: 860 });
      await page.goto(shop.url + path);
      await page.locator('main .panel').first().waitFor();
      await page.locator('main .skeleton').first().waitFor({ state: 'detached' });
      await page.emulateMedia({ colorScheme: 'light' });
      found.push(...(await accessibilityProblems(page)).map((problem) => `${path} in light: ${problem}`));
      if (inDark.has(path)) {
        await page.emulateMedia({ colorScheme: 'dark' });
        found.push(...(await accessibilityProblems(page, ['color-contrast'])).map((problem) => `${path} in dark: ${problem}`));
      }
      await page.setViewportSize({ width: 400, height: 860 });
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      if (wide > 0) found.push(`${path} is ${wide} px wider than a screen of 400 px`);
    }
    expect(found).toEqual([]);
  });

  it('lists 10,000 runs without holding more than a screenful of them in the page', async () => {
    const many = await ManyRuns.open(10_000);
    try {
      await visit('/', {}, many.url);
      await rows().nth(3).waitFor();
      await page.keyboard.press('j');
      // Each press goes to the last run that is there, and its page is followed by the next one.
      for (let seen = 100; seen <= 1_000; seen += 100) {
        await page.keyboard.press('End');
        await page
          .getByRole('row')
          .and(page.locator(`[aria-rowindex="${seen + 1}"]`))
          .waitFor();
        await page.getByText(seen === 1_000 ? /1,100/ : new RegExp(`Show more than ${(seen + 100).toLocaleString('en')}`)).waitFor();
        expect(await rows().count()).toBeLessThan(80);
      }
      await page.keyboard.press('Home');
      await page.getByRole('row').and(page.locator('[aria-rowindex="2"]')).waitFor();
      await page.getByLabel("Text in the run's id").fill('wrun_');
      await page.waitForURL(/q=wrun_/);
      await rows().nth(3).waitFor();
      // Nobody works there, and the list says so.
      await page.getByText('No worker is alive').waitFor();
    } finally {
      await many.close();
    }
    await page.getByText('Connection lost, trying again').waitFor();
    // What the browser writes down when a server is gone.
    complaints.splice(0, complaints.length, ...complaints.filter((text) => !/503|ERR_/.test(text)));
  });

  it('keeps the theme that was chosen', async () => {
    await visit('/', { colorScheme: 'light' });
    const ground = async () => await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    await button(/^Colours/).click();
    await button(/^Colours/).click();
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.reload();
    expect(await ground()).toBe(dark);
  });

  // `PAWL_SCREENSHOTS=1` takes the pictures of docs/dashboard.md anew.
  it.runIf(process.env['PAWL_SCREENSHOTS'])('is seen in the documentation', async () => {
    const picture = async (name: string) => {
      await page.locator('main .skeleton').first().waitFor({ state: 'detached' });
      await page.screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled' });
    };
    const customers = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Frances', 'Tony', 'Margaret', 'Niklaus', 'Radia'];
    for (const customer of customers) await shop.startFlow('order', { customer, cents: 100 * customer.length });
    for (const _ of customers.slice(0, 3)) await shop.startFlow('approval', {});
    const [order] = await shop.runs('name=order');
    const [waiting] = await shop.runs('name=approval&status=waiting');
    const [granted] = await shop.runs('name=approval&status=completed');
    await shop.reaches(String(order?.runId), 'completed');

    const size = { viewport: { width: 1200, height: 760 } };
    await visit('/', size);
    await rows().nth(12).waitFor();
    await picture('runs');
    await page.goto(`${shop.url}/runs/${order?.runId}`);
    await button(/^charge/).click();
    await picture('run');
    await page.goto(`${shop.url}/runs/${waiting?.runId}`);
    await button('Resume').first().click();
    await dialog().getByLabel('Approved').check();
    await dialog().getByLabel('Your name').fill('Grace');
    await picture('resume');
    await visit(`/runs/${granted?.runId}?tab=graph`, { ...size, colorScheme: 'dark' });
    await page.locator('.graph').waitFor();
    await picture('graph');
    await visit('/', { viewport: { width: 400, height: 760 }, colorScheme: 'dark' });
    await rows().nth(5).waitFor();
    await picture('narrow');
  });
});

it('needs less than 300 KB, compressed, for its first view', async () => {
  const names = (await readdir(files, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const sizes = await Promise.all(names.map(async ({ parentPath, name }) => gzipSync(await readFile(join(parentPath, name))).length));
  expect(sizes.length).toBeGreaterThan(3);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300_000);
});
