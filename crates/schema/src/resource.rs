//! The slim JSON Schema of each FHIR resource type that is published.
//!
//! It is made of the definitions that the validator uses, and typed as deep as the elements of a resource, of their data
//! types and of what these hold: `identifier.type.coding.code` is typed, what lies deeper is an open object. So it has no
//! recursion and no references, which registries and the readers behind them take badly, and stays small.
//!
//! All elements of FHIR R4 are in it to that depth, not only those that the mapping writes today. The content is open,
//! so that an older reader accepts what is written later; and to type a further element of an open object is a change
//! that registries refuse, since older records might hold anything there. With all of R4 typed from the beginning, the
//! mapping can grow without any change of schema.
//!
//! Looser than FHIR on purpose: `extension`, `modifierExtension`, `contained` and resources in resources are open, of a
//! choice of types that must be there none is required, an element beside a value (`_birthDate`) is not described, and
//! a list of more than [`CODES_MAX`] codes is not held against. `validate` says the rest.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use formats::fhir::definition::{Definition, Element, FHIR_VERSION, Held, Primitive};

use crate::json_schema::{Document, Schema};

/// How many objects deep elements are typed; a registered schema cannot grow deeper without breaking its readers.
pub const DEPTH: usize = 4;
/// Required code lists up to this long are held against.
pub const CODES_MAX: usize = 40;
/// Registries work well with schemas below this.
pub const BYTES_MAX: usize = 128 * 1024;

/// What the mapping says to be unknown by an extension beside it (`_recorded`), where FHIR requires it.
const MAY_BE_UNKNOWN: [(&str, &str); 1] = [("Provenance", "recorded")];
/// Lists of anything: what they hold has no end.
const OPEN: [&str; 3] = ["extension", "modifierExtension", "contained"];

/// What claims, coverage and devices make beside what messages do.
const BESIDE_MESSAGES: [&str; 13] = [
    "Claim",
    "ClaimResponse",
    "Communication",
    "Coverage",
    "CoverageEligibilityRequest",
    "CoverageEligibilityResponse",
    "Device",
    "DeviceMetric",
    "ExplanationOfBenefit",
    "MedicationAdministration",
    "PaymentReconciliation",
    "ServiceRequest",
    "Task",
];

/// Gives the resource types that have a topic, and so a schema, of their own; the others share a topic.
pub fn published() -> &'static BTreeSet<&'static str> {
    static PUBLISHED: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    PUBLISHED.get_or_init(|| {
        let made = mapping::map::resource_types().into_iter();
        made.chain(BESIDE_MESSAGES).collect()
    })
}

/// Gives the schema of a resource type of FHIR R4, on one line; nothing where there is no such type.
pub fn schema(resource_type: &str) -> Option<String> {
    Some(document(resource_type)?.to_json())
}

fn document(resource_type: &str) -> Option<Document> {
    let definition = Definition::of(resource_type).filter(|found| found.is_resource())?;
    let name = definition.name();
    let description = format!(
        "FHIR R4 {name} ({FHIR_VERSION}), typed {DEPTH} objects deep; further elements are allowed."
    );
    let root = object(definition, DEPTH);
    let id = format!("fhir:{name}");
    Some(Document::new(&id, name, &description, root))
}

fn object(definition: Definition, depth: usize) -> Schema {
    let Some(depth) = depth.checked_sub(1) else {
        return Schema::object();
    };
    let mut object = Schema::object();
    for element in definition.elements() {
        let name = element.name();
        let held = match name {
            "resourceType" => Schema::words([definition.name()]),
            "id" if definition.is_resource() => of_primitive(Primitive::Id),
            _ => value(element, depth),
        };
        let schema = match element.repeats() {
            true => Schema::list(held),
            false => held,
        };
        let unknown = MAY_BE_UNKNOWN.contains(&(definition.name(), name));
        object = match element.is_required() && !element.is_choice() && !unknown {
            true => object.must(name, schema),
            false => object.may(name, schema),
        };
    }
    object
}

fn value(element: Element, depth: usize) -> Schema {
    match element.holds() {
        _ if OPEN.contains(&element.name()) => Schema::object(),
        None => Schema::object(),
        Some(Held::Type(definition)) => object(definition, depth),
        Some(Held::Primitive(primitive)) => match element.codes() {
            Some(codes) if codes.len() <= CODES_MAX => Schema::words(codes),
            _ => of_primitive(primitive),
        },
    }
}

/// The whole numbers of FHIR have 32 bits.
const INTEGER_MAX: i64 = i32::MAX as i64;

fn of_primitive(primitive: Primitive) -> Schema {
    match primitive {
        Primitive::Boolean => Schema::of("boolean"),
        Primitive::Integer => Schema::whole(-INTEGER_MAX - 1, INTEGER_MAX),
        Primitive::UnsignedInt => Schema::whole(0, INTEGER_MAX),
        Primitive::PositiveInt => Schema::whole(1, INTEGER_MAX),
        Primitive::Decimal => Schema::of("number"),
        Primitive::Id => Schema::pattern(r"^[A-Za-z0-9.-]{1,64}$"),
        Primitive::Date => Schema::pattern(r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"),
        Primitive::DateTime => Schema::pattern(
            r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2}))?)?)?$",
        ),
        Primitive::Instant => Schema::pattern(
            r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$",
        ),
        Primitive::Time => Schema::pattern(r"^[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?$"),
        Primitive::String
        | Primitive::Markdown
        | Primitive::Code
        | Primitive::Uri
        | Primitive::Url
        | Primitive::Canonical
        | Primitive::Oid
        | Primitive::Uuid
        | Primitive::Base64Binary
        | Primitive::Xhtml => Schema::text(),
    }
}

#[cfg(test)]
mod tests;
