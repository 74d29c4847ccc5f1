// Without script, and from outside the browser: pages are documents, forms are forms, refusals are refusals.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { browse } from "./browser.mjs";
import { start, until } from "./pulsewire.mjs";
import { admission, minutesBefore, nobodys, potassium } from "./ward.mjs";

const EVE = { number: "E2E-EVE", family: "Elder", given: "Eve" };
const FORM = { "content-type": "application/x-www-form-urlencoded" };

describe("without script", () => {
  let pulsewire;
  let browser;
  let page;

  before(async () => {
    pulsewire = await start();
    browser = await browse(pulsewire.origin, { javaScriptEnabled: false });
    page = await browser.page();
    const now = await pulsewire.now();
    await pulsewire.send(admission(EVE, minutesBefore(now, 30)));
    await pulsewire.send(potassium(EVE, minutesBefore(now, 10), 6.9));
  });

  after(async () => {
    await browser?.close();
    await pulsewire?.stop();
  });

  /** Opens Eve's alert from the list, once it is there. */
  async function openAlert() {
    const row = page.getByRole("row").filter({ hasText: EVE.family }).filter({ hasText: /potassium/i });
    await until("the alert is listed", async () => {
      await browser.open(page, "/alerts");
      return (await row.count()) > 0;
    });
    await row.getByRole("link", { name: /potassium/i }).click();
    await page.getByRole("heading", { level: 1, name: /potassium/i }).waitFor();
  }

  async function csrf() {
    const { text } = await pulsewire.ask("/");
    return /name="csrf" value="([^"]+)"/.exec(text)[1];
  }

  test("pages are readable", async () => {
    for (const [path, title] of [["/", "Overview"], ["/alerts", "Alerts"], ["/patients", "Patients"], ["/ed", "Emergency"], ["/authorizations", "Authorizations"], ["/workloads", "Workloads"], ["/sources", "Sources"], ["/quarantine", "Quarantine"], ["/codes", "Codes"], ["/ui/kit", "Components"]]) {
      await browser.open(page, path);
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
    }
    await openAlert();
    await page.getByRole("table", { name: "Values that the rule used" }).waitFor();
    await page.getByRole("link", { name: /Elder/ }).first().click();
    await page.getByRole("heading", { level: 1, name: /Elder/ }).waitFor();
    await page.getByRole("table", { name: /Results/ }).getByText("6.9").first().waitFor();
    browser.quiet("pages are quiet");
  });

  test("what was known of a patient is asked for by a form", async () => {
    await browser.open(page, "/patients");
    await page.getByRole("rowheader").getByRole("link", { name: /Elder/ }).click();
    const form = page.getByRole("form", { name: "As it was known" });
    await form.getByLabel("As it was known at").fill("2026-01-01T00:00:30");
    await form.getByRole("button", { name: "Show" }).click();
    await page.getByRole("status").filter({ hasText: "As it was known" }).waitFor();
    assert.equal(await page.getByText("6.9").count(), 0, "nothing had come by then");
    await page.getByRole("link", { name: "Back to now" }).click();
    await page.getByRole("table", { name: /Results/ }).getByText("6.9").first().waitFor();
    browser.quiet("what was known is quiet");
  });

  test("a workload leads to its findings, and each to what it rests on", async () => {
    await browser.open(page, "/workloads");
    await page.getByRole("rowheader").getByRole("link", { name: "critical-results", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "critical-results" }).waitFor();
    await page.getByRole("rowheader").getByRole("link", { name: /potassium 6.9/ }).first().click();
    await page.getByRole("table", { name: "Values that the rule used" }).waitFor();
    browser.quiet("workloads are quiet");
  });

  test("an alert is acknowledged by a form", async () => {
    await openAlert();
    const take = page.getByRole("form", { name: "Acknowledge" });
    await take.getByLabel("Who").fill("Nurse <b>Joy</b>");
    await take.getByLabel("Why or what next").fill("on my way");
    await take.getByRole("button", { name: "Acknowledge" }).click();
    const path = new URL(page.url()).pathname;
    assert.match(path, /^\/alerts\/\w+$/, "the answer leads back to the alert");
    const history = page.getByRole("listitem").filter({ hasText: "Nurse <b>Joy</b>" }).filter({ hasText: "on my way" });
    await until("the history tells of it", async () => {
      await browser.open(page, path);
      return (await history.count()) > 0;
    });
    browser.quiet("forms are quiet");
  });

  test("a record in quarantine is sent through again and corrected by forms", async () => {
    await pulsewire.send(nobodys(minutesBefore(await pulsewire.now(), 5)));
    const rows = page.getByRole("rowheader").filter({ hasText: "no-patient" });
    await until("the message is in quarantine", async () => {
      await browser.open(page, "/quarantine?code=no-patient&source=default");
      return (await rows.count()) > 0;
    });
    await rows.first().getByRole("link").click();
    await page.getByText("It was not sent through again yet.").waitFor();
    const first = new URL(page.url()).pathname;
    const again = page.getByRole("form", { name: "Send it through again" });
    await again.getByLabel("Who").fill("Ada <b>Byron</b>");
    await again.getByRole("button", { name: "Send it through again" }).click();
    const attempt = page.getByRole("row").filter({ hasText: "Ada <b>Byron</b>" });
    await until("it failed again", async () => {
      await browser.open(page, first);
      return (await attempt.getByRole("link", { name: "failed again" }).count()) > 0;
    });
    assert.equal(await again.count(), 0, "it is sent once");
    await attempt.getByRole("link", { name: "failed again" }).click();
    await page.getByText("failed again: this record").waitFor();
    await page.getByText("Correct a copy").first().click();
    const edit = page.getByRole("form", { name: "Correct a copy" });
    const text = await edit.getByLabel("The message").inputValue();
    assert.match(text, /^MSH.*\nPID\|1\|\|\nOBR/);
    await edit.getByLabel("The message").fill(text.replace("PID|1||", `PID|1||${EVE.number}^^^HARBOURSIDE^MR`));
    await edit.getByLabel("Who").fill("Ada");
    await edit.getByRole("button", { name: "Send the corrected copy" }).click();
    const second = new URL(page.url()).pathname;
    await until("the copy is told of", async () => {
      await browser.open(page, second);
      return (await page.getByRole("row").filter({ hasText: "a corrected copy" }).count()) > 0;
    });
    browser.quiet("quarantine is quiet");
  });

  test("colours are chosen by a form", async () => {
    await browser.open(page, "/patients");
    const colours = page.getByRole("form", { name: "Colours" });
    await colours.getByRole("button", { name: "dark" }).click();
    await page.waitForURL("**/patients");
    assert.equal(await colours.getByRole("button", { name: "dark" }).getAttribute("aria-pressed"), "true");
    browser.quiet("themes are quiet");
  });

  test("a form without the right token changes nothing", async () => {
    await openAlert();
    const path = new URL(page.url()).pathname;
    for (const token of ["", "csrf=wrong&", `csrf=${"0".repeat(32)}&`]) {
      const answer = await pulsewire.ask(`${path}/resolve`, { method: "POST", headers: FORM, body: `${token}who=Mallory&why=no` });
      assert.equal(answer.status, 403);
    }
    const { text } = await pulsewire.ask(path);
    assert.doesNotMatch(text, /Mallory/);
  });

  test("a form that lacks a name or a reason is refused with words", async () => {
    await openAlert();
    const path = new URL(page.url()).pathname;
    const token = await csrf();
    for (const body of ["who=&why=because", "who=Joy&why=", "who=Joy", "who=%00%0a&why=x"]) {
      const answer = await pulsewire.ask(`${path}/resolve`, { method: "POST", headers: FORM, body: `csrf=${token}&${body}` });
      assert.equal(answer.status, 400, body);
      assert.match(answer.text, /Say who you are/);
    }
  });

  test("a form leads nowhere else", async () => {
    const token = await csrf();
    for (const [back, place] of [["/alerts", "/alerts"], ["//evil.example/", "/"], ["https://evil.example/", "/"], ["", "/"]]) {
      const body = `csrf=${token}&theme=dark&back=${encodeURIComponent(back)}`;
      const answer = await pulsewire.ask("/ui/theme", { method: "POST", headers: FORM, body });
      assert.equal(answer.status, 303);
      assert.equal(answer.headers.location, place, back);
    }
  });

  test("a form that is too large is refused", async () => {
    const body = `csrf=${await csrf()}&theme=dark&back=${"a".repeat(16 << 10)}`;
    const answer = await pulsewire.ask("/ui/theme", { method: "POST", headers: FORM, body });
    assert.equal(answer.status, 413);
  });

  test("another host's name is refused", async () => {
    for (const host of ["evil.example", "evil.example:80", "127.evil.example", "localhost.evil.example", "127.0.0.1@evil.example", "10.0.0.1"]) {
      const answer = await pulsewire.ask("/alerts", { headers: { host } });
      assert.equal(answer.status, 421, host);
      assert.doesNotMatch(answer.text, /Elder|csrf/);
    }
    for (const host of ["localhost", "localhost:1", "127.0.0.1:8080", "[::1]"]) {
      assert.equal((await pulsewire.ask("/alerts", { headers: { host } })).status, 200, host);
    }
  });

  test("another verb is refused", async () => {
    for (const method of ["PUT", "DELETE", "PATCH"]) {
      assert.equal((await pulsewire.ask("/alerts", { method })).status, 405, method);
    }
  });

  test("health, readiness and metrics are answered", async () => {
    assert.equal((await pulsewire.ask("/health")).text, "alive\n");
    const ready = await pulsewire.ask("/ready");
    assert.equal(ready.status, 200);
    assert.deepEqual(JSON.parse(ready.text), { ready: true, troubles: [] });
    const { headers, text } = await pulsewire.ask("/metrics");
    assert.match(headers["content-type"], /^application\/openmetrics-text/);
    assert.match(text, /^pulsewire_\w+\{[^}]*outcome="Accepted"[^}]*\} [1-9]/m);
    assert.match(text, /# EOF\n$/);
    assert.doesNotMatch(text, /Elder|E2E-EVE/, "metrics name no patient");
  });

  test("answers keep to themselves", async () => {
    for (const path of ["/", "/alerts", "/patients", "/health", "/metrics", "/nowhere", "/assets/none.js"]) {
      const { headers } = await pulsewire.ask(path);
      assert.match(headers["content-security-policy"], /frame-ancestors 'none'/, path);
      assert.equal(headers["x-content-type-options"], "nosniff", path);
      assert.equal(headers["referrer-policy"], "no-referrer", path);
      assert.equal(headers["cache-control"], "no-store", path);
    }
  });

  test("no address, key or log names a patient", async () => {
    const { text } = await pulsewire.ask("/patients");
    const addresses = text.match(/(?:href|action|sse-connect|hx-get)="[^"]*"/g).join("\n");
    assert.doesNotMatch(addresses, /Elder|E2E-EVE/);
    assert.doesNotMatch(pulsewire.said.err, /Elder|E2E-EVE/);
  });
});
