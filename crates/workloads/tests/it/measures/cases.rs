//! The published test cases of CMS's electronic measures, with the populations that are expected of each.

use std::path::{Path, PathBuf};

use clinical::{CareFact, EventId, Origin, ReceivedTime};
use serde_json::Value;
use workloads::measures::{
    Care, Change, Evaluation, Measure, MeasureState, MeasureValueSets, MeasurementPeriod, Measures,
    MeasuresConfig, Source,
};

/// A patient of a measure's test cases.
pub(crate) struct TestCase {
    /// What the case is called.
    name: String,
    /// What it is about.
    description: String,
    measure: Measure,
    pub(crate) period: MeasurementPeriod,
    /// The populations that are expected, by FHIR's codes for them.
    expected: Value,
    pub(crate) facts: Vec<CareFact>,
}

/// Finds the folder with the cases; says why where it is not there.
#[expect(
    clippy::disallowed_methods,
    reason = "what finds shared data has no configuration"
)]
pub(crate) fn folder() -> Result<PathBuf, String> {
    let shared = std::env::var("PULSEWIRE_SHARED").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = shared.join("clinical-data/ecqm-qicore-2024/cases");
    if folder.is_dir() {
        Ok(folder)
    } else {
        let folder = folder.display();
        Err(format!(
            "skipped: {folder} is not there; set PULSEWIRE_SHARED to the shared data"
        ))
    }
}

/// A value set that the published repository names and does not hold: "Decision to Admit to Hospital Inpatient" as the
/// Value Set Authority Center of the U.S. National Library of Medicine gives it (definition 20210220, expansion eCQM
/// Update 2025-05-08).
const NOT_PUBLISHED_BESIDE: (&str, [&str; 4]) = (
    "2.16.840.1.113883.3.117.1.7.1.294",
    ["10378005", "19951005", "432661000124104", "73607007"],
);
const SNOMED: &str = "http://snomed.info/sct";

/// Reads the value sets of all measures: each lists the codes that the cases use.
pub(crate) fn value_sets(folder: &Path) -> MeasureValueSets {
    let mut sets = MeasureValueSets::new();
    let (oid, codes) = NOT_PUBLISHED_BESIDE;
    for code in codes {
        sets.add(oid, SNOMED, code);
    }
    for measure in Measure::ALL {
        let library = library(measure);
        let text = std::fs::read(folder.join(format!("{library}.valuesets.json")));
        let listed: Value =
            serde_json::from_slice(&text.expect("the cases are as they are published"))
                .expect("the cases are as they are published");
        for (url, set) in listed
            .as_object()
            .expect("the cases are as they are published")
        {
            let oid = url
                .rsplit('/')
                .next()
                .expect("the cases are as they are published");
            let codes = set["codes_in_tests"].as_array();
            for code in codes.into_iter().flatten() {
                let (system, code) = code
                    .as_str()
                    .expect("the cases are as they are published")
                    .split_once('|')
                    .expect("the cases are as they are published");
                sets.add(oid, system, code);
            }
        }
    }
    sets
}

fn library(measure: Measure) -> &'static str {
    measure
        .library()
        .split(' ')
        .next()
        .expect("the cases are as they are published")
}

/// Reads the cases of a measure.
pub(crate) fn cases(folder: &Path, measure: Measure, sets: &MeasureValueSets) -> Vec<TestCase> {
    let path = folder.join(format!("{}.ndjson.gz", library(measure)));
    let text = unzipped(&std::fs::read(path).expect("the cases are as they are published"));
    let lines = text.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    lines.map(|line| case(line, measure, sets)).collect()
}

