//! Which of our maps writes a data type of HL7 as an element of R4.

use std::collections::BTreeMap;

use super::definition::Definitions;

/// The guide's data type tables, by their names in lower case.
#[derive(Debug, Default)]
pub(super) struct TypeTables(BTreeMap<String, String>);

impl TypeTables {
    /// Takes note of a table: `CX[Identifier]`.
    pub(super) fn add(&mut self, name: &str) {
        self.0.insert(name.to_ascii_lowercase(), name.to_owned());
    }

    /// Forgets a table of which no row could be compiled.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.remove(&name.to_ascii_lowercase());
    }

    /// Finds a table however its name's letters are written; gives type and target.
    pub(super) fn find(&self, name: &str) -> Option<(&str, &str)> {
        let known = self.0.get(&name.to_ascii_lowercase())?;
        known.strip_suffix(']')?.split_once('[')
    }

    /// Gives the resource that a table describes: `Practitioner` for `XCN[Practitioner]`.
    pub(super) fn resource(&self, name: &str) -> Option<String> {
        let (_, target) = self.find(name)?;
        Some(target.split('-').next().unwrap_or(target).to_owned())
    }
}

/// What the guide says of a value, and what R4 says of its element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'w> {
    /// The data type as sent.
    pub(super) data_type: &'w str,
    /// The guide's `Data Type Mapping`.
    pub(super) mapping: &'w str,
    /// The name of the element.
    pub(super) element: &'w str,
    /// The type of the element.
    pub(super) kind: &'w str,
    /// The path of a part that its owner defines: `MessageHeader.source`.
    pub(super) part: &'w str,
    /// Whether codes are translated.
    pub(super) vocabulary: bool,
}

/// Gives the map.
pub(super) fn map(tables: &TypeTables, wanted: Wanted<'_>) -> Result<String, &'static str> {
    if Definitions::is_primitive(wanted.kind) {
        return primitive(wanted);
    }
    let default = match (wanted.data_type, wanted.kind) {
        ("EI", "Identifier") => "EI[Identifier-Extension]".to_owned(),
        (data_type, kind) => format!("{data_type}[{kind}]"),
    };
    let name = if wanted.mapping.is_empty() {
        &default
    } else {
        wanted.mapping
    };
    if matches!(wanted.kind, "CodeableConcept" | "Coding") && is_coded(tables, name, wanted) {
        return Ok(format!("CWE.{}", wanted.kind));
    }
    match tables.find(name) {
        Some((data_type, target))
            if is_of(target, wanted.kind) || target.split('-').next() == Some(wanted.part) =>
        {
            Ok(format!("{data_type}.{target}"))
        }
        Some(_) => Err("the data type's table is of another type"),
        None => Err("the guide has no table of the data type"),
    }
}

/// Every coded type has the parts of CWE, or the first of them; older versions send one where newer ones ask for another.
fn is_coded(tables: &TypeTables, name: &str, wanted: Wanted<'_>) -> bool {
    let data_type = tables
        .find(name)
        .map_or(wanted.data_type, |(known, _)| known);
    let target = tables.find(name).map_or(wanted.kind, |(_, target)| target);
    target == wanted.kind && matches!(data_type, "CE" | "CF" | "CNE" | "CWE" | "ID" | "IS" | "ST")
}

/// Says whether a table writes what an element is: `Identifier-Extension` an `Identifier`.
fn is_of(target: &str, kind: &str) -> bool {
    let stem = target.split('-').next().unwrap_or(target);
    let same = stem.eq_ignore_ascii_case(kind);
    same || (matches!(kind, "Age" | "Duration" | "Quantity" | "Count")
        && matches!(stem, "Quantity" | "Duration"))
}

fn primitive(wanted: Wanted<'_>) -> Result<String, &'static str> {
    let sent = wanted
        .mapping
        .split('[')
        .next()
        .filter(|sent| !sent.is_empty())
        .unwrap_or(wanted.data_type);
    let name = match wanted.kind {
        "code" if wanted.vocabulary => "code",
        "code" => "code-as-sent",
        "boolean" => "boolean",
        "integer" | "positiveInt" | "unsignedInt" if sent == "CQ" => {
            return Err("a quantity of time as a number");
        }
        "integer" | "positiveInt" | "unsignedInt" => "integer",
        "decimal" => "decimal",
        "date" => "date",
        "dateTime" => "dateTime",
        "instant" => "instant",
        "time" => "time",
        "string" | "$String" if wanted.element == "url" => "uri",
        "uri" | "url" | "canonical" if sent == "HD" => return Err("an authority as a URI"),
        "uri" | "url" | "canonical" | "oid" | "uuid" | "id" => "uri",
        "markdown" if matches!(sent, "FT" | "TX" | "ST") => "lines",
        "string" | "$String" if wanted.element == "family" => "family",
        "string" | "$String" | "markdown" => match sent {
            "SAD" => "street",
            "XPN" | "PL" | "VR" | "XCN" | "XAD" | "OG" => "joined",
            "CWE" | "CNE" | "CE" => "words",
            _ => "string",
        },
        _ => return Err("no map writes this type"),
    };
    Ok(name.to_owned())
}
