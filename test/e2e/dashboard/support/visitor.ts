import type { Browser, Locator, Page } from 'playwright-core';

// Only turns a hanging test into one that says what it waited for.
const actMs = 8_000;

/** Somebody with a browser of their own, and what its pages complained of. */
export class Visitor {
  readonly complaints: string[] = [];
  readonly #browser: Browser;
  readonly #address: string;
  #page: Page | undefined;

  constructor(browser: Browser, address: string) {
    this.#browser = browser;
    this.#address = address;
  }

  get page(): Page {
    if (!this.#page) throw new Error('Nobody has visited anything yet.');
    return this.#page;
  }

  async visit(path: string, address = this.#address): Promise<void> {
    await this.leave();
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 860 } });
    const page = await context.newPage();
    this.#page = page;
    page.setDefaultTimeout(actMs);
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && this.complaints.push(message.text()));
    await page.goto(address + path);
  }

  async leave(): Promise<void> {
    await this.#page?.context().close();
    this.#page = undefined;
  }

  /** What the browser itself writes down of an answer that is no success. */
  forgive(text: string): void {
    this.complaints.splice(0, this.complaints.length, ...this.complaints.filter((complaint) => !complaint.includes(text)));
  }

  status(text: string): Locator {
    return this.page.locator('.run-title [role=status]').getByText(text, { exact: true });
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name });
  }

  dialog(): Locator {
    return this.page.getByRole('dialog');
  }
}
