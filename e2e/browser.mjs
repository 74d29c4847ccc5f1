// A real Chromium, and what must be true of every page it opens.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import { chromium } from "playwright-core";

const ARTIFACTS = new URL("artifacts/", import.meta.url).pathname;
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const PAGE_MS = 20_000;

export const WIDE = { width: 1280, height: 900 };
export const MIDDLE = { width: 768, height: 1024 };
export const NARROW = { width: 390, height: 844 };

/** Opens a browser with a profile of its own. */
export async function browse(origin, options = {}) {
  const profile = mkdtempSync(join(tmpdir(), "pulsewire-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    baseURL: origin,
    viewport: WIDE,
    ...options,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
  context.setDefaultTimeout(PAGE_MS);
  return new Browser(context, origin, profile);
}

class Browser {
  constructor(context, origin, profile) {
    Object.assign(this, { context, origin, profile, wrong: [] });
    context.on("request", (request) => {
      const place = new URL(request.url());
      if (place.origin !== origin) this.wrong.push(`a request left the origin: ${request.method()} ${place.href}`);
    });
    context.on("weberror", (error) => this.wrong.push(`a script failed: ${error.error()}`));
    context.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.wrong.push(`console ${message.type()}: ${message.text()}`);
    });
  }

  async page() {
    return this.context.newPage();
  }

  /** Opens an address and checks its answer: the policy, and nothing inline. */
  async open(page, path, status = 200) {
    const response = await page.goto(path, { waitUntil: "load" });
    assert.equal(response.status(), status, `${path} answers ${response.status()}`);
    const policy = response.headers()["content-security-policy"] ?? "";
    assert.match(policy, /default-src 'self'/, `${path} has a policy`);
    assert.doesNotMatch(policy, /unsafe|\*|data:/, `${path} has a strict policy`);
    assert.deepEqual(inline(await response.text()), [], `${path} has nothing inline`);
    if (status >= 400) this.forgive(/Failed to load resource: the server responded with a status of/);
    return page;
  }

  /** Takes out what a test provoked on purpose. */
  forgive(pattern) {
    this.wrong = this.wrong.filter((each) => !pattern.test(each));
  }

  /** Fails when anything went wrong since the last time. */
  quiet(what) {
    const wrong = this.wrong.splice(0);
    assert.deepEqual(wrong, [], what);
  }

  async close() {
    await this.context.close();
    rmSync(this.profile, { recursive: true, force: true });
  }
}

/** Markup that a strict policy would not run or show. */
function inline(html) {
  const found = html.match(/<style\b|<script\b(?![^>]*\bsrc=)[^>]*>|<[a-z][^>]*\s(?:style|on[a-z]+)=[^>]*>|javascript:/gi);
  return found ?? [];
}

/** Fails when axe finds anything. */
export async function accessible(page, what) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const told = found.violations.map(({ id, help, nodes }) => ({ id, help, at: nodes.slice(0, 5).map((node) => `${node.target} ${node.failureSummary}`) }));
  assert.ok(found.passes.length > 5, `${what}: axe looked at the page`);
  assert.deepEqual(told, [], `${what}: axe finds nothing`);
}

/** Fails when a page is wider than its window. */
export async function fits(page, what) {
  const wide = await page.evaluate(() => {
    const [whole, window] = [document.scrollingElement.scrollWidth, document.documentElement.clientWidth];
    const reach = (each) => Math.max(each.getBoundingClientRect().right, each.getBoundingClientRect().left + each.scrollWidth);
    const over = [...document.querySelectorAll("main *")].filter((each) => each.clientWidth > 0 && reach(each) > window);
    return whole <= window ? [] : [`${whole} px in a window of ${window}`, ...over.map((each) => `${each.localName}.${each.className}`)];
  });
  assert.deepEqual(wide, [], `${what} fits into its window`);
}

/** Keeps a picture for a person to look at. */
export async function picture(page, name) {
  mkdirSync(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: join(ARTIFACTS, `${name}.png`), fullPage: true, animations: "disabled" });
}
