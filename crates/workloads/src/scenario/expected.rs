//! What a story expects of a step: read, held against what came, and said.

use clinical::{Decimal, Finding, FindingState};

use super::department::figures;
use super::made::{event_time, patient};
use super::story::ParseError;
use super::words::Words;
use crate::conditions::is_case;
use crate::payer::parse_day;

/// What must have come of the steps before.
#[derive(Clone, Debug)]
pub(crate) enum Expectation {
    Nothing,
    Late,
    Quality(String),
    Finding(Wanted),
    Retracted {
        condition: String,
        who: String,
        as_of: Option<i64>,
        reason: String,
    },
    /// A figure of a unit as it stands after the step.
    Unit {
        unit: String,
        word: String,
        figure: Decimal,
    },
}

/// What a finding must say; what is not named may be anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) condition: String,
    pub(crate) who: String,
    pub(crate) as_of: Option<i64>,
    pub(crate) severity: Option<String>,
    pub(crate) score: Option<i32>,
    pub(crate) revision: Option<u32>,
    /// Whether it rests on nothing but loaded history.
    pub(crate) history: bool,
    pub(crate) text: Option<String>,
}

pub(super) fn read(words: &mut Words) -> Result<Expectation, ParseError> {
    let kind = words.need("finding, retracted, unit, nothing, late or quality")?;
    match kind.as_str() {
        "nothing" => Ok(Expectation::Nothing),
        "late" => Ok(Expectation::Late),
        "quality" => Ok(Expectation::Quality(words.need("a kind of issue")?)),
        "retracted" => Ok(Expectation::Retracted {
            condition: words.need("a condition")?,
            who: words.need("a patient")?,
            as_of: words.as_of()?,
            reason: words.need("a reason")?.trim_matches('"').to_owned(),
        }),
        "unit" => {
            let unit = words.need("a unit")?.trim_matches('"').to_owned();
            let all: Vec<&str> = figures().collect();
            let all = all.join(", ");
            let word = words.need(&all)?;
            if !figures().any(|known| known == word) {
                return Err(words.wrong(&format!("{word:?} is none of {all}")));
            }
            let figure = words.number()?;
            Ok(Expectation::Unit { unit, word, figure })
        }
        "finding" => {
            let mut wanted = Wanted {
                condition: words.need("a condition")?,
                who: words.need("a patient")?,
                ..Wanted::default()
            };
            wanted.as_of = words.as_of()?;
            while let Some(word) = words.next() {
                match word.as_str() {
                    "severity" => wanted.severity = Some(words.need("a severity")?),
                    "score" => wanted.score = Some(words.number()?),
                    "revision" => wanted.revision = Some(words.number()?),
                    "history" => wanted.history = true,
                    text if text.starts_with('"') => {
                        wanted.text = Some(text.trim_matches('"').to_owned());
                    }
                    other => {
                        return Err(
                            words.wrong(&format!("{other:?} cannot be expected of a finding"))
                        );
                    }
                }
            }
            Ok(Expectation::Finding(wanted))
        }
        other => Err(words.wrong(&format!("{other:?} cannot be expected"))),
    }
}

/// Whether a finding is of a condition. What is of matters of a patient has their names behind its own, which no story knows, and
/// what of the matter it is about, or the time or day that it speaks of: a story may leave all of these out, or name some.
pub(super) fn is_of(condition: &str, finding: &Finding) -> bool {
    let as_of = finding.as_of.to_string();
    let has_case = finding.condition.split('/').any(is_case);
    let may_be_left_out = |part: &str| has_case || part == as_of || parse_day(part).is_some();
    let mut named = condition.split('/').peekable();
    let mut parts = finding.condition.split('/');
    if parts.next() != named.next() {
        return false;
    }
    parts.all(|part| named.next_if_eq(&part).is_some() || may_be_left_out(part))
        && named.next().is_none()
}

pub(super) fn fits(wanted: &Wanted, finding: &Finding) -> bool {
    is_of(&wanted.condition, finding)
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

pub(super) fn said(expectation: &Expectation) -> String {
    match expectation {
        Expectation::Nothing => "nothing".into(),
        Expectation::Late => "an event that is late".into(),
        Expectation::Quality(kind) => format!("quality {kind}"),
        Expectation::Unit { unit, word, figure } => format!("unit {unit} {word} {figure}"),
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

pub(super) fn clock_words(minute: Option<i64>) -> String {
    minute.map_or(String::new(), |minute| {
        let day = if minute < 24 * 60 {
            String::new()
        } else {
            format!(" d+{}", minute / (24 * 60))
        };
        format!(" at {:02}:{:02}{day}", minute / 60 % 24, minute % 60)
    })
}
