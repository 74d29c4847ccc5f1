//! `sources`: who sends, how much of what is usual, since when somebody is silent, and what is to be looked at.

use std::io::Write;

use clap::Args;

use super::Failure;
use super::status::age;
use super::status::ask::Asked;
use crate::control::{SOURCES_PATH, Source, SourcesTold as Sources};

/// Show who sends what: rates, lag, answers, certificates, and what is to be looked at
///
/// Asks the process of the configuration (control.listen), or the one named with --at, which must have the role ui. Exits with 1 if
/// it does not answer, or if a source is silent for longer than is likely.
#[derive(Args)]
pub(crate) struct Ask {
    #[command(flatten)]
    asked: Asked,
}

impl Ask {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let told = self.asked.print(SOURCES_PATH, out, show)?;
        if is_well(&told) {
            Ok(())
        } else {
            Err(Failure::Said)
        }
    }
}

fn is_well(told: &Sources) -> bool {
    told.everything_quiet_since.is_none() && !told.sources.iter().any(Source::is_missed)
}

fn show(told: &Sources, out: &mut dyn Write) -> std::io::Result<()> {
    if let Some(since) = &told.everything_quiet_since {
        writeln!(out, "nothing comes from any source since {since}\n")?;
    }
    writeln!(
        out,
        "{:<20} {:<10} {:>8} {:>8} {:>8} {:>8} {:>10} {:>8} {:>11}  answers",
        "source",
        "ways",
        "an hour",
        "usual",
        "last",
        "lag",
        "quarantine",
        "unmapped",
        "certificate"
    )?;
    for source in &told.sources {
        one(source, told, out)?;
    }
    for own in &told.certificates {
        let day = own.expires.get(..10).unwrap_or(&own.expires);
        writeln!(out, "our own certificate for {} runs out on {day}", own.way)?;
    }
    Ok(())
}

fn one(source: &Source, told: &Sources, out: &mut dyn Write) -> std::io::Result<()> {
    let ago = |at: &Option<String>| at.as_deref().and_then(|at| age(at, &told.now));
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let answers: Vec<String> = source
        .answers
        .iter()
        .map(|(code, count)| format!("{code} {count}"))
        .collect();
    let certificate = source.certificate_expires.as_deref();
    writeln!(
        out,
        "{:<20} {:<10} {:>8} {:>8} {:>8} {:>8} {:>10} {:>8} {:>11}  {}",
        source.name,
        or_none(Some(source.ways.join(",")).filter(|ways| !ways.is_empty())),
        source.messages_per_hour,
        or_none(source.usual_per_hour.map(|usual| usual.to_string())),
        or_none(ago(&source.last)),
        or_none(source.lag_ms.map(lag)),
        source.quarantined,
        source.unmapped_codes,
        or_none(certificate.and_then(|at| at.get(..10)).map(str::to_owned)),
        or_none(Some(answers.join(", ")).filter(|answers| !answers.is_empty())),
    )?;
    if !source.configured {
        writeln!(out, "{:<20} no longer configured", "")?;
    }
    if let Some(since) = &source.quiet_since {
        writeln!(out, "{:<20} silent since {since}", "")?;
    }
    for signal in &source.signals {
        if let Some(since) = &signal.quiet_since {
            writeln!(out, "{:<20} no {} since {since}", "", signal.name)?;
        }
    }
    Ok(())
}

fn lag(ms: u64) -> String {
    match ms {
        0..10_000 => format!("{ms} ms"),
        _ => format!("{} s", ms / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn each_source_is_a_line_and_what_is_missed_stands_below_it() {
        let told: Sources = serde_json::from_value(serde_json::json!({
            "now": "2026-03-01T12:00:00Z", "everythingQuietSince": null,
            "certificates": [{"way": "MLLP", "expires": "2027-01-01T00:00:00Z"}],
            "sources": [
                {"name": "lab", "ways": ["mllp"], "configured": true, "expected": false, "quietSince": null, "messagesPerHour": 1188, "usualPerHour": 1152,
                    "last": "2026-03-01T11:59:57Z", "lagMs": 840, "answers": {"AA": 41213, "AR": 17}, "backfill": 0, "quarantined": 17,
                    "unmappedCodes": 4, "certificateExpires": "2026-06-01T00:00:00Z",
                    "signals": [{"name": "ORM", "last": null, "quietSince": "2026-03-01T10:25:00Z", "usualPerHour": 48}]},
                {"name": "monitors", "ways": [], "configured": true, "expected": true, "quietSince": "2026-03-01T11:00:00Z", "messagesPerHour": 0,
                    "usualPerHour": null, "last": null, "lagMs": 41000, "answers": {}, "backfill": 0, "quarantined": 0,
                    "unmappedCodes": 0, "certificateExpires": null, "signals": []}
            ]
        }))
        .unwrap();
        let mut out = Vec::new();
        show(&told, &mut out).unwrap();
        expect![[r#"
            source               ways        an hour    usual     last      lag quarantine unmapped certificate  answers
            lab                  mllp           1188     1152      3 s   840 ms         17        4  2026-06-01  AA 41213, AR 17
                                 no ORM since 2026-03-01T10:25:00Z
            monitors             -                 0        -        -     41 s          0        0           -  -
                                 silent since 2026-03-01T11:00:00Z
            our own certificate for MLLP runs out on 2027-01-01
        "#]].assert_eq(&String::from_utf8(out).unwrap());
        assert!(!is_well(&told));
        let well = Sources {
            sources: Vec::new(),
            ..told
        };
        assert!(is_well(&well));
    }
}
