//! Reads scenarios: clinical stories with a time in front of each step.

use std::fmt;

use super::cares::{self, Said};
use super::expected::{self, Expectation};
use super::papers::{self, Paper};
use super::stays::{self, Stay};
use super::words::Words;

/// A story.
#[derive(Debug)]
pub(crate) struct Story {
    /// What it shows, in the words of its first lines.
    pub(crate) title: String,
    /// The workloads that it is a test of.
    pub(crate) tests: Vec<&'static str>,
    /// Whether no others run beside them.
    pub(crate) alone: bool,
    pub(crate) steps: Vec<Step>,
}

/// One line of a story.
#[derive(Debug)]
pub(crate) struct Step {
    /// The line in the file, from 1.
    pub(crate) line: usize,
    /// When it was true, in minutes from midnight of the first day.
    pub(crate) at: i64,
    /// When it was accepted.
    pub(crate) arrives: i64,
    /// Whether it is loaded as history.
    pub(crate) loaded: bool,
    /// The line, without the spaces around it.
    pub(crate) text: String,
    pub(crate) action: Action,
}

/// What a line says.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Nothing but time.
    Wait,
    /// Vital signs, as pairs of a short name and a value.
    Vitals {
        who: String,
        values: Vec<(String, String)>,
    },
    /// Values of one name, one after another and so many minutes apart, each known at its time.
    Series {
        who: String,
        what: String,
        apart: i64,
        values: Vec<String>,
    },
    /// A laboratory result.
    Lab {
        who: String,
        what: String,
        value: String,
        unit: String,
        flag: String,
        note: String,
    },
    /// A later version of what was charted or ordered at a time.
    Later {
        who: String,
        of: i64,
        what: String,
        version: Version,
    },
    /// A culture: `ordered`, `collected`, `positive` or `negative`.
    Culture {
        who: String,
        stage: String,
    },
    /// An antimicrobial: its name, and `ordered` or `given`.
    Antibiotic {
        who: String,
        name: String,
        stage: String,
    },
    /// What somebody wrote down of a sepsis.
    Note {
        who: String,
        what: String,
    },
    /// What somebody diagnosed, by its code of ICD-10-CM.
    Diagnosis {
        who: String,
        code: String,
    },
    /// A drug that runs: its name, how fast, and in what unit.
    Infusion {
        who: String,
        drug: String,
        rate: String,
        unit: String,
    },
    /// Crystalloid that was given, in mL.
    Fluid {
        who: String,
        amount: String,
    },
    Person {
        who: String,
        born: String,
        gender: String,
    },
    Died {
        who: String,
    },
    Admit {
        who: String,
    },
    Discharge {
        who: String,
    },
    Scale {
        who: String,
        scale: String,
    },
    Merge {
        from: String,
        into: String,
    },
    /// What a payer or provider sends of a member.
    Paper(Box<Paper>),
    /// What an emergency department says of a visit.
    Stay(Box<Stay>),
    /// What care says of a patient to quality measures.
    Cared(Box<Said>),
    Expect(Expectation),
}

/// What a later version says.
#[derive(Clone, Debug)]
pub(crate) enum Version {
    /// Another value.
    Corrected { value: String, unit: String },
    /// It will not come.
    Cancelled,
    /// It should never have been charted.
    Withdrawn,
}

/// A line that is not understood.
#[derive(Debug)]
pub(crate) struct ParseError {
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.what)
    }
}

