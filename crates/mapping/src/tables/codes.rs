//! Code tables: what a code of an HL7 v2 table is in FHIR.

use std::collections::BTreeMap;

use super::{TableError, lines};

/// One table of codes.
#[derive(Debug, Default)]
pub(crate) struct CodeTable {
    /// The HL7 v2 table.
    pub(crate) v2: &'static str,
    /// The system of the codes, unless a row has its own.
    system: &'static str,
    /// What an unknown code becomes; it is left out where nothing is said.
    pub(crate) unknown: Option<&'static str>,
    /// What no code at all becomes.
    pub(crate) empty: Option<&'static str>,
    rows: BTreeMap<&'static str, Target>,
}

/// What a code becomes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) system: &'static str,
    pub(crate) code: &'static str,
    pub(crate) display: &'static str,
}

impl CodeTable {
    /// Reads one file.
    pub(super) fn read(file: &'static str, text: &'static str) -> Result<Self, TableError> {
        let mut table = Self::default();
        for line in text.lines().filter_map(|line| line.strip_prefix("# ")) {
            match line.split_once('\t') {
                Some(("v2", value)) => table.v2 = value,
                Some(("system", value)) => table.system = value,
                Some(("unknown", value)) => table.unknown = Some(value),
                Some(("empty", value)) => table.empty = Some(value),
                _ => {}
            }
        }
        for (place, cells) in lines(file, text) {
            let [from, code, rest @ ..] = cells.as_slice() else {
                return Err(place.error("a row has the v2 code and the code".to_owned()));
            };
            let cell = |number: usize| rest.get(number).copied().unwrap_or_default();
            let system = match cell(1) {
                "" => table.system,
                own => own,
            };
            let target = Target {
                system,
                code,
                display: cell(0),
            };
            if table.rows.insert(from, target).is_some() {
                return Err(place.error(format!("`{from}` stands in the table twice")));
            }
        }
        Ok(table)
    }

    /// Finds what a code becomes.
    pub(crate) fn get(&self, code: &str) -> Option<Target> {
        self.rows.get(code).copied()
    }

    /// Gives the URI of the v2 table itself.
    pub(crate) fn v2_system(&self) -> String {
        format!("http://terminology.hl7.org/CodeSystem/v2-{}", self.v2)
    }
}
