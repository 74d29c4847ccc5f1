//! The codes of a message that no table and no rule of its source translates: kept as sent, and told so that they can be mapped.

use std::borrow::Cow;
use std::collections::BTreeMap;

use formats::hl7v2::{Field, Message, Repetition, Segment};

use crate::issue::{Issue, IssueCode};
use crate::map::Mapped;

/// So much of a code or a coding system is told.
const CODE_CHARS_MAX: usize = 64;
/// So much of its words.
const TEXT_CHARS_MAX: usize = 120;
/// Segments that are about persons: of them, no words are told beside the code.
const ABOUT_PERSONS: [&[u8]; 8] = [
    b"PID", b"PD1", b"NK1", b"MRG", b"GT1", b"IN1", b"IN2", b"IN3",
];
/// What was observed may be any text: of it, only codes of a coding system are told, and no words beside them.
const OBSERVED: (&[u8], usize) = (b"OBX", 5);

/// A code that was kept as sent because nothing says what it is in FHIR.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnmappedCode {
    /// Where it stands, such as `OBX-3` or `PID-11.7`.
    pub field: String,
    /// The sender's name of its coding system; may be empty.
    pub system: String,
    /// The code; may be empty where there are only words.
    pub code: String,
    /// The words for it; may be empty.
    pub text: String,
    /// How often it stands in the message.
    pub count: u32,
}

impl UnmappedCode {
    /// Gives the segment and the number of the field it stands in.
    pub fn segment_and_field(&self) -> (&str, usize) {
        let (segment, rest) = self.field.split_once('-').unwrap_or((&self.field, ""));
        let number = rest
            .split('.')
            .next()
            .and_then(|number| number.parse().ok());
        (segment, number.unwrap_or_default())
    }
}

impl Mapped {
    /// Gives the codes of a message that nothing translates, each once.
    pub fn unmapped_codes(&self, message: &Message<'_>) -> Vec<UnmappedCode> {
        let issues = self.issues.iter().filter(|issue| is_about_a_code(issue));
        let mut positions: Vec<usize> = issues.map(|issue| issue.position).collect();
        positions.sort_unstable();
        let mut segments = message.segments().peekable();
        let mut found: BTreeMap<[String; 4], UnmappedCode> = BTreeMap::new();
        for position in positions {
            while segments
                .next_if(|segment| segment.position().end <= position)
                .is_some()
            {}
            let segment = segments
                .peek()
                .filter(|segment| segment.position().contains(&position));
            let Some(code) = segment.and_then(|segment| at(segment, position)) else {
                continue;
            };
            // Words tell codes apart only where there is no code.
            let words = if code.code.is_empty() {
                &*code.text
            } else {
                ""
            };
            let [field, system, sent] = [&code.field, &code.system, &code.code].map(Clone::clone);
            let known = found
                .entry([field, system, sent, words.to_owned()])
                .or_insert(UnmappedCode { count: 0, ..code });
            known.count += 1;
        }
        found.into_values().collect()
    }
}

const fn is_about_a_code(issue: &Issue) -> bool {
    matches!(issue.code, IssueCode::LocalCode | IssueCode::CodeUnknown)
}

/// Reads the code at a byte of a segment: that of a coded field, or of the component that starts there.
fn at(segment: &Segment<'_>, position: usize) -> Option<UnmappedCode> {
    let name = String::from_utf8_lossy(segment.name());
    let within = |field: &Field<'_>| holds(&field.position(), position);
    let (number, field) = (1..)
        .zip(segment.fields())
        .find(|(_, field)| within(field))?;
    let repetition = field
        .repetitions()
        .find(|repetition| holds(&repetition.position(), position))?;
    let component = (1..)
        .zip(repetition.components())
        .find(|(_, component)| holds(&component.position(), position))?;
    let field = format!("{name}-{number}");
    if component.0 > 1 {
        return Some(UnmappedCode {
            field: format!("{field}.{}", component.0),
            system: String::new(),
            code: told(component.1.subcomponent(1).text(), CODE_CHARS_MAX),
            text: String::new(),
            count: 1,
        });
    }
    let [code, words, system] = coding(&repetition);
    let is_observed = (segment.name(), number) == OBSERVED;
    if is_observed && system.trim().is_empty() {
        return None;
    }
    let silent = ABOUT_PERSONS.contains(&segment.name()) || is_observed;
    Some(UnmappedCode {
        field,
        system: told(system, CODE_CHARS_MAX),
        code: told(code, CODE_CHARS_MAX),
        text: if silent {
            String::new()
        } else {
            told(words, TEXT_CHARS_MAX)
        },
        count: 1,
    })
}

