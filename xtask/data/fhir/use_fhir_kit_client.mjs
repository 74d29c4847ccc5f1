// Writes, reads, changes, finds and deletes with fhir-kit-client as its own documentation does it: use_fhir_kit_client.mjs BASE
import assert from "node:assert/strict";
import { Client } from "fhir-kit-client";

const SYSTEM = "http://north.example/mrn";
const client = new Client({ baseUrl: process.argv[2] });
const told = (number, more = {}) => ({ resourceType: "Patient", identifier: [{ system: SYSTEM, value: number }], ...more });
const status = (resource) => Client.httpFor(resource).response.status;
const refused = async (wanted, asked) => {
  const error = await asked.then(() => assert.fail(`${wanted} was to come`), (error) => error);
  assert.equal(error.response?.status, wanted, error.message);
  assert.equal(error.response.data.resourceType, "OperationOutcome");
  assert.ok(error.response.data.issue[0].diagnostics);
};

const statement = await client.capabilityStatement();
assert.equal(statement.fhirVersion, "4.0.1");

// Created, read, changed.
const created = await client.create({ resourceType: "Patient", body: told("K1", { gender: "other" }) });
assert.equal(status(created), 202);
const { id } = created;
const read = await client.read({ resourceType: "Patient", id });
assert.equal(read.gender, "other");
assert.equal((await client.vread({ resourceType: "Patient", id, version: "1" })).id, id);
const changed = await client.update({ resourceType: "Patient", id, body: { ...read, active: true } });
assert.equal(changed.meta.versionId, "2");
const stale = { headers: { "If-Match": 'W/"1"' } };
await refused(412, client.update({ resourceType: "Patient", id, body: told("K1"), options: stale }));
const searchParams = { identifier: `${SYSTEM}|K1` };
const byNumber = await client.update({ resourceType: "Patient", searchParams, body: told("K1", { active: false }) });
assert.deepEqual([byNumber.id, byNumber.meta.versionId], [id, "3"]);

// Created only where nobody has the number.
const ifNone = { headers: { "If-None-Exist": `identifier=${SYSTEM}|K1` } };
const known = await client.create({ resourceType: "Patient", body: told("K1"), options: ifNone });
assert.deepEqual([status(known), known.id, known.meta.versionId], [200, id, "3"]);

// Found, with the number in the address and without.
for (const options of [{}, { postSearch: true }]) {
  const found = await client.search({ resourceType: "Patient", searchParams, options });
  assert.deepEqual([found.total, found.entry.map((entry) => entry.resource.id)], [1, [id]]);
  const none = await client.search({ resourceType: "Patient", searchParams: { identifier: `${SYSTEM}|none` }, options });
  assert.deepEqual([none.total, none.entry ?? []], [0, []]);
}
await refused(400, client.search({ resourceType: "Patient", searchParams: { name: "Moser" } }));

// A transaction, whole or not at all.
const pulse = {
  resourceType: "Observation",
  status: "final",
  code: { coding: [{ system: "http://loinc.org", code: "8867-4" }] },
  subject: { reference: "urn:uuid:7d2c3f0e-6a0f-4a55-8a51-3f5a1f1c2d01" },
  effectiveDateTime: "2026-03-01T09:00:00Z",
  valueQuantity: { value: 80, unit: "/min", system: "http://unitsofmeasure.org", code: "/min" },
};
const entry = [
  { fullUrl: pulse.subject.reference, request: { method: "POST", url: "Patient" }, resource: told("K2") },
  { request: { method: "POST", url: "Observation" }, resource: pulse },
];
const transaction = (entry) => ({ resourceType: "Bundle", type: "transaction", entry });
const done = await client.transaction({ body: transaction(entry) });
assert.deepEqual(done.entry.map((one) => one.response.status.slice(0, 3)), ["202", "202"]);
const where = done.entry[1].response.location.replace(/\/_history\/.*/, "");
const kept = await client.resolve({ reference: where });
assert.equal((await client.resolve({ reference: kept.subject.reference })).identifier[0].value, "K2");
const wrong = [{ request: { method: "POST", url: "Patient" }, resource: told("K3") }, { request: { method: "POST", url: "Nobody" } }];
const error = await client.transaction({ body: transaction(wrong) }).then(() => null, (error) => error);
assert.ok([400, 422].includes(error?.response.status), `${error}`);
const none = await client.search({ resourceType: "Patient", searchParams: { identifier: `${SYSTEM}|K3` } });
assert.equal(none.total, 0);

// A batch does what can be done.
const batch = await client.batch({ body: { ...transaction(wrong), type: "batch" } });
assert.deepEqual(batch.entry.map((one) => one.response.status[0]), ["2", "4"]);

// What is wrong is an error that says why; deleted is gone.
await refused(404, client.read({ resourceType: "Patient", id: "nobody" }));
await refused(400, client.create({ resourceType: "Observation", body: told("K4") }));
await client.delete({ resourceType: "Patient", id });
await client.delete({ resourceType: "Patient", id });
await refused(410, client.read({ resourceType: "Patient", id }));
