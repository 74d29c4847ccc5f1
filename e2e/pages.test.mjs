// Every page in a real browser: it loads, keeps to itself, is readable for everybody, and looks like something.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { accessible, browse, fits, MIDDLE, NARROW, picture, WIDE } from "./browser.mjs";
import { start, until } from "./pulsewire.mjs";
import { admission, local, merge, minutesBefore, potassium, vitals } from "./ward.mjs";

const ADA = { number: "E2E-ADA", family: "Ember", given: "Ada" };
const WINDOWS = ["6h", "24h", "48h"];
/** A time as a form holds it, on a clock that is UTC; a browser leaves out seconds that are none. */
const clock = (date) => `${date.toISOString().slice(0, 17)}30`;
const LOOKS = [
  { look: "light", colorScheme: "light", viewport: WIDE },
  { look: "dark", colorScheme: "dark", viewport: WIDE },
  { look: "middle", colorScheme: "light", viewport: MIDDLE },
  { look: "narrow", colorScheme: "light", viewport: NARROW },
  { look: "narrow-dark", colorScheme: "dark", viewport: NARROW },
];

describe("pages", () => {
  let pulsewire;
  let browser;
  let page;
  const places = { overview: "/", alerts: "/alerts", patients: "/patients", emergency: "/ed", authorizations: "/authorizations", careGaps: "/care-gaps", workloads: "/workloads", workload: "/workloads/deterioration", sources: "/sources", quarantine: "/quarantine", codes: "/codes", kit: "/ui/kit", missing: "/nowhere" };

  before(async () => {
    pulsewire = await start();
    browser = await browse(pulsewire.origin);
    page = await browser.page();
    const now = await pulsewire.now();
    await pulsewire.send(admission(ADA, minutesBefore(now, 300)));
    for (const [ago, breaths, saturation, systolic, pulse, celsius] of [
      [290, 16, 98, 128, 72, "36.8"],
      [200, 18, 97, 122, 84, "37.4"],
      [110, 22, 94, 108, 104, "38.3"],
      [20, 27, 91, 92, 124, "39.2"],
    ]) {
      await pulsewire.send(vitals(ADA, minutesBefore(now, ago), { breaths, saturation, systolic, pulse, celsius }));
    }
    await pulsewire.send(potassium(ADA, minutesBefore(now, 10), 6.9));
    await pulsewire.send(local(ADA, minutesBefore(now, 8)));
    await pulsewire.send(merge(ADA, ADA, minutesBefore(now, 5)));
    places.alert = await linked("/alerts", /potassium/i);
    places.patient = await linked("/patients", /Ember/);
    places.patientKnown = `${places.patient}?known=${(await pulsewire.now()).toISOString()}`;
    places.record = await linked("/quarantine", /./);
    places.finding = await linked("/workloads/critical-results", /potassium 6.9/);
    places.message = await until("a message has a page", async () => {
      await browser.open(page, "/codes");
      const link = page.getByRole("row").filter({ hasText: "GLUX" }).getByRole("link").first();
      return (await link.count()) > 0 && link.getAttribute("href");
    });
  });

  after(async () => {
    await browser?.close();
    await pulsewire?.stop();
  });

  /** The address behind the first row that says so, once there is one. */
  function linked(list, pattern) {
    return until(`${list} lists ${pattern}`, async () => {
      await browser.open(page, list);
      const row = page.getByRole("rowheader").getByRole("link", { name: pattern }).first();
      return (await row.count()) > 0 && row.getAttribute("href");
    });
  }

  for (const { look, colorScheme, viewport } of LOOKS) {
    test(`are complete, quiet and accessible: ${look}`, async (t) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      for (const [name, path] of Object.entries(places)) {
        await t.test(name, async () => {
          await browser.open(page, path, name === "missing" ? 404 : 200);
          assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, "one heading of the first level");
          assert.ok(await page.getByText("not a medical device").first().isVisible(), "the notice is there");
          await fits(page, name);
          await accessible(page, name);
          await picture(page, `${name}-${look}`);
          browser.quiet(`${name} is quiet`);
        });
      }
    });
  }

  test("show a patient in every window", async (t) => {
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize(WIDE);
    for (const window of WINDOWS) {
      await t.test(window, async () => {
        await browser.open(page, `${places.patient}?window=${window}`);
        const signs = page.getByRole("group", { name: /^Heart rate|^Pulse/ }).first();
        await signs.waitFor();
        await accessible(page, `patient, ${window}`);
        await picture(page, `patient-${window}`);
        browser.quiet(`patient, ${window}, is quiet`);
      });
    }
  });

  test("show a patient as it was known, and lead back to now", async () => {
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize(WIDE);
    await browser.open(page, places.patient);
    const form = page.getByRole("form", { name: "As it was known" });
    await form.getByLabel("As it was known at").fill(clock(minutesBefore(await pulsewire.now(), 60)));
    await form.getByRole("button", { name: "Show" }).click();
    await page.waitForURL("**known=**");
    const banner = page.getByRole("status").filter({ hasText: "As it was known" });
    await banner.waitFor();
    await accessible(page, "patient, as it was known");
    await picture(page, "patient-known");
    for (const viewport of [MIDDLE, NARROW]) {
      await page.setViewportSize(viewport);
      await fits(page, "patient, as it was known");
    }
    await page.setViewportSize(WIDE);
    await page.getByRole("link", { name: "Back to now" }).click();
    await page.getByRole("navigation", { name: "As it was known" }).getByRole("link", { name: /^4 h ago/ }).click();
    await banner.waitFor();
    browser.quiet("a patient as it was known is quiet");
  });

  test("tell of a source what came and what is to be looked at", async () => {
    await browser.open(page, "/sources");
    const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: /^default/ }) });
    await row.getByRole("link", { name: /in quarantine/ }).waitFor();
    await row.getByRole("link", { name: /without a meaning/ }).click();
    await page.waitForURL("**/codes?source=default");
    browser.quiet("sources are quiet");
  });

  test("tell how a code without a meaning gets one", async () => {
    await browser.open(page, "/codes?field=OBX-3");
    const row = page.getByRole("row").filter({ hasText: "GLUX" });
    await row.getByText("Rule to fill in").click();
    await row.getByText('from = "L|GLUX"').waitFor();
    await accessible(page, "codes, a rule open");
    await picture(page, "codes-rule");
    await page.getByRole("navigation", { name: "Field" }).getByRole("link", { name: /^All/ }).click();
    await page.waitForURL("**/codes");
    browser.quiet("codes are quiet");
  });

  test("tell what became of each field of a message", async () => {
    await browser.open(page, places.message);
    const fields = page.getByRole("navigation", { name: "What became of the fields" });
    const value = page.getByRole("row").filter({ hasText: "Observation.value" });
    await value.filter({ hasText: "5.4" }).first().waitFor();
    await fields.getByRole("link", { name: /^left out/ }).click();
    await page.waitForURL("**?fields=ignored");
    await page.getByRole("row").filter({ hasText: "a separator" }).first().waitFor();
    assert.equal(await value.count(), 0, "only what was chosen is shown");
    await accessible(page, "message, left out");
    browser.quiet("a message is quiet");
  });

  test("are reached from the first by links alone", async () => {
    await browser.open(page, "/");
    for (const [name, title] of [["Alerts", "Alerts"], ["Patients", "Patients"], ["Workloads", "Workloads"], ["Sources", "Sources"], ["Quarantine", "Quarantine"], ["Codes", "Codes"], ["Overview", "Overview"]]) {
      await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name }).click();
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
      assert.equal(await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name }).getAttribute("aria-current"), "page");
    }
    browser.quiet("the way around is quiet");
  });

  test("say what is wrong with an address", async () => {
    for (const path of ["/alerts/none", "/patients/none", "/quarantine/none", "/messages/none", "/workloads/none", "/findings/none", "/messages/healthcare.audit:0:0", "/nowhere/at/all"]) {
      await browser.open(page, path, 404);
      await page.getByRole("link", { name: "To the overview" }).waitFor();
    }
    browser.quiet("refusals are quiet");
  });
});