/// Gives what is told of a text: on one line, and nothing that a terminal obeys, since people read lists of codes and put them
/// into configurations.
fn told(text: Cow<'_, str>, most: usize) -> String {
    let letters = text.trim().chars().take(most);
    let shown = |letter: char| if letter.is_control() { ' ' } else { letter };
    letters.map(shown).collect()
}

/// Gives code, words and coding system: the first three components, or the second three where they are empty.
fn coding<'m>(repetition: &Repetition<'m>) -> [Cow<'m, str>; 3] {
    let part = |number: usize| repetition.component(number).subcomponent(1).text();
    let has_first = [1, 2]
        .iter()
        .any(|number| repetition.component(*number).is_valued());
    if has_first {
        [1, 2, 3].map(part)
    } else {
        [4, 5, 6].map(part)
    }
}

/// Says whether a place is in a part, whose end belongs to it where it is empty.
fn holds(range: &std::ops::Range<usize>, position: usize) -> bool {
    range.contains(&position) || (range.is_empty() && range.start == position)
}

#[cfg(test)]
mod tests {
    use clinical::{ReceivedTime, SiteKey};
    use expect_test::{Expect, expect};
    use formats::hl7v2;

    use crate::map::map;
    use crate::source::Source;

    #[expect(clippy::needless_pass_by_value, reason = "the macro gives it by value")]
    fn check(segments: &str, expected: Expect) {
        let text =
            format!("MSH|^~\\&|LAB|H|||20260301100000+0000||ORU^R01^ORU_R01|1|P|2.5\r{segments}");
        let message = hl7v2::parse(text.as_bytes());
        let site = SiteKey::new([0; 32]);
        let mapped = map(
            &message,
            &Source::new("lab"),
            &site,
            ReceivedTime::from_micros(0),
        );
        let lines: Vec<String> = mapped
            .unmapped_codes(&message)
            .iter()
            .map(|code| {
                format!(
                    "{} {:?} {:?} {:?} ×{}",
                    code.field, code.system, code.code, code.text, code.count
                )
            })
            .collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn what_was_observed_by_a_local_code_is_told_with_its_words() {
        check(
            "PID|||7^^^H^MR\rOBR|1||9|PANEL^Panel^L\rOBX|1|NM|K^Potassium^L||5|||||F\rOBX|2|NM|2345-7^Glucose^LN||5|||||F\r\
             OBX|3|NM|K^Kalium^L|2|5|||||F\rOBX|4|NM|^^^NA^Sodium^L||5|||||F\rOBX|5|NM|^Something||5|||||F",
            expect![[r#"
                OBR-4 "L" "PANEL" "Panel" ×1
                OBX-10 "" "F" "" ×5
                OBX-3 "" "" "Something" ×1
                OBX-3 "L" "K" "Potassium" ×2
                OBX-3 "L" "NA" "Sodium" ×1"#]],
        );
    }

    #[test]
    fn what_is_told_of_a_code_stays_on_one_line_and_moves_no_terminal() {
        check(
            "PID|||7^^^H^MR\rOBR|1||9|P^a\\X0A\\[source.x]\\X1B\\[2J^L\r",
            expect![[r#"OBR-4 "L" "P" "a [source.x] [2J" ×1"#]],
        );
    }

    #[test]
    fn a_code_inside_a_field_is_told_without_what_stands_beside_it() {
        check(
            "PID|||7^^^H^MR||Doe^Jane^^^^^W||19540211|W^Jane Doe's||5^^Rome^^^^ZZ\rPV1|1|9^special|||||||||||||||||V1",
            expect![[r#"
                PID-10 "Rome" "5" "" ×1
                PID-8 "" "W" "" ×1
                PV1-2 "" "9" "special" ×1"#]],
        );
    }
}
