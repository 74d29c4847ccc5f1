//! `[workloads.care-gaps]`: the quality measures that a site looks at, and its own files of the value sets that they name.

use std::collections::BTreeSet;
use std::path::Path;

use mapping::care::value_set::value_sets;
use workloads::measures::{Measure, MeasureValueSets, MeasuresConfig};

use super::reader::Reader;

const AT: &str = "workloads.care-gaps";
/// A file of value sets is at most so large.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// So many value sets that are missing are named.
const NAMED: usize = 5;

/// The settings of care gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CareGaps {
    pub(crate) measures: MeasuresConfig,
    pub(crate) value_sets: MeasureValueSets,
    /// The sources whose resources are adjudicated claims.
    pub(crate) claim_sources: BTreeSet<String>,
}

/// Reads the table; nothing where it is not enabled.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<CareGaps> {
    let is_enabled = reader.switch(AT, "enabled");
    let measures = MeasuresConfig {
        measures: measures(reader),
        utc_offset_seconds: utc_offset(reader),
        settles_after: Some(reader.duration(AT, "settles_after")).filter(|after| !after.is_zero()),
    };
    let folder = reader.path(AT, "value_sets");
    let may_miss = reader.one_of(AT, "missing_value_sets", &["refuse", "allow"]) == "allow";
    let claim_sources = reader.text(AT, "claim_sources");
    if !is_enabled {
        return None;
    }
    let value_sets = match folder {
        Some(folder) => match load(&folder) {
            Ok(sets) => sets,
            Err(Unusable { what, hint }) => {
                reader.refuse(AT, "value_sets", &what, &hint);
                return None;
            }
        },
        None => {
            let hint = "name the folder with the value sets that the measures name: they are under the licences of their codes, and docs/care-gaps.md says where they are from";
            reader.refuse(AT, "value_sets", "is not set", hint);
            return None;
        }
    };
    if !may_miss {
        refuse_missing(reader, &value_sets, &measures.measures);
    }
    Some(CareGaps {
        measures,
        value_sets,
        claim_sources: claim_sources
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
    })
}

/// The measures, each once.
fn measures(reader: &mut Reader<'_>) -> Vec<Measure> {
    let words = reader.text(AT, "measures");
    let mut measures = Vec::new();
    for word in words.split_whitespace() {
        match Measure::parse(word) {
            Some(measure) => measures.push(measure),
            None => {
                let what = format!("names {word:?}, which is no measure");
                let hint = format!("name some of {}", Measure::ALL.map(Measure::word).join(" "));
                reader.refuse(AT, "measures", &what, &hint);
            }
        }
    }
    measures.sort_unstable();
    measures.dedup();
    if words.trim().is_empty() {
        let hint = format!("name some of {}", Measure::ALL.map(Measure::word).join(" "));
        reader.refuse(AT, "measures", "is empty", &hint);
    }
    measures
}

/// A clock's distance from UTC, in seconds.
fn utc_offset(reader: &mut Reader<'_>) -> i32 {
    let text = reader.text(AT, "utc_offset");
    offset_seconds(&text).unwrap_or_else(|| {
        let hint = "give hours and minutes ahead of UTC, from \"-14:00\" to \"+14:00\"";
        reader.refuse(AT, "utc_offset", "is no distance from UTC", hint);
        0
    })
}

fn offset_seconds(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |text: &str| -> Option<i32> {
        let is_two_digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is_two_digits)
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let seconds = (hours * 60 + minutes) * 60;
    (minutes < 60 && seconds <= 14 * 60 * 60).then_some(sign * seconds)
}

