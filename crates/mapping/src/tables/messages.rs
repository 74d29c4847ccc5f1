//! What an event says of the stay and the person: `messages.tsv`.

use crate::draft::Effect;

/// A row of `messages.tsv`.
#[derive(Debug)]
pub(crate) struct MessageRow {
    /// The event, such as `A01`.
    pub(crate) event: &'static str,
    /// Whether what it says of the stay only holds where nothing is known.
    pub(crate) fills: bool,
    /// What it does to the stay.
    pub(crate) stay: Effect,
    /// What it does to the person.
    pub(crate) person: Effect,
    ends: Ends,
    by_class: Vec<(&'static str, &'static str)>,
    status: &'static str,
}

/// The status of a stay of which the event says nothing.
const BY_CLASS: &str = "by-class";

/// What a valued PV1-45 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// The stay has ended.
    Stay,
    /// Nothing: the event knows better.
    Nothing,
}

/// How far a stay has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StayStatus {
    /// The event or its end says so.
    Is(&'static str),
    /// The class alone says so, where nothing is known.
    ByClass,
}

/// Decides how far a stay has come: what the event says against the end, then the end (PV1-45), then the event, then the class.
pub(crate) fn status(row: Option<&MessageRow>, class: &str, discharged: bool) -> StayStatus {
    let said = row.and_then(|row| row.status_of(class));
    let ends = row.map_or(Ends::Stay, |row| row.ends);
    match said {
        Some(status) if ends == Ends::Nothing || !discharged => StayStatus::Is(status),
        _ if discharged && ends == Ends::Stay => StayStatus::Is("finished"),
        _ => StayStatus::ByClass,
    }
}

impl MessageRow {
    /// Reads a row.
    pub(crate) fn read(cells: &[&'static str]) -> Result<Self, String> {
        let &[event, stay, effect, status] = cells else {
            return Err("a row has event, stay, effect and status".to_owned());
        };
        let fills = match stay {
            "state" => false,
            "known" => true,
            _ => return Err(format!("`{stay}` is neither `state` nor `known`")),
        };
        let ends = match status.starts_with('!') {
            true => Ends::Nothing,
            false => Ends::Stay,
        };
        let mut by_class = Vec::new();
        let mut rest = "";
        for word in status.trim_start_matches('!').split_ascii_whitespace() {
            match word.split_once('=') {
                Some(pair) => by_class.push(pair),
                None if rest.is_empty() && is_status(word) => rest = word,
                None if rest.is_empty() => {
                    return Err(format!("`{word}` is no status of an Encounter"));
                }
                None => {
                    return Err(format!(
                        "`{word}` stands beside `{rest}`: one status is for all other classes"
                    ));
                }
            }
        }
        if rest.is_empty() {
            return Err(
                "the status of all other classes is missing: write it, or `by-class`".to_owned(),
            );
        }
        let (stay, person) = effects(effect)?;
        Ok(Self {
            event,
            fills,
            stay,
            person,
            ends,
            by_class,
            status: rest,
        })
    }

    fn status_of(&self, class: &str) -> Option<&'static str> {
        let mut named = self.by_class.iter();
        let named = named.find_map(|(one, status)| (*one == class).then_some(*status));
        named.or_else(|| Some(self.status).filter(|status| *status != BY_CLASS))
    }
}

/// Says whether a word is a code of encounter-status (FHIR R4), or leaves it to the class.
fn is_status(word: &str) -> bool {
    let known =
        "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown";
    word == BY_CLASS || known.split(' ').any(|known| known == word)
}

/// Reads what an event does to the stay and to the person.
fn effects(word: &str) -> Result<(Effect, Effect), String> {
    let stay = match word {
        "state" => Effect::State,
        "cancel-admit" => Effect::CancelAdmit,
        "cancel-plan" => Effect::CancelPlan,
        "cancel-transfer" => Effect::CancelTransfer,
        "cancel-planned-transfer" => Effect::CancelPlannedTransfer,
        "cancel-discharge" => Effect::CancelDischarge,
        "cancel-leave" => Effect::CancelLeave,
        "cancel-attending" => Effect::CancelAttending,
        "delete" => Effect::Delete,
        "delete-person" => return Ok((Effect::State, Effect::Delete)),
        _ => return Err(format!("`{word}` is no effect")),
    };
    Ok((stay, Effect::State))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::tables::TABLES;

    #[test]
    fn the_status_of_a_stay_by_event_class_and_end() {
        let mut by_status: Vec<(String, Vec<&str>)> = Vec::new();
        for row in &TABLES.events {
            let word = |class, discharged| match status(Some(row), class, discharged) {
                StayStatus::Is(status) => status,
                StayStatus::ByClass => "by class",
            };
            let classes = ["E", "P", "I"];
            let mut words = classes.map(|class| word(class, false)).to_vec();
            words.dedup();
            let ended = word("I", true);
            let line = format!("{}; with an end {ended}", words.join(", "));
            match by_status.iter_mut().find(|(known, _)| *known == line) {
                Some((_, events)) => events.push(row.event),
                None => by_status.push((line, vec![row.event])),
            }
        }
        let show = |(line, events): &(String, Vec<&str>)| format!("{line}: {}\n", events.join(" "));
        let out: String = by_status.iter().map(show).collect();
        expect![[r#"
            in-progress; with an end finished: A01 A02 A06 A07 A17 A22 A52
            finished; with an end finished: A03
            in-progress, planned, arrived; with an end finished: A04
            planned; with an end finished: A05 A14
            by class; with an end finished: A08 A09 A10 A12 A18 A24 A28 A29 A30 A31 A32 A33 A34 A35 A36 A37 A39 A40 A41 A42 A43 A44 A45 A46 A47 A48 A49 A50 A51 A54 A55 A60 R01
            cancelled; with an end cancelled: A11 A27 A38
            in-progress; with an end in-progress: A13
            by class; with an end by class: A15 A16 A25 A26
            onleave; with an end finished: A21 A53
            entered-in-error; with an end entered-in-error: A23
        "#]].assert_eq(&out);
        assert_eq!(status(None, "I", true), StayStatus::Is("finished"));
        assert_eq!(status(None, "I", false), StayStatus::ByClass);
    }

    #[test]
    fn a_row_that_cannot_be_read_says_why() {
        let why = |cells: &[&'static str]| MessageRow::read(cells).unwrap_err();
        assert_eq!(why(&["A01"]), "a row has event, stay, effect and status");
        assert_eq!(
            why(&["A01", "all", "state", "by-class"]),
            "`all` is neither `state` nor `known`"
        );
        assert_eq!(
            why(&["A01", "state", "undo", "by-class"]),
            "`undo` is no effect"
        );
        assert_eq!(
            why(&["A01", "state", "state", "planned arrived"]),
            "`arrived` stands beside `planned`: one status is for all other classes"
        );
        assert_eq!(
            why(&["A01", "state", "state", "E=arrived"]),
            "the status of all other classes is missing: write it, or `by-class`"
        );
        assert_eq!(
            why(&["A01", "state", "state", "begun"]),
            "`begun` is no status of an Encounter"
        );
    }
}
