// Messages of invented patients, as a hospital's systems send them.

const MINUTE_MS = 60_000;
let control = 0;

/** A time as HL7 v2 writes it. */
export function stamp(date) {
  return `${date.toISOString().replace(/\.\d+Z$/, "").replace(/[-:T]/g, "")}+0000`;
}

export function minutesBefore(date, minutes) {
  return new Date(date.getTime() - minutes * MINUTE_MS);
}

function header(type, at) {
  control += 1;
  return `MSH|^~\\&|E2E|HARBOURSIDE|PULSEWIRE|HARBOURSIDE|${stamp(at)}||${type}|E2E${process.pid}-${control}|P|2.5.1`;
}

function identity({ number, family, given }) {
  return `PID|1||${number}^^^HARBOURSIDE^MR||${family}^${given}||19560704|F`;
}

function visit({ number }) {
  return `PV1|1|I|W7^12^A^HARBOURSIDE||||||||||||||||V${number}^^^HARBOURSIDE^VN`;
}

function lines(...segments) {
  return segments.map((segment) => `${segment}\r`).join("");
}

export function admission(patient, at) {
  return lines(header("ADT^A01^ADT_A01", at), `EVN||${stamp(at)}`, identity(patient), visit(patient));
}

function emergency({ number }, came, place, before) {
  const fields = Array(44).fill("");
  Object.assign(fields, { 0: "1", 1: "E", 2: place, 5: before, 18: `V${number}^^^HARBOURSIDE^VN`, 43: stamp(came) });
  return `PV1|${fields.join("|")}`;
}

/** Somebody came to the emergency department. */
export function arrival(patient, at, place) {
  return lines(header("ADT^A04^ADT_A01", at), `EVN||${stamp(at)}`, identity(patient), emergency(patient, at, place, ""));
}

/** Somebody who came there then is in another place. */
export function moved(patient, at, came, place, before) {
  return lines(header("ADT^A02^ADT_A02", at), `EVN||${stamp(at)}`, identity(patient), emergency(patient, came, place, before));
}

/** A laboratory result; the same order again, with status C, corrects it. */
export function potassium(patient, at, value, { order, status = "F" } = {}) {
  const head = header("ORU^R01^ORU_R01", at);
  return lines(
    head,
    identity(patient),
    visit(patient),
    `OBR|1||${order ?? `L${control}`}^LAB|24320-4^Basic metabolic panel^LN|||${stamp(at)}|||||||||||||||${stamp(at)}||CH|${status}`,
    `OBX|1|NM|2823-3^Potassium^LN||${value}|mmol/L|3.5-5.1|${value > 5.1 ? "HH" : "N"}|||${status}|||${stamp(at)}`,
  );
}

/** A result that only its laboratory has a code for. */
export function local(patient, at) {
  return lines(
    header("ORU^R01^ORU_R01", at),
    identity(patient),
    visit(patient),
    `OBR|1||L${control}^LAB|24320-4^Basic metabolic panel^LN|||${stamp(at)}|||||||||||||||${stamp(at)}||CH|F`,
    `OBX|1|NM|GLUX^Glucose by the house's method^L||5.4|mmol/L|3.9-5.8|N|||F|||${stamp(at)}`,
    "ZLB|1|house",
  );
}

/** One set of vital signs, all seven that an early warning score asks for. */
export function vitals(patient, at, { breaths, saturation, systolic, pulse, celsius }) {
  const sign = (number, code, name, value, unit) => `OBX|${number}|NM|${code}^${name}^LN||${value}|${unit}|||||F|||${stamp(at)}`;
  return lines(
    header("ORU^R01^ORU_R01", at),
    identity(patient),
    visit(patient),
    `OBR|1||N${control}|85353-1^Vital signs^LN|||${stamp(at)}|||||||||||||||${stamp(at)}|||F`,
    sign(1, "9279-1", "Respiratory rate", breaths, "/min"),
    sign(2, "59408-5", "Oxygen saturation", saturation, "%"),
    sign(3, "8480-6", "Systolic blood pressure", systolic, "mm[Hg]"),
    sign(4, "8867-4", "Heart rate", pulse, "/min"),
    sign(5, "8310-5", "Body temperature", celsius, "Cel"),
    sign(6, "3151-8", "Inhaled oxygen flow rate", 0, "L/min"),
    `OBX|7|CWE|80288-4^Level of consciousness^LN||248234008^Mentally alert^SCT||||||F|||${stamp(at)}`,
  );
}

/** Two identities turn out to be one patient; of a patient and the same patient, nobody can carry it out. */
export function merge(survivor, retired, at) {
  return lines(
    header("ADT^A40^ADT_A39", at),
    `EVN||${stamp(at)}`,
    identity(survivor),
    `MRG|${retired.number}^^^HARBOURSIDE^MR`,
  );
}

/** A result of nobody: its sender forgot whose it is. */
export function nobodys(at) {
  return lines(
    header("ORU^R01^ORU_R01", at),
    "PID|1||",
    `OBR|1||L${control}^LAB|2823-3^Potassium^LN|||${stamp(at)}`,
    `OBX|1|NM|2823-3^Potassium^LN||4.1|mmol/L|3.5-5.1|N|||F|||${stamp(at)}`,
  );
}
