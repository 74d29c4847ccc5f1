//! `[workloads.emergency]`: which units are emergency departments, where in them patients wait, and how many beds they have.

use std::collections::{BTreeMap, BTreeSet};

use workloads::throughput::{
    Department, UnitBeds, own_clocks, own_signs, parse_clocks, parse_signs,
};
use workloads::{site_rows, without_rows};

use super::reader::Reader;

const AT: &str = "workloads.emergency";

/// Reads the table; nothing where it is not enabled.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Department> {
    let is_enabled = reader.switch(AT, "enabled");
    let mut listed = |key| -> BTreeSet<Box<str>> {
        let words = reader.words(AT, key).into_iter();
        words.map(String::into_boxed_str).collect()
    };
    let (units, waiting) = (listed("units"), listed("waiting"));
    let left_unseen = listed("left_unseen");
    let clocks = |text: &str| parse_clocks(text).map_err(|error| error.to_string());
    let department = Department {
        units,
        waiting,
        left_unseen,
        beds: file(reader, "beds", beds).unwrap_or_default(),
        clocks: file(reader, "clocks", clocks).unwrap_or_else(own_clocks),
        signs: file(reader, "signs", parse_signs).unwrap_or_else(own_signs),
        tells: reader.switch(AT, "findings"),
    };
    is_enabled.then_some(department)
}

/// What a file of the site says; nothing where none is named, or where it cannot be used, which is told.
fn file<T>(
    reader: &mut Reader<'_>,
    key: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<T> {
    let path = reader.path(AT, key)?;
    let text = std::fs::read_to_string(&path).map_err(|error| format!("cannot be read: {error}"));
    text.and_then(|text| parse(&text))
        .inspect_err(|why| {
            let hint = format!("name a file of {key} as docs/emergency.md describes it");
            reader.refuse(AT, key, why, &hint);
        })
        .ok()
}

fn beds(text: &str) -> Result<BTreeMap<Box<str>, UnitBeds>, String> {
    if let Some((line, what)) = without_rows(text) {
        return Err(format!("line {line}: {what}"));
    }
    let mut all = BTreeMap::new();
    for (line, row) in site_rows(text) {
        let what = "write unit, beds of the department and beds of the hospital, at least one each, separated by tabs";
        let (unit, beds) = bed_row(row).ok_or_else(|| format!("line {line}: {what}"))?;
        if all.contains_key(&unit) {
            return Err(format!(
                "line {line}: the unit {unit} has a row already: keep one"
            ));
        }
        all.insert(unit, beds);
    }
    Ok(all)
}

fn bed_row(row: &str) -> Option<(Box<str>, UnitBeds)> {
    let cells: Vec<&str> = row.split('\t').map(str::trim).collect();
    let [unit, department, hospital] = cells.try_into().ok()?;
    let beds = UnitBeds {
        department: department.parse().ok()?,
        hospital: hospital.parse().ok()?,
    };
    let is_whole = !unit.is_empty() && beds.department > 0 && beds.hospital > 0;
    is_whole.then(|| (unit.into(), beds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_beds_has_a_unit_and_two_numbers() {
        let read = beds("# words\n\nED\t20\t300\n").unwrap();
        let want = UnitBeds {
            department: 20,
            hospital: 300,
        };
        assert_eq!(read.get("ED"), Some(&want));
        for row in [
            "ED\t20",
            "ED\t0\t300",
            "ED\t20\t0",
            "\t20\t300",
            "ED\tmany\t300",
        ] {
            let wrong = beds(&format!("ED\t1\t1\n{row}")).unwrap_err();
            assert!(wrong.starts_with("line 2: write unit"), "{wrong}");
        }
        let twice = beds("ED\t20\t300\n# words\nED\t2\t30\n").unwrap_err();
        assert_eq!(twice, "line 3: the unit ED has a row already: keep one");
        assert!(beds("# words\n").unwrap_err().contains("has no row"));
        assert_eq!(beds("\u{feff}ED\t20\t300\n").unwrap(), read);
    }
}
