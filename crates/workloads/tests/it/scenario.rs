//! Reads scenarios: clinical stories with a time in front of each step.

use std::fmt;

/// A story.
#[derive(Debug)]
pub(crate) struct Story {
    /// What it shows, in the words of its first lines.
    pub(crate) title: String,
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
    /// A laboratory result.
    Lab {
        who: String,
        what: String,
        value: String,
        unit: String,
        flag: String,
        note: String,
    },
    /// A new version of what was charted at a time.
    Correct {
        who: String,
        of: i64,
        what: String,
        value: String,
        unit: String,
    },
    /// What was charted or ordered at a time will not come.
    Cancel {
        who: String,
        of: i64,
        what: String,
    },
    /// What was charted at a time should never have been.
    Withdraw {
        who: String,
        of: i64,
        what: String,
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
    Person {
        who: String,
        born: String,
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
    Expect(Expectation),
}

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

const DAY: i64 = 24 * 60;

/// Reads a story: prose, then steps. A line that starts with a space goes on at the time of the one before.
pub(crate) fn parse(text: &str) -> Result<Story, ParseError> {
    let mut story = Story {
        title: String::new(),
        steps: Vec::new(),
    };
    let (mut at, mut arrives) = (0, 0);
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
        if let Some(word) = words.next() {
            return Err(words.wrong(&format!("{word:?} is one word too many")));
        }
        story.steps.push(Step {
            line: number,
            at,
            arrives,
            loaded,
            action,
        });
    }
    Ok(story)
}

fn action(words: &mut Words) -> Result<Action, ParseError> {
    let verb = words.need("a verb")?;
    Ok(match verb.as_str() {
        "wait" => Action::Wait,
        "vitals" => vitals(words)?,
        "lab" => Action::Lab {
            who: words.need("a patient")?,
            what: words.need("an analyte")?,
            value: words.need("a value")?,
            unit: words.value_unless(&["flag", "note"]),
            flag: words.after("flag")?,
            note: words.after("note")?,
        },
        "correct" => Action::Correct {
            who: words.need("a patient")?,
            of: words.need_time()?,
            what: words.need("what is corrected")?,
            value: words.need("a value")?,
            unit: words.next().unwrap_or_default(),
        },
        "cancel" => Action::Cancel {
            who: words.need("a patient")?,
            of: words.need_time()?,
            what: words.need("what is cancelled")?,
        },
        "withdraw" => Action::Withdraw {
            who: words.need("a patient")?,
            of: words.need_time()?,
            what: words.need("what is withdrawn")?,
        },
        "culture" => Action::Culture {
            who: words.need("a patient")?,
            stage: words.need("a stage")?,
        },
        "antibiotic" => Action::Antibiotic {
            who: words.need("a patient")?,
            name: words.need("a name")?,
            stage: words.need("ordered or given")?,
        },
        "person" => Action::Person {
            who: words.need("a patient")?,
            born: words.after("born")?,
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
        "merge" => Action::Merge {
            from: words.need("a patient")?,
            into: words.after("into")?,
        },
        "expect" => Action::Expect(expectation(words)?),
        other => return Err(words.wrong(&format!("{other:?} is not a verb of scenarios"))),
    })
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

fn expectation(words: &mut Words) -> Result<Expectation, ParseError> {
    let kind = words.need("finding, retracted, nothing, late or quality")?;
    match kind.as_str() {
        "nothing" => Ok(Expectation::Nothing),
        "late" => Ok(Expectation::Late),
        "quality" => Ok(Expectation::Quality(words.need("a kind of issue")?)),
        "retracted" => Ok(Expectation::Retracted {
            condition: words.need("a condition")?,
            who: words.need("a patient")?,
            as_of: words.as_of()?,
            reason: words.need("a reason")?,
        }),
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

/// The words of a line; what stands in quotes is one.
struct Words {
    line: usize,
    words: std::collections::VecDeque<String>,
}

impl Words {
    /// Takes the next word where it is this one.
    fn follows(&mut self, word: &str) -> bool {
        self.words.pop_front_if(|next| next == word).is_some()
    }

    fn new(line: &str, number: usize) -> Result<Self, ParseError> {
        let mut words = std::collections::VecDeque::new();
        for (place, part) in line.split('"').enumerate() {
            if place % 2 == 1 {
                words.push_back(format!("\"{part}\""));
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        let words = Self {
            line: number,
            words,
        };
        if line.matches('"').count() % 2 == 1 {
            return Err(words.wrong("a quote is not closed"));
        }
        Ok(words)
    }

    fn wrong(&self, what: &str) -> ParseError {
        ParseError {
            line: self.line,
            what: what.to_owned(),
        }
    }

    fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    fn next(&mut self) -> Option<String> {
        self.words.pop_front()
    }

    fn need(&mut self, what: &str) -> Result<String, ParseError> {
        self.next()
            .ok_or_else(|| self.wrong(&format!("{what} is missing")))
    }

    fn number<N: std::str::FromStr>(&mut self) -> Result<N, ParseError> {
        let word = self.need("a number")?;
        word.parse()
            .map_err(|_| self.wrong(&format!("{word:?} is not a number")))
    }

    /// Takes a time at the front, with its day: `10:00` or `02:00 d+1`.
    fn time(&mut self) -> Result<Option<i64>, ParseError> {
        let Some(minutes) = self.words.front().and_then(|word| minutes(word)) else {
            return Ok(None);
        };
        self.next();
        let days = match self.words.front().and_then(|word| word.strip_prefix("d+")) {
            Some(days) => days
                .parse::<i64>()
                .map_err(|_| self.wrong("a day is written d+1"))?,
            None => return Ok(Some(minutes)),
        };
        self.next();
        Ok(Some(days * DAY + minutes))
    }

    fn need_time(&mut self) -> Result<i64, ParseError> {
        self.time()?.ok_or_else(|| self.wrong("a time is missing"))
    }

    fn as_of(&mut self) -> Result<Option<i64>, ParseError> {
        if self.words.front().is_some_and(|word| word == "at") {
            self.next();
            return self.need_time().map(Some);
        }
        Ok(None)
    }

    /// Takes `arrives` and its time from the end.
    fn arrival(&mut self) -> Result<Option<i64>, ParseError> {
        let Some(place) = self.words.iter().position(|word| word == "arrives") else {
            return Ok(None);
        };
        let mut tail = Self {
            line: self.line,
            words: self.words.split_off(place),
        };
        tail.next();
        let time = tail.need_time()?;
        match tail.next() {
            Some(word) => Err(self.wrong(&format!("{word:?} stands after the arrival"))),
            None => Ok(Some(time)),
        }
    }

    /// Takes a word, unless it is one of these.
    fn value_unless(&mut self, keys: &[&str]) -> String {
        match self.words.front() {
            Some(word) if !keys.contains(&word.as_str()) => self.next().unwrap_or_default(),
            Some(_) | None => String::new(),
        }
    }

    /// Takes the word after this one, if this one is next.
    fn after(&mut self, key: &str) -> Result<String, ParseError> {
        if self.words.front().is_some_and(|word| word == key) {
            self.next();
            return self.need(key);
        }
        Ok(String::new())
    }
}

fn minutes(word: &str) -> Option<i64> {
    let (hours, minutes) = word.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

#[test]
fn a_line_that_is_not_understood_is_named() {
    let error = |text: &str| parse(text).unwrap_err().to_string();
    assert_eq!(
        error("Story.\n\n10:00 vitalz ann"),
        "3: \"vitalz\" is not a verb of scenarios"
    );
    assert_eq!(error("10:00 admit"), "1: a patient is missing");
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
