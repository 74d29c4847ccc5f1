// With script: what happens appears by itself, forms do what they say, choices are kept and stand in the address.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { browse, NARROW, picture, WIDE } from "./browser.mjs";
import { start, until } from "./pulsewire.mjs";
import { admission, arrival, merge, minutesBefore, moved, potassium, vitals } from "./ward.mjs";

const BEA = { number: "E2E-BEA", family: "Birch", given: "Bea" };
const CAL = { number: "E2E-CAL", family: "Cedar", given: "Cal" };

describe("with script", () => {
  let pulsewire;
  let browser;
  let page;

  before(async () => {
    pulsewire = await start();
    browser = await browse(pulsewire.origin);
    page = await browser.page();
  });

  beforeEach(() => browser.quiet("what went before is quiet"));

  after(async () => {
    await browser?.close();
    await pulsewire?.stop();
  });

  /** A result that somebody must see, just now. */
  async function critical(patient, value) {
    const now = await pulsewire.now();
    assert.equal(await pulsewire.send(admission(patient, minutesBefore(now, 30))), "AA");
    assert.equal(await pulsewire.send(potassium(patient, minutesBefore(now, 10), value)), "AA");
  }

  /** Vital signs that worry nobody. */
  function calm(patient, at) {
    return vitals(patient, at, { breaths: 15, saturation: 98, systolic: 124, pulse: 70, celsius: "36.7" });
  }

  function row(patient) {
    return page.getByRole("row").filter({ hasText: patient.family }).filter({ hasText: /potassium/i });
  }

  /** Stays the same as long as the page is not loaded again. */
  function mark() {
    return page.evaluate(() => (window.loadedOnce ??= Math.random()));
  }

  test("a patient in the emergency department waits, is in a room, and is gone, without a reload", async () => {
    const DEA = { number: "E2E-DEA", family: "Dogwood", given: "Dea" };
    await browser.open(page, "/ed");
    const before = await mark();
    const unit = page.getByRole("region", { name: "ED" });
    const patient = unit.getByRole("row").filter({ hasText: DEA.family });
    const came = minutesBefore(await pulsewire.now(), 30);
    await pulsewire.send(arrival(DEA, came, "ED^WAIT^E1"));
    await patient.getByText("WAIT / E1").waitFor();
    await patient.getByText("treatment room").waitFor();
    await pulsewire.send(moved(DEA, minutesBefore(await pulsewire.now(), 2), came, "ED^BAY40^1", "ED^WAIT^E1"));
    await patient.getByText("BAY40 / 1").waitFor();
    await patient.getByText("end of the stay").waitFor();
    await unit.getByText("NEDOCS").waitFor();
    await pulsewire.send(moved(DEA, await pulsewire.now(), came, "6N^640^A", "ED^BAY40^1"));
    await patient.waitFor({ state: "detached" });
    assert.equal(await mark(), before, "the page was not loaded again");
    browser.quiet("the board is quiet");
  });

  test("an alert appears without a reload", async () => {
    await browser.open(page, "/alerts");
    const before = await mark();
    assert.equal(await row(BEA).count(), 0);
    await critical(BEA, 6.9);
    await row(BEA).waitFor();
    await row(BEA).getByText("critical").first().waitFor();
    assert.equal(await mark(), before, "the page was not loaded again");
    browser.quiet("live updates are quiet");
  });

  test("a server that hangs is told, and that it goes on", async () => {
    await browser.open(page, "/workloads");
    const stale = page.getByText("Live updates have stopped.");
    await page.getByText("Live.", { exact: true }).waitFor();
    pulsewire.child.kill("SIGSTOP");
    try {
      // As if a minute had passed: nothing is closed, and nothing comes.
      await page.evaluate(() => {
        const now = performance.now.bind(performance);
        performance.now = () => now() + 60_000;
      });
      await stale.waitFor();
    } finally {
      pulsewire.child.kill("SIGCONT");
    }
    await stale.waitFor({ state: "hidden" });
  });

  test("an alert is acknowledged and resolved, and the history says by whom and why", async () => {
    await browser.open(page, "/alerts");
    await row(BEA).getByRole("link", { name: /potassium/i }).click();
    const take = page.getByRole("form", { name: "Acknowledge" });
    await take.getByLabel("Who").fill("Nurse Joy");
    await take.getByLabel("Why or what next").fill("calling the physician");
    await take.getByRole("button", { name: "Acknowledge" }).click();
    const history = page.getByRole("listitem").filter({ hasText: "Nurse Joy" });
    await history.filter({ hasText: "acknowledged" }).filter({ hasText: "calling the physician" }).waitFor();

    await until("the form to acknowledge is gone", async () => {
      await browser.open(page, new URL(page.url()).pathname);
      return (await page.getByRole("button", { name: "Acknowledge" }).count()) === 0;
    });
    const finish = page.getByRole("form", { name: "Resolve" });
    await finish.getByLabel("Who").fill("Doctor Ray");
    await finish.getByLabel("Why").fill("treated with calcium");
    await finish.getByRole("button", { name: "Resolve" }).click();
    const end = page.getByRole("listitem").filter({ hasText: "Doctor Ray" });
    await end.filter({ hasText: "resolved" }).filter({ hasText: "treated with calcium" }).waitFor();
    await picture(page, "alert-resolved");
    browser.quiet("forms are quiet");
  });

  test("a form that is not filled in is not sent", async () => {
    await critical(CAL, 7.1);
    await browser.open(page, "/alerts?state=open");
    await row(CAL).getByRole("link", { name: /potassium/i }).click();
    await page.getByRole("form", { name: "Resolve" }).waitFor();
    const before = await mark();
    const finish = page.getByRole("form", { name: "Resolve" });
    await finish.getByRole("button", { name: "Resolve" }).click();
    assert.equal(await finish.getByLabel("Who").evaluate((input) => input.matches(":focus:invalid")), true, "the browser asks for the name");
    assert.equal(await mark(), before, "nothing was sent");
  });

  test("a choice changes the list and the address, and the way back works", async () => {
    await browser.open(page, "/alerts");
    const before = await mark();
    const choices = page.getByRole("navigation", { name: /alerts|state/i });
    await choices.getByRole("link", { name: /^resolved/i }).click();
    await page.waitForURL("**/alerts?state=resolved");
    await row(BEA).waitFor();
    assert.equal(await row(CAL).count(), 0, "an open alert is not among the resolved");
    assert.equal(await mark(), before, "the page was not loaded again");
    await page.goBack();
    await page.waitForURL("**/alerts");
    await row(CAL).waitFor();
    browser.quiet("choices are quiet");
  });

  test("what is chosen stays live", async () => {
    await browser.open(page, "/alerts");
    await page.getByRole("navigation", { name: /alerts|state/i }).getByRole("link", { name: /^open/i }).click();
    await page.waitForURL("**/alerts?state=open");
    const streams = await page.evaluate(() => [...document.querySelectorAll("[sse-connect]")].map((each) => each.getAttribute("sse-connect")));
    assert.deepEqual(streams, ["/live/alerts?state=open"]);
    const DOE = { number: "E2E-DOE", family: "Dogwood", given: "Doe" };
    const before = await mark();
    await critical(DOE, 7.4);
    await row(DOE).waitFor();
    assert.equal(await mark(), before, "the page was not loaded again");
    browser.quiet("live updates of a choice are quiet");
  });

  test("a patient's page goes on as values come", async () => {
    await browser.open(page, "/patients");
    await page.getByRole("rowheader").getByRole("link", { name: /Cedar/ }).click();
    await page.getByRole("heading", { level: 1, name: /Cedar/ }).waitFor();
    const before = await mark();
    const now = await pulsewire.now();
    const opened = page.getByRole("table", { name: /^NEWS2.*newest first/ });
    await pulsewire.send(calm(CAL, minutesBefore(now, 3)));
    await page.getByText("Show as a table").first().click();
    await opened.waitFor();
    await pulsewire.send(potassium(CAL, minutesBefore(now, 1), 5.77));
    await page.getByRole("row").filter({ hasText: "5.77" }).first().waitFor();
    assert.equal(await opened.isVisible(), true, "what the reader opened stays open");
    assert.equal(await mark(), before, "the page was not loaded again");
    await page.getByRole("navigation", { name: /time|window|span/i }).getByRole("link", { name: /6/ }).first().click();
    await page.waitForURL("**/patients/*?window=6h");
    browser.quiet("a patient's page is quiet");
  });

  test("a corrected result takes its alert back before the reader's eyes", async () => {
    const fay = { number: "E2E-FAY", family: "Fern", given: "Fay" };
    const now = await pulsewire.now();
    const taken = minutesBefore(now, 20);
    await pulsewire.send(admission(fay, minutesBefore(now, 30)));
    await pulsewire.send(potassium(fay, taken, 6.8, { order: "FAY-1" }));
    await browser.open(page, "/alerts");
    await row(fay).getByRole("link", { name: /potassium/i }).click();
    const main = page.getByRole("article");
    await main.getByText("open", { exact: true }).first().waitFor();
    const before = await mark();
    const who = page.getByRole("form", { name: "Acknowledge" }).getByLabel("Who");
    await who.fill("Nurse J");
    await pulsewire.send(potassium(fay, taken, 4.3, { order: "FAY-1", status: "C" }));
    await main.getByText("retracted", { exact: true }).first().waitFor();
    assert.equal(await mark(), before, "the page was not loaded again");
    assert.equal(await who.inputValue(), "Nurse J", "what the reader types is left alone");
    await picture(page, "alert-retracted");
    await who.press("Enter");
    await page.getByText("nothing is left to do").waitFor();
    assert.equal(await main.getByText("Nurse J").count(), 0, "nobody takes what was taken back");
    await browser.open(page, "/alerts?state=open");
    assert.equal(await row(fay).count(), 0, "it is no longer open");
    browser.quiet("retractions are quiet");
  });

  test("a merge brings the alert to the identity that stays", async () => {
    const [gil, known] = [{ number: "E2E-GIL-2", family: "Unknown", given: "Male" }, { number: "E2E-GIL", family: "Grove", given: "Gil" }];
    const now = await pulsewire.now();
    await pulsewire.send(admission(known, minutesBefore(now, 60)));
    await critical(gil, 7.2);
    await browser.open(page, "/alerts?state=open");
    await row(gil).waitFor();
    const gone = await row(gil).getByRole("link", { name: "Male Unknown" }).getAttribute("href");
    await pulsewire.send(merge(known, gil, await pulsewire.now()));
    await row(known).waitFor();
    await row(gil).waitFor({ state: "detached" });
    await row(known).getByRole("link", { name: "Gil Grove" }).click();
    await page.getByRole("heading", { level: 1, name: "Gil Grove" }).waitFor();
    await page.getByRole("rowheader").getByRole("link", { name: /potassium 7.2/ }).first().waitFor();
    await browser.open(page, gone);
    await page.getByText("This identity was merged into").getByRole("link", { name: "Gil Grove" }).click();
    await page.getByRole("heading", { level: 1, name: "Gil Grove" }).waitFor();
    browser.quiet("merges are quiet");
  });

  test("on a telephone the forms are one tap away", async () => {
    await page.setViewportSize(NARROW);
    await browser.open(page, "/alerts?state=open");
    await page.getByRole("rowheader").getByRole("link").first().click();
    await page.getByRole("link", { name: "What you can do" }).click();
    const forms = page.getByRole("complementary", { name: "What you can do" });
    await until("the forms are in view", () => forms.evaluate((each) => each.getBoundingClientRect().top < window.innerHeight));
    await page.setViewportSize(WIDE);
    assert.equal(await page.getByRole("link", { name: "What you can do" }).count(), 0, "beside the alert there is no need");
    browser.quiet("narrow pages are quiet");
  });

  test("the keyboard alone is enough", async () => {
    await browser.open(page, "/alerts?state=open");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to content");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
    const rows = page.getByRole("rowheader").getByRole("link");
    await rows.first().focus();
    await page.keyboard.press("End");
    assert.equal(await rows.last().evaluate((link) => link === document.activeElement), true, "End goes to the last row");
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    await page.getByRole("form", { name: "Resolve" }).waitFor();
    browser.quiet("keys are quiet");
  });

  test("the colours chosen are kept", async () => {
    await page.emulateMedia({ colorScheme: "light" });
    await browser.open(page, "/");
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    const colours = page.getByRole("form", { name: "Colours" });
    await colours.getByRole("button", { name: "dark" }).click();
    await until("the ground is dark", async () => (await ground()) !== light);
    const dark = await ground();
    await browser.open(page, "/patients");
    assert.equal(await ground(), dark);
    assert.equal(await colours.getByRole("button", { name: "dark" }).getAttribute("aria-pressed"), "true");
    await page.emulateMedia({ colorScheme: "dark" });
    await colours.getByRole("button", { name: "light" }).click();
    await browser.open(page, "/");
    assert.equal(await ground(), light);
    browser.quiet("themes are quiet");
  });

  test("the chart says its values to the keyboard", async () => {
    await browser.open(page, "/ui/kit");
    const chart = page.getByRole("region", { name: "light" }).getByRole("group", { name: /^Respiration/ }).first();
    await chart.focus();
    const said = page.locator("[aria-live=polite]");
    await page.keyboard.press("Home");
    const first = await said.textContent();
    assert.match(first, /\d\d:\d\d \d+ \/min/);
    await page.keyboard.press("End");
    assert.match(await said.textContent(), /\d\d:\d\d \d+ \/min/);
    assert.notEqual(await said.textContent(), first);
    browser.quiet("charts are quiet");
  });

  test("a stopped server is told", async () => {
    await browser.open(page, "/alerts");
    await page.getByText("Live.").waitFor();
    await pulsewire.stop();
    pulsewire = null;
    await page.getByRole("status").filter({ hasText: "Live updates have stopped" }).waitFor();
    browser.forgive(/ERR_|Failed to load resource|EventSource/);
  });
});