/// A value set that a measure names decides about who is counted: without it the measure finds something else.
fn refuse_missing(reader: &mut Reader<'_>, sets: &MeasureValueSets, measures: &[Measure]) {
    let missing: Vec<String> = sets
        .missing_for(measures)
        .map(|(identifier, title)| format!("{title} ({identifier})"))
        .collect();
    if missing.is_empty() {
        return;
    }
    let named = missing.iter().take(NAMED).cloned().collect::<Vec<_>>();
    let more = missing.len().saturating_sub(NAMED);
    let and_more = match more {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let what = format!(
        "lacks {} value set(s) that the measures name: {}{and_more}",
        missing.len(),
        named.join(", ")
    );
    let hint = "add files with their codes, leave the measures out that name them, or set missing_value_sets = \"allow\" where they are to match nothing";
    reader.refuse(AT, "value_sets", &what, hint);
}

/// Why a folder of value sets cannot be used.
struct Unusable {
    what: String,
    hint: String,
}

/// Loads every file of a folder, in the order of their names.
fn load(folder: &Path) -> Result<MeasureValueSets, Unusable> {
    let unusable = |path: &Path, why: &dyn std::fmt::Display, hint: &str| Unusable {
        what: format!("cannot be used: {}: {why}", path.display()),
        hint: hint.to_owned(),
    };
    let of_folder = "name a folder with *.json (FHIR ValueSet, or Bundles of them) and *.tsv (OID, system and code in each line)";
    let listed = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let listed = listed.map_err(|error| unusable(folder, &error, of_folder))?;
    let mut paths: Vec<_> = listed.iter().map(std::fs::DirEntry::path).collect();
    paths.sort();
    let mut sets = MeasureValueSets::new();
    for path in paths {
        let extension = path.extension().and_then(|name| name.to_str());
        if !matches!(extension, Some("json" | "tsv")) {
            continue;
        }
        let of_file = "give it to the account that the platform runs as, and keep it below 256 MiB";
        let length = std::fs::metadata(&path).map(|about| about.len());
        let length = length.map_err(|error| unusable(&path, &error, of_file))?;
        if length > FILE_BYTES_MAX {
            return Err(unusable(&path, &"it is too long", of_file));
        }
        let bytes = std::fs::read(&path).map_err(|error| unusable(&path, &error, of_file))?;
        if extension == Some("tsv") {
            let text = std::str::from_utf8(&bytes)
                .map_err(|error| unusable(&path, &error, "write it in UTF-8"))?;
            let added = sets.add_lines(text);
            added.map_err(|error| unusable(&path, &error, "mend that line"))?;
            continue;
        }
        let hint = "it holds a FHIR R4 ValueSet with its expansion, or a Bundle of them";
        for set in value_sets(&bytes).map_err(|error| unusable(&path, &error, hint))? {
            for (system, code) in &set.codes {
                sets.add(&set.identifier, system, code);
            }
        }
    }
    Ok(sets)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::config::parse;

    const ON: &str = "[workloads.care-gaps]\nenabled = true\n";

    /// What is told of settings; the folder of the test goes by another name.
    fn check(folder: &std::path::Path, settings: &str, expected: Expect) {
        let folder = folder.display().to_string();
        let text = format!("{ON}value_sets = {folder:?}\n{settings}");
        let told = parse(&text).expect_err("something is wrong with it");
        let told: Vec<String> = told.iter().map(ToString::to_string).collect();
        expected.assert_eq(&told.join("\n").replace(&folder, "FOLDER"));
    }

    #[test]
    fn it_is_off_and_on_it_needs_value_sets() {
        assert_eq!(parse("").expect("it is valid").care_gaps, None);
        let told = parse(ON).expect_err("it has no value sets");
        expect![[r#"
            line 1: workloads.care-gaps.value_sets is not set
                hint: name the folder with the value sets that the measures name: they are under the licences of their codes, and docs/care-gaps.md says where they are from"#]].assert_eq(&told[0].to_string());
    }

    #[test]
    fn what_is_missing_or_unreadable_is_named() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        check(
            folder.path(),
            "measures = \"cms130\"\n",
            expect![[r#"
            line 3: workloads.care-gaps.value_sets lacks 27 value set(s) that the measures name: Office Visit (2.16.840.1.113883.3.464.1003.101.12.1001), Annual Wellness Visit (2.16.840.1.113883.3.526.3.1240), Preventive Care Services Established Office Visit, 18 and Up (2.16.840.1.113883.3.464.1003.101.12.1025), Preventive Care Services Initial Office Visit, 18 and Up (2.16.840.1.113883.3.464.1003.101.12.1023), Home Healthcare Services (2.16.840.1.113883.3.464.1003.101.12.1016), and 22 more
                hint: add files with their codes, leave the measures out that name them, or set missing_value_sets = "allow" where they are to match nothing"#]],
        );
        check(
            folder.path(),
            "missing_value_sets = \"allow\"\nmeasures = \"cms130 cms9\"\nutc_offset = \"+1\"\n",
            expect![[r#"
                line 5: workloads.care-gaps.measures names "cms9", which is no measure
                    hint: name some of cms122 cms125 cms130 cms165 cms816 cms832 cms871 cms1244 cms1264
                line 6: workloads.care-gaps.utc_offset is no distance from UTC
                    hint: give hours and minutes ahead of UTC, from "-14:00" to "+14:00""#]],
        );
        std::fs::write(folder.path().join("a.tsv"), "1.2.3 x y\n").expect("it can be written");
        check(
            folder.path(),
            "",
            expect![[r#"
            line 3: workloads.care-gaps.value_sets cannot be used: FOLDER/a.tsv: line 1: write the value set's OID, the system's URI and the code, with tabs between them
                hint: mend that line"#]],
        );
        std::fs::write(folder.path().join("a.tsv"), "").expect("it can be written");
        std::fs::write(folder.path().join("b.json"), "[]").expect("it can be written");
        check(
            folder.path(),
            "",
            expect![[r#"
            line 3: workloads.care-gaps.value_sets cannot be used: FOLDER/b.json: the resource is not JSON: an object expected, 2 bytes before its end
                hint: it holds a FHIR R4 ValueSet with its expansion, or a Bundle of them"#]],
        );
    }

    #[test]
    fn files_of_a_folder_fill_value_sets_and_other_files_are_left_alone() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("it can be written");
        };
        let base = "2.16.840.1.113883.3.464.1003";
        write("lines.tsv", &format!("{base}.101.12.1001\turn:a\t1\n"));
        write(
            "sets.json",
            &format!(
                r#"{{"resourceType":"Bundle","entry":[{{"resource":{{"resourceType":"ValueSet","url":"http://cts.nlm.nih.gov/fhir/ValueSet/{base}.108.12.1020","expansion":{{"contains":[{{"system":"urn:a","code":"2"}}]}}}}}}]}}"#
            ),
        );
        write("README.md", "no value set");
        let path = folder.path().display().to_string();
        let text = format!(
            "{ON}value_sets = {path:?}\nmissing_value_sets = \"allow\"\nmeasures = \"cms165 cms130 cms130\"\nutc_offset = \"-05:30\"\nclaim_sources = \"payer other\"\n[source.payer]\n[source.other]\n"
        );
        let read = parse(&text).expect("it is valid").care_gaps;
        let read = read.expect("it is enabled");
        assert_eq!(read.measures.measures.len(), 2);
        assert_eq!(read.measures.utc_offset_seconds, -19_800);
        assert_eq!(read.measures.settles_after, None);
        assert!(read.claim_sources.contains("other"));
        let sets = read.value_sets.sets();
        assert!(!sets.members("urn:a", "1").is_none() && !sets.members("urn:a", "2").is_none());
    }

    #[test]
    fn a_distance_from_utc_has_two_digits_each_and_at_most_fourteen_hours() {
        let read = super::offset_seconds;
        assert_eq!(read("+00:00"), Some(0));
        assert_eq!(read("+14:00"), Some(50_400));
        assert_eq!(read("-13:59"), Some(-50_340));
        for wrong in [
            "", "00:00", "+14:01", "+1:00", "+01:60", "+0100", "+aa:bb", "é1:00",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