/// Reads a story: prose, then steps. A line that starts with a space goes on at the time of the one before.
pub(super) fn parse(text: &str) -> Result<Story, ParseError> {
    let mut story = Story {
        title: String::new(),
        tests: Vec::new(),
        alone: false,
        steps: Vec::new(),
    };
    let (mut at, mut arrives) = (0, 0);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in text.lines().enumerate().map(|(n, line)| (n + 1, line)) {
        let line = line.split('#').next().unwrap_or("");
        let mut words = Words::new(line, number)?;
        if words.is_empty() {
            continue;
        }
        if let Some(time) = words.time()? {
            at = time;
            arrives = at;
        } else if !line.starts_with(' ') {
            if !story.steps.is_empty() {
                return Err(
                    words.wrong("a step begins with its time, such as 10:00, or with a space")
                );
            }
            if let Some(names) = line.strip_prefix("Tests alone:") {
                story.tests.extend(tested(names, &words)?);
                story.alone = true;
                continue;
            }
            if let Some(names) = line.strip_prefix("Tests:") {
                story.tests.extend(tested(names, &words)?);
                continue;
            }
            story.title = format!("{} {}", story.title, line.trim()).trim().to_owned();
            continue;
        }
        if let Some(time) = words.arrival()? {
            if time < arrives.min(time) {
                return Err(words.wrong("it arrives before it was true"));
            }
            arrives = time;
        }
        let loaded = words.follows("loads");
        let action = action(&mut words)?;
        if story.steps.is_empty() && matches!(action, Action::Expect(_)) {
            return Err(words.wrong("what is expected stands behind the step that it comes of"));
        }
        if let Some(word) = words.next() {
            return Err(words.wrong(&format!("{word:?} is one word too many")));
        }
        story.steps.push(Step {
            line: number,
            at,
            arrives,
            loaded,
            text: line.trim().to_owned(),
            action,
        });
    }
    // A file that was cut off, or never written, shows nothing.
    if story.steps.is_empty() {
        return Err(ParseError {
            line: text.lines().count().max(1),
            what: "the file ends and has no step, such as: 10:00 lab ann potassium 6.9 mmol/L"
                .into(),
        });
    }
    Ok(story)
}

/// Finds the workloads of a line such as `Tests: deterioration, sepsis`.
fn tested(names: &str, words: &Words) -> Result<Vec<&'static str>, ParseError> {
    let each = names.split(',').map(str::trim);
    each.map(|name| {
        let found = super::testable().find(|known| *known == name);
        found.ok_or_else(|| words.wrong(&format!("there is no workload {name:?}")))
    })
    .collect()
}

/// Reads one step without its time, such as `lab ann potassium 6.9 mmol/L`.
pub(super) fn step(text: &str) -> Result<Action, ParseError> {
    action(&mut Words::new(text, 1)?)
}

fn action(words: &mut Words) -> Result<Action, ParseError> {
    let verb = words.need("a verb")?;
    Ok(match verb.as_str() {
        "wait" => Action::Wait,
        "vitals" => vitals(words)?,
        "series" => series(words)?,
        "lab" => Action::Lab {
            who: words.need("a patient")?,
            what: words.need("an analyte")?,
            value: words.need("a value")?,
            unit: words.value_unless(&["flag", "note"]),
            flag: words.after("flag")?,
            note: words.after("note")?,
        },
        "correct" | "cancel" | "withdraw" => Action::Later {
            who: words.need("a patient")?,
            of: words.need_time()?,
            what: words.need("what it was")?,
            version: match verb.as_str() {
                "correct" => Version::Corrected {
                    value: words.need("a value")?,
                    unit: words.next().unwrap_or_default(),
                },
                "cancel" => Version::Cancelled,
                _ => Version::Withdrawn,
            },
        },
        "culture" | "antibiotic" | "note" | "diagnosis" | "infusion" | "fluid" => {
            care(&verb, words)?
        }
        "person" => Action::Person {
            who: words.need("a patient")?,
            born: words.after("born")?,
            gender: words.value_unless(&[]),
        },
        "died" => Action::Died {
            who: words.need("a patient")?,
        },
        "admit" => Action::Admit {
            who: words.need("a patient")?,
        },
        "discharge" => Action::Discharge {
            who: words.need("a patient")?,
        },
        "scale" => Action::Scale {
            who: words.need("a patient")?,
            scale: words.need("1 or 2")?,
        },
        "merge" => merge(words)?,
        "expect" => Action::Expect(expected::read(words)?),
        other => other_verb(other, words)?,
    })
}

/// What is said to those who read no chart.
fn other_verb(verb: &str, words: &mut Words) -> Result<Action, ParseError> {
    if let Some(paper) = papers::read(verb, words) {
        return Ok(Action::Paper(Box::new(paper?)));
    }
    if let Some(stay) = stays::read(verb, words) {
        return Ok(Action::Stay(Box::new(stay?)));
    }
    if let Some(said) = cares::read(verb, words) {
        return Ok(Action::Cared(Box::new(said?)));
    }
    Err(words.wrong(&format!("{verb:?} is not a verb of scenarios")))
}

