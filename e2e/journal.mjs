// Resources as they lie on the disk of the running platform, found without any of its code.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const BEGIN = Buffer.from('{"resourceType":');
const [QUOTE, BACKSLASH, OPEN, CLOSE] = Buffer.from('"\\{}');

/** The resources of the public topics, in the order of each partition. */
export function published(data) {
  const topics = join(data, "journal", "topics");
  if (!existsSync(topics)) return [];
  const segments = readdirSync(topics, { recursive: true }).filter((file) => /^healthcare\.fhir\..*\.segment$/.test(file));
  return segments.flatMap((file) => [...objects(readFileSync(join(topics, file)))]);
}

/** Every JSON object that begins as a resource does; one that does not end is left out. */
function* objects(bytes) {
  let at = bytes.indexOf(BEGIN);
  while (at >= 0) {
    const end = endOf(bytes, at);
    if (end === null) return;
    yield JSON.parse(bytes.subarray(at, end).toString());
    at = bytes.indexOf(BEGIN, end);
  }
}

function endOf(bytes, begin) {
  let depth = 0;
  let quoted = false;
  for (let at = begin; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (quoted && byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) quoted = !quoted;
    else if (!quoted && byte === OPEN) depth += 1;
    else if (!quoted && byte === CLOSE) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return null;
}
