//! `care-gaps`: where patients stand in quality measures, as a work list.

use std::io::Write;

use clap::Args;

use super::Failure;
use super::status::ask::Asked;
use crate::control::{CARE_GAPS_PATH, CareGapTold, CareGapsTold};

/// List where patients stand in quality measures, what is open first
///
/// Asks the process of the configuration (control.listen), or the one named with --at, which must have the role ui. Patients are named by
/// their pseudonyms, and the audit says that they were listed. Exits with 1 if nobody answers, or if no measure is looked at.
#[derive(Args)]
pub(crate) struct Ask {
    #[command(flatten)]
    asked: Asked,
    /// Only of this measure, such as cms130
    #[arg(long, value_name = "MEASURE", value_parser = clap::builder::PossibleValuesParser::new(MEASURES))]
    measure: Option<String>,
    /// Only in this status
    #[arg(long, value_name = "STATUS", value_parser = clap::builder::PossibleValuesParser::new(STATUSES))]
    status: Option<String>,
}

const MEASURES: [&str; 9] = [
    "cms122", "cms125", "cms130", "cms165", "cms816", "cms832", "cms871", "cms1244", "cms1264",
];
const STATUSES: [&str; 6] = [
    "open",
    "reopened",
    "provisionally-closed",
    "closed",
    "excluded",
    "counted",
];

impl Ask {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let chosen = [("measure", &self.measure), ("status", &self.status)];
        let chosen = chosen.into_iter();
        let parts: Vec<String> = chosen
            .filter_map(|(name, word)| Some(format!("{name}={}", word.as_ref()?)))
            .collect();
        let path = format!("{CARE_GAPS_PATH}?{}", parts.join("&"));
        let told = self.asked.print(&path, out, show)?;
        if !told.is_enabled {
            let hint = "enable workloads.care-gaps; docs/care-gaps.md says what it needs";
            return Err(Failure::new(
                "that process looks at no quality measure",
                hint,
            ));
        }
        Ok(())
    }
}

fn show(told: &CareGapsTold, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(
        out,
        "{:<8} {:<4} {:<20} {:<10} {:<32}  rests on",
        "measure", "year", "status", "due", "patient"
    )?;
    for gap in &told.gaps {
        one(gap, out)?;
    }
    let count = told.gaps.len() as u64 + told.more;
    writeln!(out, "{count} in all")
}

fn one(gap: &CareGapTold, out: &mut dyn Write) -> std::io::Result<()> {
    let day = |time: &str| time.get(..10).unwrap_or(time).to_owned();
    let is_open = matches!(&*gap.status, "open" | "reopened");
    let proofs = gap.evidence.iter();
    let proofs: Vec<String> = proofs
        .map(|proof| {
            let what = format!("{} {}", proof.what, proof.value);
            format!("{} on {}", what.trim_end(), day(&proof.at))
        })
        .collect();
    writeln!(
        out,
        "{:<8} {:<4} {:<20} {:<10} {:<32}  {}",
        gap.measure,
        gap.year,
        gap.status,
        if is_open {
            day(&gap.due)
        } else {
            "-".to_owned()
        },
        gap.patient,
        if proofs.is_empty() {
            "nothing recorded".to_owned()
        } else {
            proofs.join("; ")
        },
    )
}

#[cfg(test)]
mod tests {
    use clinical::GapStatus;
    use expect_test::expect;
    use workloads::measures::Measure;

    use super::*;

    #[test]
    fn what_can_be_asked_for_is_what_there_is() {
        assert_eq!(Measure::ALL.map(Measure::word), MEASURES);
        for status in STATUSES {
            assert!(GapStatus::parse(status).is_some(), "{status}");
        }
    }

    #[test]
    fn each_gap_is_a_line() {
        let told: CareGapsTold = serde_json::from_value(serde_json::json!({
            "now": "2026-03-01T12:00:00Z", "isEnabled": true, "more": 7, "gaps": [
                {"patient": "7c1e000000000000000000000000abcd", "measure": "cms165", "title": "blood pressure control", "rule": "x 1", "year": 2026,
                    "status": "reopened", "due": "2027-01-01T00:00:00Z", "knownAt": "2026-03-01T11:00:00Z", "revision": 3, "finding": "1f",
                    "evidence": [{"what": "Blood pressure", "value": "142 mm[Hg] / 88 mm[Hg]", "at": "2026-02-27T08:00:00Z", "event": "c4"}]},
                {"patient": "7c1e000000000000000000000000abcd", "measure": "cms130", "title": "colorectal cancer screening", "rule": "x 1", "year": 2025,
                    "status": "closed", "due": "2026-01-01T00:00:00Z", "knownAt": "2026-03-01T11:00:00Z", "revision": 1, "finding": "1f", "evidence": []}
            ]
        }))
        .unwrap();
        let mut out = Vec::new();
        show(&told, &mut out).unwrap();
        expect![[r#"
            measure  year status               due        patient                           rests on
            cms165   2026 reopened             2027-01-01 7c1e000000000000000000000000abcd  Blood pressure 142 mm[Hg] / 88 mm[Hg] on 2026-02-27
            cms130   2025 closed               -          7c1e000000000000000000000000abcd  nothing recorded
            9 in all
        "#]].assert_eq(&String::from_utf8(out).unwrap());
    }
}
