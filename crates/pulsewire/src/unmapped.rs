//! Codes that nothing translates, as records of their topic, and added up over many of them.

use std::collections::BTreeMap;

use clinical::ReceivedTime;
use journal::{Journal, RecordRef};
use mapping::UnmappedCode;
use serde::{Deserialize, Serialize};

use crate::topics;
use crate::whole_topic;

/// What a record of the topic is called.
pub(crate) const CONTENT_TYPE: &str = "application/vnd.pulsewire.unmapped+json";
/// So many different codes are added up; of more, the ones seen last.
const CODES_MAX: usize = 10_000;

/// One code of a record.
#[derive(Serialize, Deserialize)]
struct Line {
    field: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    system: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    code: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    text: String,
    count: u32,
}

#[derive(Serialize, Deserialize)]
struct Lines {
    codes: Vec<Line>,
}

/// Writes the codes of a message.
pub(crate) fn write(codes: &[UnmappedCode]) -> Vec<u8> {
    let line = |code: &UnmappedCode| Line {
        field: code.field.clone(),
        system: code.system.clone(),
        code: code.code.clone(),
        text: code.text.clone(),
        count: code.count,
    };
    let lines = Lines {
        codes: codes.iter().map(line).collect(),
    };
    serde_json::to_vec(&lines).expect("words and numbers always make JSON")
}

/// Which code: two messages that have the same here have the same code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Code {
    /// Who sent it.
    pub(crate) source: String,
    /// Where it stands.
    pub(crate) field: String,
    /// The sender's name of its coding system.
    pub(crate) system: String,
    /// The code; the words where there is none.
    pub(crate) code: String,
}

/// What is known of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Whether there are only words, and no code.
    pub(crate) is_text: bool,
    /// The words that came with it last.
    pub(crate) text: String,
    pub(crate) count: u64,
    pub(crate) first: ReceivedTime,
    pub(crate) last: ReceivedTime,
    /// The id of the newest message that had it, and where it is kept.
    pub(crate) message: String,
    pub(crate) place: String,
}

/// Codes that nothing translates, added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unmapped(BTreeMap<Code, Seen>);

impl Unmapped {
    /// Adds those of a record; one that cannot be read has none.
    pub(crate) fn take_in(&mut self, record: &RecordRef<'_>) {
        let lines = record
            .value
            .and_then(|json| serde_json::from_slice::<Lines>(json).ok());
        let text = |name: &str| {
            String::from_utf8_lossy(record.header(name).unwrap_or_default()).into_owned()
        };
        let at = ReceivedTime::from_micros(record.received_time);
        for line in lines.into_iter().flat_map(|lines| lines.codes) {
            let is_text = line.code.is_empty();
            let code = Code {
                source: text("source-system"),
                field: line.field,
                system: line.system,
                code: if is_text {
                    line.text.clone()
                } else {
                    line.code
                },
            };
            let seen = self.0.entry(code).or_insert_with(|| Seen {
                is_text,
                text: String::new(),
                count: 0,
                first: at,
                last: at,
                message: String::new(),
                place: String::new(),
            });
            seen.count += u64::from(line.count);
            seen.first = seen.first.min(at);
            if at >= seen.last {
                seen.last = at;
                seen.text = line.text;
                seen.message = text("message-id");
                seen.place = text("raw");
            }
        }
        self.forget();
    }

    /// Adds up all that is kept.
    pub(crate) fn of(journal: &dyn Journal, partitions: u16) -> Result<Self, journal::Error> {
        let mut all = Self::default();
        whole_topic::each(journal, topics::UNMAPPED, partitions, |record| {
            all.take_in(record);
        })?;
        Ok(all)
    }

    /// The codes that a choice wants, the most frequent first.
    pub(crate) fn rows(&self, source: Option<&str>, field: Option<&str>) -> Vec<(&Code, &Seen)> {
        let wanted = |code: &Code| {
            source.is_none_or(|source| code.source == source)
                && field.is_none_or(|field| code.field == field)
        };
        let mut rows: Vec<_> = self.0.iter().filter(|(code, _)| wanted(code)).collect();
        rows.sort_by_key(|(_, seen)| std::cmp::Reverse(seen.count));
        rows
    }

    /// Whose each code is, once for each.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|code| &*code.source)
    }

    /// A tenth at a time: to look for the oldest is work in the number of codes.
    fn forget(&mut self) {
        if self.0.len() <= CODES_MAX + CODES_MAX / 10 {
            return;
        }
        let mut times: Vec<ReceivedTime> = self.0.values().map(|seen| seen.last).collect();
        times.sort_unstable();
        let mut over = self.0.len() - CODES_MAX;
        let Some(oldest) = times.get(over - 1).copied() else {
            return;
        };
        self.0.retain(|_, seen| {
            let goes = over > 0 && seen.last <= oldest;
            over -= usize::from(goes);
            !goes
        });
    }
}

/// A rule for a code as a configuration has it, with what a person is to fill in left empty.
pub(crate) fn configuration(code: &Code, is_text: bool) -> String {
    let from = match (&*code.system, is_text) {
        // Only a code can be translated: where there are words alone, they stand for what the sender should send.
        (_, true) => String::new(),
        ("", false) => code.code.clone(),
        (system, false) => format!("{system}|{}", code.code),
    };
    let field = code.field.split('.').next().unwrap_or_default();
    let system = match field {
        "OBX-3" | "OBR-4" => "http://loinc.org",
        _ => "",
    };
    format!(
        "[[source.{}.codes]]\nwhere = {}\nfrom = {}\nsystem = {}\ncode = \"\"\ndisplay = \"\"\n",
        key(&code.source),
        quoted(field),
        quoted(&from),
        quoted(system),
    )
}

/// A name as a part of a TOML key.
fn key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !name.is_empty() && name.bytes().all(bare) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// Words as TOML has them.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(letter)));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests;
