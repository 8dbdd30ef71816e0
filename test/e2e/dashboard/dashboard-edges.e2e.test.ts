import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../../support/browser.ts';
import { accessibilityProblems } from './support/accessibility.ts';
import { Shop } from './support/shop.ts';
import { Visitor } from './support/visitor.ts';

const installMs = 300_000;

describe('the dashboard in a browser, where it could say what is not so', () => {
  let browser: Browser;
  let shop: Shop;
  let visitor: Visitor;

  beforeAll(async () => {
    [browser, shop] = await Promise.all([launchBrowser(), Shop.open()]);
    visitor = new Visitor(browser, shop.url);
  }, installMs);

  afterEach(async () => {
    await visitor.leave();
    expect(visitor.complaints.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await shop?.close();
  });

  it('answers the wait that is open, and not the one before it', async () => {
    const runId = await shop.startFlow('interview', {});
    await shop.reaches(runId, 'waiting');
    await visitor.visit(`/runs/${runId}`);
    for (const answer of ['the first', 'the second']) {
      await visitor.button('Resume').first().click();
      await visitor.dialog().getByLabel('Data').fill(JSON.stringify({ answer }));
      await visitor.dialog().getByRole('button', { name: 'Resume' }).click();
      await visitor.dialog().waitFor({ state: 'detached' });
      if (answer === 'the first') await visitor.button(/^second ?, waiting/).waitFor();
    }
    await visitor.status('Completed').waitFor();
    expect((await shop.run(runId)).output).toMatchObject({ json: { answer: 'the second' } });
  });

  it('starts the version that is shown, over plain HTTP on a network address too', async () => {
    await visitor.visit('/flows');
    // Such an address is no secure context.
    await visitor.page.addInitScript('delete Crypto.prototype.randomUUID');
    await visitor.page.goto(`${shop.url}/flows/greeting`);
    await visitor.page.getByLabel('Version').selectOption('1.0.0');
    await visitor.page.waitForURL(/greeting\/1\.0\.0$/);
    await visitor.button('Start').click();
    await visitor.dialog().getByRole('heading', { name: 'Start greeting@1.0.0' }).waitFor();
    await visitor.dialog().getByRole('button', { name: 'Start' }).click();
    await visitor.page.waitForURL(/\/runs\/\w+$/);
    await visitor.page.getByRole('link', { name: 'greeting@1.0.0' }).waitFor();
    await visitor.status('Completed').waitFor();
  });

  it('reads the log from either end', async () => {
    const runId = await shop.startFlow('order', { customer: 'Ada', cents: 100 });
    await shop.reaches(runId, 'completed');
    await visitor.visit(`/runs/${runId}?tab=events`);
    const log = visitor.page.getByRole('region', { name: 'Event log' });
    await log.getByRole('listitem').first().getByText('run_created').waitFor();
    await visitor.button('Newest first').click();
    await log.getByRole('listitem').first().getByText('run_completed').waitFor();
    await visitor.page.reload();
    await log.getByRole('listitem').first().getByText('run_completed').waitFor();
    expect(await accessibilityProblems(visitor.page)).toEqual([]);
  });

  it('shows the rows in sight as they are also where nobody tells of their changes', async () => {
    const runId = await shop.startFlow('approval', {});
    await shop.reaches(runId, 'waiting');
    await visitor.visit('/');
    await visitor.page.route('**/runs/live*', async (route) => await route.abort());
    await visitor.page.reload();
    const row = (status: string) => visitor.page.getByRole('link', { name: `approval, ${status}, run ${runId}` });
    await row('waiting').waitFor();
    await shop.post(`/runs/${runId}/cancel`, {});
    await row('cancelled').waitFor({ timeout: 30_000 });
    visitor.forgive('ERR_FAILED');
  });

  it('keeps the list when it cannot be read again, says so, and reads it again by itself', async () => {
    const rows = () => visitor.page.getByRole('table', { name: 'Runs' }).getByRole('row');
    await visitor.visit('/');
    await rows().nth(1).getByRole('link').click();
    await visitor.page.getByRole('tab', { name: 'Timeline' }).waitFor();
    await visitor.page.route(/\/api\/v1\/runs\?/, async (route) => {
      await route.fulfill({ status: 503, contentType: 'application/problem+json', json: { code: 'BUSY', detail: 'Too much to do' } });
    });
    await visitor.page.keyboard.press('u');
    await visitor.page.getByText('Too much to do').waitFor();
    await rows().nth(1).waitFor();
    await visitor.page.unrouteAll();
    await visitor.page.getByText('Too much to do').waitFor({ state: 'detached' });
    await rows().nth(1).waitFor();
    visitor.forgive('503');
  });

  it('says why a trigger that is fired by hand starts nothing', async () => {
    await shop.post('/triggers', { type: 'schedule', id: 'careless', flowId: 'order', cron: '0 4 1 1 *' });
    await visitor.visit('/triggers/careless');
    await visitor.button('Fire now').click();
    await visitor.dialog().getByRole('button', { name: 'Fire' }).click();
    await visitor.dialog().getByText('INVALID_INPUT').waitFor();
    expect(await visitor.page.getByText('The trigger has fired').count()).toBe(0);
    visitor.forgive('400');
  });

  it('asks nothing for a tenant that is about all of them, and shows who may not switch a trigger no switch', async () => {
    await shop.post('/triggers', { type: 'schedule', id: 'nightly', flowId: 'order', cron: '0 3 * * *' });
    const address = await shop.serveWithTokens('acme:read+act:acme:the-secret-of-the-tenant,ops:read+act:the-secret-of-the-operators');
    const signIn = async (path: string, token: string) => {
      await visitor.visit(path, address);
      await visitor.page.getByLabel('Token').fill(token);
      await visitor.button('Sign in').click();
    };
    await signIn('/', 'the-secret-of-the-tenant');
    await visitor.page.getByRole('heading', { name: 'No runs yet' }).waitFor();
    expect(await visitor.page.getByText('No figures from the server').count()).toBe(0);
    await visitor.page.getByRole('link', { name: 'System' }).click();
    await visitor.page.getByRole('heading', { name: 'Not for one tenant' }).waitFor();
    expect(visitor.complaints.filter((text) => text.includes('403'))).toEqual([]);

    await signIn('/triggers/nightly', 'the-secret-of-the-operators');
    await visitor.button('Fire now').waitFor();
    expect(await visitor.button(/Turn o/).count()).toBe(0);
    visitor.forgive('401');
  });
});
