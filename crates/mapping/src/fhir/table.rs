//! What is asked of each resource type of R4, as rows of `data/fhir/resources.tsv`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use formats::fhir::reference;

use super::path::Path;

static ROWS: LazyLock<BTreeMap<&'static str, Row>> =
    LazyLock::new(|| load().expect("a test loads the rows that are built in"));

const FILE: &str = "data/fhir/resources.tsv";

/// What is asked of a resource type.
pub(super) struct Row {
    /// Where its patient is.
    pub(super) patient: Patient,
    /// When it was true, best first.
    pub(super) time: Vec<Path>,
    /// When its source stored it, best first.
    pub(super) recorded: Vec<Path>,
    /// Whether it is ever a resource of its own.
    kept: bool,
}

/// Where the patient of a resource is.
pub(super) enum Patient {
    /// It has none.
    Nobody,
    /// It is the patient.
    Itself,
    /// It refers to one, best first.
    At(Vec<Path>),
}

/// Gives what is asked of a resource type.
pub(super) fn row(resource_type: &str) -> Option<&'static Row> {
    ROWS.get(resource_type)
}

/// Gives the resource types that drafts may be of, in order.
pub fn resource_types() -> impl Iterator<Item = &'static str> {
    let kept = ROWS.iter().filter(|(_, row)| row.kept);
    kept.map(|(name, _)| *name)
}

/// Says whether a resource of a type is kept as one: a Bundle, Parameters and what answers a request are not.
pub fn is_kept(resource_type: &str) -> bool {
    row(resource_type).is_some_and(|row| row.kept)
}

fn load() -> Result<BTreeMap<&'static str, Row>, String> {
    let mut rows = BTreeMap::new();
    for (number, line) in (1..).zip(include_str!("../../data/fhir/resources.tsv").lines()) {
        if line.starts_with('#') {
            continue;
        }
        let wrong = |what: &str| format!("{FILE}, line {number}: {what}");
        let columns: Vec<&'static str> = line.split('\t').collect();
        let [name, patient, time, recorded, kept] = *columns.as_slice() else {
            return Err(wrong("a row has five columns"));
        };
        let name = reference::resource_type(name).ok_or_else(|| wrong("no such type"))?;
        let row = Row {
            patient: match patient {
                "-" => Patient::Nobody,
                "@self" => Patient::Itself,
                paths => Patient::At(Path::all(paths)),
            },
            time: Path::all(time),
            recorded: Path::all(recorded),
            kept: match kept {
                "yes" => true,
                "no" => false,
                _ => return Err(wrong("kept is yes or no")),
            },
        };
        if rows.insert(name, row).is_some() {
            return Err(wrong("the type has a row already"));
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use formats::fhir::definition::{Definition, Held};

    use super::*;

    #[test]
    fn every_type_has_a_row_whose_paths_lead_to_something() {
        let rows = load().unwrap();
        let text = include_str!("../../../formats/data/fhir/elements.tsv");
        let types = text.lines().filter_map(|line| {
            let mut columns = line.split('\t');
            let name = columns.next().filter(|name| !name.is_empty())?;
            (columns.next() == Some("resource")).then_some(name)
        });
        let mut count = 0;
        for name in types {
            count += 1;
            let row = rows
                .get(name)
                .unwrap_or_else(|| panic!("{name} has no row"));
            let own = Definition::of(name).unwrap();
            if let Patient::At(paths) = &row.patient {
                assert!(!paths.is_empty());
                for path in paths {
                    assert_eq!(leads_to(own, path), "Reference", "{name} {path:?}");
                }
            }
            for path in row.time.iter().chain(&row.recorded) {
                let end = leads_to(own, path);
                assert!(
                    matches!(end, "dateTime" | "date" | "instant"),
                    "{name} {path:?}: {end}"
                );
            }
        }
        assert_eq!(count, rows.len());
        assert!(count > 140);
    }

    fn leads_to(from: Definition, path: &Path) -> &'static str {
        let mut at = from;
        let (last, steps) = path.steps().split_last().unwrap();
        let held = |of: Definition, step: &str| {
            let element = of
                .element(step)
                .unwrap_or_else(|| panic!("{} {step}", of.name()));
            element.holds().unwrap()
        };
        for step in steps {
            match held(at, step) {
                Held::Type(next) => at = next,
                Held::Primitive(_) => panic!("{step} holds nothing"),
            }
        }
        match held(at, last) {
            Held::Type(end) => end.name(),
            Held::Primitive(end) => end.name(),
        }
    }
}