fn case(line: &[u8], measure: Measure, sets: &MeasureValueSets) -> TestCase {
    let case: Value = serde_json::from_slice(line).expect("the cases are as they are published");
    let start = case["period"]["start"]
        .as_str()
        .expect("the cases are as they are published");
    let year: i16 = start
        .split('-')
        .next()
        .expect("the cases are as they are published")
        .parse()
        .expect("the cases are as they are published");
    let facts = case["resources"]
        .as_array()
        .expect("the cases are as they are published")
        .iter();
    let facts = facts.filter_map(|resource| {
        mapping::care::fact(resource.to_string().as_bytes(), sets.sets())
            .expect("the cases are as they are published")
    });
    let words = |name: &str| case[name].as_str().unwrap_or_default();
    TestCase {
        name: format!("{} {} {}", words("case"), words("series"), words("title")),
        description: words("description").to_owned(),
        measure,
        period: MeasurementPeriod::of_year(year, 0).expect("the cases are as they are published"),
        expected: case["expected"][0].clone(),
        facts: facts.collect(),
    }
}

/// Makes a change of each fact, a second apart in the order given.
pub(crate) fn changes(facts: &[CareFact]) -> Vec<Change> {
    let made = facts.iter().enumerate().map(|(place, fact)| {
        let seconds = i64::try_from(place).expect("the cases are as they are published");
        Change {
            event: EventId::derive(&[&fact.resource.to_be_bytes(), &[fact.detail.number()]]),
            origin: Origin::default(),
            received: ReceivedTime::from_micros(seconds * 1_000_000),
            source: Source::Clinical,
            care: Care::Stands(fact.clone()),
        }
    });
    made.collect()
}

/// Gives the state of who was told all changes.
pub(crate) fn state(changes: impl IntoIterator<Item = Change>) -> MeasureState {
    let measures = Measures::new(MeasuresConfig::default(), &MeasureValueSets::new());
    let mut state = MeasureState::default();
    for change in changes {
        measures
            .take(&mut state, change)
            .expect("the cases are as they are published");
    }
    state
}

impl TestCase {
    /// Evaluates the measure.
    fn evaluate(&self) -> Evaluation {
        let state = state(changes(&self.facts));
        self.measure.evaluate(&state, self.period)
    }

    /// Says how the populations differ from those expected, where they do.
    pub(crate) fn difference(&self) -> Option<String> {
        let evaluation = self.evaluate();
        let counted = evaluation.populations();
        let days = |of: fn(&workloads::measures::Episode) -> Option<u32>| {
            evaluation.episodes.iter().filter_map(of).sum::<u32>()
        };
        let found = [
            ("initial-population", counted.initial_population),
            ("denominator", counted.denominator),
            ("denominator-exclusion", counted.denominator_exclusion),
            ("numerator", counted.numerator),
            (
                "denominator-observation",
                days(|episode| episode.denominator_observation),
            ),
            (
                "numerator-observation",
                days(|episode| episode.numerator_observation),
            ),
        ];
        let expected = self
            .expected
            .as_object()
            .expect("the cases are as they are published")
            .iter();
        let expected = expected.filter(|(name, _)| !matches!(name.as_str(), "group" | "strat"));
        let differ: Vec<String> = expected
            .filter_map(|(name, wanted)| {
                let of_name = |(known, _): &&(&str, u32)| known == name;
                let found = found.iter().find(of_name).map(|(_, count)| *count);
                let wanted = wanted.as_u64().and_then(|count| u32::try_from(count).ok());
                (found.is_none() || found != wanted)
                    .then(|| format!("{name}: {found:?}, expected {wanted:?}"))
            })
            .collect();
        let (word, name, about) = (self.measure.word(), &self.name, &self.description);
        let differ = differ.join(", ");
        (!differ.is_empty()).then(|| format!("{word} {name}: {differ} ({about})"))
    }
}

/// Reads a file of gzip that may have a name in its header.
pub(crate) fn unzipped(bytes: &[u8]) -> Vec<u8> {
    let name = if bytes[3] & 8 == 0 {
        0
    } else {
        bytes[10..]
            .iter()
            .position(|byte| *byte == 0)
            .expect("the cases are as they are published")
            + 1
    };
    miniz_oxide::inflate::decompress_to_vec(&bytes[10 + name..])
        .expect("the cases are as they are published")
}
