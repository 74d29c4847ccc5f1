//! Runs every scenario, and says where one went another way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clinical::{Event, Finding, FindingState, MergeRole, PatientKey, Severity};

use crate::engine::Engine;
use crate::events::{Place, event, event_time, events, merge, patient, received_time};
use crate::scenario::{Action, Expectation, Step, Wanted, parse};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

#[test]
fn every_scenario_goes_as_it_is_told() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .expect("the folder of scenarios is part of the project")
        .map(|entry| entry.expect("its files can be listed").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "scenario")
        })
        .collect();
    files.sort();
    assert!(
        files.len() >= 12,
        "scenarios are missing: {} found",
        files.len()
    );
    let mut wrong = String::new();
    for file in &files {
        let text = std::fs::read_to_string(file).expect("a scenario is text");
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if let Err(error) = run(&text) {
            wrong.push_str(&format!("{name}:{error}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn a_wrong_expectation_says_what_came() {
    let story = "10:00 lab ann potassium 7.1 mmol/L\n  expect finding critical-result/sodium ann severity low";
    expect_test::expect![[r#"
        2: expected finding critical-result/sodium ann severity low
           came:
             critical-result/potassium ann at 10:00 revision 1 severity critical "potassium 7.1 mmol/L, critically high""#]]
    .assert_eq(&run(story).unwrap_err());
    let silent = "10:00 lab ann potassium 7.1 mmol/L\n  expect nothing";
    assert!(run(silent).unwrap_err().starts_with("2: expected nothing"));
    let unsaid = "10:00 lab ann potassium 7.1 mmol/L";
    assert!(run(unsaid).unwrap_err().starts_with("1: not expected"));
}

/// Runs one story; what came and was neither expected nor without consequence is wrong as well.
fn run(text: &str) -> Result<(), String> {
    let story = parse(text).map_err(|error| error.to_string())?;
    let mut engine = Engine::new();
    let mut names = BTreeMap::new();
    let mut came: Vec<Finding> = Vec::new();
    let mut offset = 0;
    let mut last_line = 0;
    for step in &story.steps {
        if let Action::Expect(expectation) = &step.action {
            claim(expectation, &mut came, &mut engine)
                .map_err(|what| explain(step.line, &what, &came, &names))?;
            continue;
        }
        rest(last_line, &came, &names)?;
        came.clear();
        engine.quality.clear();
        engine.late = 0;
        perform(step, &mut engine, &mut offset, &mut names)
            .map_err(|what| format!("{}: {what}", step.line))?;
        came = std::mem::take(&mut engine.findings);
        told_once(step.line, &came, &names)?;
        last_line = step.line;
    }
    rest(last_line, &came, &names)
}

fn perform(
    step: &Step,
    engine: &mut Engine,
    offset: &mut u64,
    names: &mut BTreeMap<PatientKey, String>,
) -> Result<(), String> {
    let place = Place {
        at: step.at,
        arrives: step.arrives,
        offset: *offset,
    };
    let made = match &step.action {
        Action::Merge { from, into } => {
            names.insert(patient(into), into.clone());
            vec![
                event(from, place, 0, merge(MergeRole::Retired, into)),
                event(into, place, 1, merge(MergeRole::Survivor, from)),
            ]
        }
        action => events(action, place)?,
    };
    let made: Vec<Event> = made
        .into_iter()
        .map(|event| Event {
            backfill: step.loaded,
            ..event
        })
        .collect();
    if let Action::Vitals { who, .. } | Action::Lab { who, .. } | Action::Admit { who } =
        &step.action
    {
        names.insert(patient(who), who.clone());
    }
    *offset += 100;
    engine.tick(received_time(step.arrives));
    if let Action::Merge { .. } = &step.action {
        made.iter().for_each(|event| engine.take(event));
    } else {
        engine.take_message(&made);
    }
    Ok(())
}

/// Nobody is told two things about one time by one message.
fn told_once(
    line: usize,
    came: &[Finding],
    names: &BTreeMap<PatientKey, String>,
) -> Result<(), String> {
    let of = |finding: &Finding| (finding.patient, finding.condition.clone(), finding.as_of);
    let twice = came.iter().enumerate().find(|(place, finding)| {
        came.iter()
            .skip(place + 1)
            .any(|other| of(other) == of(finding))
    });
    match twice {
        Some((_, finding)) => Err(format!(
            "{line}: told twice:\n     {}",
            show(finding, names)
        )),
        None => Ok(()),
    }
}

fn rest(line: usize, came: &[Finding], names: &BTreeMap<PatientKey, String>) -> Result<(), String> {
    let asks = |finding: &&Finding| {
        finding.severity > Severity::None || finding.state != FindingState::Asserted
    };
    match came.iter().find(asks) {
        Some(finding) => Err(format!(
            "{line}: not expected, but came:\n     {}",
            show(finding, names)
        )),
        None => Ok(()),
    }
}

fn claim(
    expectation: &Expectation,
    came: &mut Vec<Finding>,
    engine: &mut Engine,
) -> Result<(), String> {
    let place = match expectation {
        Expectation::Nothing if came.is_empty() => return Ok(()),
        Expectation::Late if engine.late > 0 => return Ok(()),
        Expectation::Quality(kind)
            if engine.quality.iter().any(|issue| issue.kind.word() == kind) =>
        {
            return Ok(());
        }
        Expectation::Nothing | Expectation::Late | Expectation::Quality(_) => None,
        Expectation::Finding(wanted) => came.iter().position(|finding| fits(wanted, finding)),
        Expectation::Retracted {
            condition,
            who,
            as_of,
            reason,
        } => came.iter().position(|finding| {
            *finding.condition == **condition
                && finding.patient == patient(who)
                && as_of.is_none_or(|at| finding.as_of == event_time(at))
                && finding.state == FindingState::Retracted(reason.as_str().into())
        }),
    };
    match place {
        Some(place) => {
            came.remove(place);
            Ok(())
        }
        None => Err(said(expectation)),
    }
}

fn fits(wanted: &Wanted, finding: &Finding) -> bool {
    *finding.condition == *wanted.condition
        && finding.patient == patient(&wanted.who)
        && finding.state == FindingState::Asserted
        && finding.backfill == wanted.history
        && wanted
            .as_of
            .is_none_or(|at| finding.as_of == event_time(at))
        && wanted
            .severity
            .as_ref()
            .is_none_or(|severity| finding.severity.word() == severity)
        && wanted
            .score
            .is_none_or(|score| finding.score == Some(score))
        && wanted
            .revision
            .is_none_or(|revision| finding.revision == revision)
        && wanted
            .text
            .as_ref()
            .is_none_or(|text| finding.summary.contains(text.as_str()))
}

fn said(expectation: &Expectation) -> String {
    match expectation {
        Expectation::Nothing => "nothing".into(),
        Expectation::Late => "an event that is late".into(),
        Expectation::Quality(kind) => format!("quality {kind}"),
        Expectation::Retracted {
            condition,
            who,
            as_of,
            reason,
        } => {
            format!(
                "retracted {condition} {who}{} {reason}",
                clock_words(*as_of)
            )
        }
        Expectation::Finding(wanted) => {
            let mut text = format!(
                "finding {} {}{}",
                wanted.condition,
                wanted.who,
                clock_words(wanted.as_of)
            );
            let parts = [
                wanted
                    .severity
                    .as_ref()
                    .map(|severity| format!(" severity {severity}")),
                wanted.score.map(|score| format!(" score {score}")),
                wanted
                    .revision
                    .map(|revision| format!(" revision {revision}")),
                wanted.text.as_ref().map(|text| format!(" {text:?}")),
            ];
            text.extend(parts.into_iter().flatten());
            text
        }
    }
}

fn clock_words(minute: Option<i64>) -> String {
    minute.map_or(String::new(), |minute| {
        let day = if minute < 24 * 60 {
            String::new()
        } else {
            format!(" d+{}", minute / (24 * 60))
        };
        format!(" at {:02}:{:02}{day}", minute / 60 % 24, minute % 60)
    })
}

fn explain(
    line: usize,
    what: &str,
    came: &[Finding],
    names: &BTreeMap<PatientKey, String>,
) -> String {
    let shown: Vec<String> = came
        .iter()
        .map(|finding| format!("\n     {}", show(finding, names)))
        .collect();
    let shown = if shown.is_empty() {
        " nothing".into()
    } else {
        shown.concat()
    };
    format!("{line}: expected {what}\n   came:{shown}")
}

fn show(finding: &Finding, names: &BTreeMap<PatientKey, String>) -> String {
    let minute = (finding.as_of.micros() - event_time(0).micros()) / 60_000_000;
    let who = names
        .get(&finding.patient)
        .map_or("somebody", String::as_str);
    let score = finding
        .score
        .map_or(String::new(), |score| format!(" score {score}"));
    format!(
        "{} {who}{} revision {} severity {}{score} {:?}",
        finding.condition,
        clock_words(Some(minute)),
        finding.revision,
        finding.severity.word(),
        &*finding.summary,
    )
}