/// What is done for a patient, and written down of it.
fn care(verb: &str, words: &mut Words) -> Result<Action, ParseError> {
    Ok(match verb {
        "culture" => Action::Culture {
            who: words.need("a patient")?,
            stage: words.need("a stage")?,
        },
        "antibiotic" => Action::Antibiotic {
            who: words.need("a patient")?,
            name: words.need("a name")?,
            stage: words.need("ordered or given")?,
        },
        "note" => Action::Note {
            who: words.need("a patient")?,
            what: words
                .need("what was written down")?
                .trim_matches('"')
                .to_owned(),
        },
        "diagnosis" => Action::Diagnosis {
            who: words.need("a patient")?,
            code: words.need("a code")?,
        },
        "infusion" => Action::Infusion {
            who: words.need("a patient")?,
            drug: words.need("a drug")?,
            rate: words.need("a rate")?,
            unit: words.need("a unit")?,
        },
        _ => Action::Fluid {
            who: words.need("a patient")?,
            amount: words.need("an amount")?,
        },
    })
}

fn merge(words: &mut Words) -> Result<Action, ParseError> {
    let from = words.need("a patient")?;
    let into = words.after("into")?;
    if into.is_empty() || into == from {
        return Err(
            words.wrong("a patient is merged into another one, such as: merge john into ann")
        );
    }
    Ok(Action::Merge { from, into })
}

fn vitals(words: &mut Words) -> Result<Action, ParseError> {
    let who = words.need("a patient")?;
    let mut values = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "air" | "oxygen" => values.push(("oxygen".into(), word)),
            "alert" | "confused" | "voice" | "pain" | "unresponsive" => {
                values.push(("consciousness".into(), word));
            }
            _ => {
                let value = words.need("a value")?;
                values.push((word, value));
            }
        }
    }
    Ok(Action::Vitals { who, values })
}

fn series(words: &mut Words) -> Result<Action, ParseError> {
    let who = words.need("a patient")?;
    let what = words.need("what it is a series of")?;
    let apart: i64 = words.after("every")?.parse().unwrap_or_default();
    let values: Vec<String> = std::iter::from_fn(|| words.next()).collect();
    if apart < 1 || values.is_empty() {
        return Err(words.wrong("a series says how many minutes are between its values, such as: series ann map every 15 80 78 75"));
    }
    Ok(Action::Series {
        who,
        what,
        apart,
        values,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_step_is_no_test() {
        let none = "the file ends and has no step, such as: 10:00 lab ann potassium 6.9 mmol/L";
        let words = "A potassium is critical.\nTests: critical-results\n";
        for (text, line) in [("", 1), ("\n\n# words\n", 3), (words, 2)] {
            let error = parse(text).unwrap_err().to_string();
            assert_eq!(error, format!("{line}: {none}"));
        }
        let error = parse("10:00 expect nothing").unwrap_err().to_string();
        assert_eq!(
            error,
            "1: what is expected stands behind the step that it comes of"
        );
        assert_eq!(parse("\u{feff}10:00 admit ann").unwrap().steps.len(), 1);
    }

    #[test]
    fn a_line_that_is_not_understood_is_named() {
        let error = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(
            error("Story.\n\n10:00 vitalz ann"),
            "3: \"vitalz\" is not a verb of scenarios"
        );
        assert_eq!(
            error("Story.\nTests: weather\n10:00 admit ann"),
            "2: there is no workload \"weather\""
        );
        assert_eq!(
            error("10:00 merge ann into ann"),
            "1: a patient is merged into another one, such as: merge john into ann"
        );
        assert_eq!(error("10:00 admit"), "1: a patient is missing");
        assert_eq!(
            error("10:00 series ann map 80 78"),
            "1: a series says how many minutes are between its values, such as: series ann map every 15 80 78 75"
        );
        assert_eq!(
            error("10:00 admit ann now"),
            "1: \"now\" is one word too many"
        );
        assert_eq!(
            error("10:00 admit ann\nmore words"),
            "2: a step begins with its time, such as 10:00, or with a space"
        );
        assert_eq!(
            error("10:00 expect finding deterioration ann score high"),
            "1: \"high\" is not a number"
        );
    }
}
