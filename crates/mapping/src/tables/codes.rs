//! Code tables: what a code of an HL7 v2 table is in FHIR.

use std::collections::BTreeSet;

use super::lookup::Lookup;
use super::overlay::File;
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
    rows: Lookup<Target>,
    v2_system: String,
}

/// What a code becomes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) system: &'static str,
    pub(crate) code: &'static str,
    pub(crate) display: &'static str,
}

impl CodeTable {
    /// Reads the files of one table; what a later one says overrules an earlier one.
    pub(super) fn read(files: impl Iterator<Item = File>) -> Result<Self, TableError> {
        let mut table = Self::default();
        for (file, text) in files {
            table.read_heads(text);
            table.read_rows(file, text)?;
        }
        table.v2_system = format!("http://terminology.hl7.org/CodeSystem/v2-{}", table.v2);
        Ok(table)
    }

    fn read_heads(&mut self, text: &'static str) {
        for line in text.lines().filter_map(|line| line.strip_prefix("# ")) {
            match line.split_once('\t') {
                Some(("v2", value)) => self.v2 = value,
                Some(("system", value)) => self.system = value,
                Some(("unknown", value)) => self.unknown = Some(value),
                Some(("empty", value)) => self.empty = Some(value),
                _ => {}
            }
        }
    }

    fn read_rows(&mut self, file: &'static str, text: &'static str) -> Result<(), TableError> {
        let mut seen = BTreeSet::new();
        for (place, cells) in lines(file, text) {
            let [from, code, rest @ ..] = cells.as_slice() else {
                return Err(place.error("a row has the v2 code and the code".to_owned()));
            };
            if !seen.insert(*from) {
                return Err(place.error(format!("`{from}` stands in the table twice")));
            }
            if *code == "-" {
                self.rows.remove(from);
                continue;
            }
            let cell = |number: usize| rest.get(number).copied().unwrap_or_default();
            let system = match cell(1) {
                "" => self.system,
                own => own,
            };
            let target = Target {
                system,
                code,
                display: cell(0),
            };
            self.rows.insert(from, target);
        }
        Ok(())
    }

    /// Finds what a code becomes.
    pub(crate) fn get(&self, code: &str) -> Option<Target> {
        self.rows.get(code).copied()
    }

    /// Says whether a code is one of those that codes become: FHIR allows no others where the table is applied.
    pub(crate) fn has(&self, code: &str) -> bool {
        self.rows.values().any(|target| target.code == code)
    }

    /// Says whether it translates nothing: its codes are the site's own, and kept as sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Gives the URI of the v2 table itself.
    pub(crate) fn v2_system(&self) -> &str {
        &self.v2_system
    }
}
