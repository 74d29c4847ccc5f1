//! Every row of the shared NEWS2 vectors, on both scales, through the whole engine.

use std::path::{Path, PathBuf};

use clinical::{Finding, ObservationStatus};

use crate::engine::Engine;
use crate::events::{Place, event, observation};

#[expect(
    clippy::disallowed_methods,
    reason = "a test that finds shared data has no configuration"
)]
pub(crate) fn shared() -> PathBuf {
    std::env::var("PULSEWIRE_SHARED").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    )
}

#[test]
fn every_vector_scores_as_published() {
    let path = shared().join("clinical-data/gdl2-score-vectors/news2_vectors.csv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!(
            "skipped: {} is not there; set PULSEWIRE_SHARED to the shared data",
            path.display()
        );
        return;
    };
    let mut rows = 0;
    for line in text.lines().skip(1) {
        let row: Vec<&str> = line.split(',').collect();
        let finding = score(&row);
        // The vectors write points in the order of their columns; the engine names what it scored.
        let points = |what: &str| {
            finding
                .evidence
                .iter()
                .find(|e| *e.what == *what)
                .and_then(|e| e.points)
        };
        let columns = [
            "respiratory rate",
            "SpO2",
            "oxygen",
            "systolic pressure",
            "pulse",
            "consciousness",
            "temperature",
        ];
        for (what, want) in columns.iter().zip(&row[8..15]) {
            assert_eq!(points(what), want.parse().ok(), "{what} of {line}");
        }
        assert_eq!(finding.score, row[15].parse().ok(), "{line}");
        let band = format!("NEWS2 {}, {}", row[15], row[16]);
        assert!(
            finding.summary.starts_with(&band),
            "{line}: {}",
            finding.summary
        );
        rows += 1;
    }
    println!("{rows} vectors scored");
    assert!(rows >= 1_500, "only {rows} vectors were there");
}

fn score(row: &[&str]) -> Finding {
    let consciousness = match row[5] {
        "A" => "alert",
        "C" => "confused",
        "V" => "voice",
        "P" => "pain",
        _ => "unresponsive",
    };
    let oxygen = if row[2] == "1" { "oxygen" } else { "air" };
    let scale = if row[7] == "1" { "2" } else { "1" };
    let values = [
        ("scale", scale),
        ("rr", row[0]),
        ("spo2", row[1]),
        ("oxygen", oxygen),
        ("sbp", row[3]),
        ("pulse", row[4]),
        ("consciousness", consciousness),
        ("temp", row[6]),
    ];
    let mut engine = Engine::default();
    for (ordinal, (what, value)) in values.into_iter().enumerate() {
        let place = Place {
            at: 600,
            arrives: 600,
            offset: 0,
        };
        let fact = observation(
            "ann",
            600,
            what,
            Some((value, "")),
            ObservationStatus::Final,
        );
        engine.take(&event(
            "ann",
            place,
            ordinal,
            fact.expect("the names are known"),
        ));
    }
    let last = engine
        .findings
        .into_iter()
        .rfind(|finding| &*finding.condition == "deterioration");
    last.expect("a complete set is scored")
}
