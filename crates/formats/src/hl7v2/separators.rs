//! The separators a message declares in MSH-1 and MSH-2.

use super::issue::IssueCode;

const NONE: u8 = Separators::NONE;

/// Holds the characters that split a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Separators {
    /// Between fields, MSH-1.
    pub field: u8,
    /// Between components, first of MSH-2.
    pub component: u8,
    /// Between repetitions, second of MSH-2.
    pub repetition: u8,
    /// Around escape sequences, third of MSH-2.
    pub escape: u8,
    /// Between subcomponents, fourth of MSH-2.
    pub subcomponent: u8,
    /// Marks truncated content, fifth of MSH-2.
    pub truncation: u8,
}

impl Separators {
    /// Stands for a separator that the message does not have: no segment holds a carriage return, so it splits nothing.
    pub(crate) const NONE: u8 = b'\r';

    /// The separators that HL7 recommends.
    pub const STANDARD: Self = Self {
        field: b'|',
        component: b'^',
        repetition: b'~',
        escape: b'\\',
        subcomponent: b'&',
        truncation: NONE,
    };

    /// The separators of content that nothing splits, such as MSH-2 itself.
    pub(crate) const UNSPLIT: Self = Self {
        field: NONE,
        component: NONE,
        repetition: NONE,
        escape: NONE,
        subcomponent: NONE,
        truncation: NONE,
    };

    /// Reads the separators of a message that starts with MSH, FHS or BHS.
    pub(crate) fn read(header: &[u8]) -> (Self, Option<IssueCode>) {
        let Some((&field, rest)) = header.get(3..).and_then(<[u8]>::split_first) else {
            return (Self::STANDARD, Some(IssueCode::SeparatorsInvalid));
        };
        if !is_usable(field) {
            return (Self::STANDARD, Some(IssueCode::SeparatorsInvalid));
        }
        let end = rest
            .iter()
            .position(|&byte| byte == field || matches!(byte, b'\r' | b'\n'));
        let declared = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        if declared == b"^~\\&" && !b"^~\\&".contains(&field) {
            return (
                Self {
                    field,
                    ..Self::STANDARD
                },
                None,
            );
        }
        Self::read_unusual(field, declared)
    }

    /// Returns the encoding characters, as MSH-2 has them.
    #[must_use]
    pub fn encoding_characters(&self) -> Vec<u8> {
        let all = [
            self.component,
            self.repetition,
            self.escape,
            self.subcomponent,
            self.truncation,
        ];
        all.into_iter().take_while(|&byte| byte != NONE).collect()
    }

    /// Reports whether two of the separators are one character, so that nobody can say what splits what.
    #[must_use]
    pub fn has_duplicates(&self) -> bool {
        let all = [
            self.field,
            self.component,
            self.repetition,
            self.escape,
            self.subcomponent,
        ];
        all.iter().enumerate().any(|(place, byte)| {
            *byte != NONE && all.iter().skip(place + 1).any(|other| other == byte)
        })
    }

    /// Returns separators that anything can be written with: these, or the standard ones where these do not do.
    pub(crate) fn for_writing(self) -> Self {
        let needed = [
            self.component,
            self.repetition,
            self.escape,
            self.subcomponent,
        ];
        if !needed.contains(&NONE) && !self.has_duplicates() {
            return self;
        }
        let standard = Self {
            field: self.field,
            ..Self::STANDARD
        };
        if standard.has_duplicates() {
            Self::STANDARD
        } else {
            standard
        }
    }

    fn read_unusual(field: u8, declared: &[u8]) -> (Self, Option<IssueCode>) {
        let mut characters = declared.to_vec();
        let mut issue = None;
        let doubled =
            matches!(characters.as_slice(), [_, _, third, fourth, _, ..] if third == fourth);
        if doubled {
            characters.remove(3);
            issue = Some(IssueCode::SeparatorsDoubledEscape);
        }
        if characters.is_empty() || !characters.iter().copied().all(is_usable) {
            return (
                Self {
                    field,
                    ..Self::STANDARD
                },
                Some(IssueCode::SeparatorsInvalid),
            );
        }
        if characters.len() < 4 {
            issue = Some(IssueCode::SeparatorsShort);
        } else if characters.len() > 5 {
            issue = Some(IssueCode::SeparatorsLong);
        }
        let at = |place: usize, standard: u8| match characters.get(place) {
            Some(&byte) => byte,
            None if standard == field || characters.contains(&standard) => NONE,
            None => standard,
        };
        let separators = Self {
            field,
            component: at(0, b'^'),
            repetition: at(1, b'~'),
            escape: at(2, b'\\'),
            subcomponent: at(3, b'&'),
            truncation: at(4, NONE),
        };
        if separators.has_duplicates() {
            issue = Some(IssueCode::SeparatorsDuplicate);
        }
        (separators, issue)
    }
}

impl Default for Separators {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// A letter, a digit, a control character or half of a multi-byte character would split the data itself.
fn is_usable(byte: u8) -> bool {
    byte.is_ascii_punctuation()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[expect(
        clippy::needless_pass_by_value,
        reason = "expect![] is passed as it is made"
    )]
    fn check(header: &str, expected: Expect) {
        let (separators, issue) = Separators::read(header.as_bytes());
        let characters = separators.encoding_characters();
        expected.assert_eq(&format!(
            "{}{} {}",
            char::from(separators.field),
            String::from_utf8_lossy(&characters),
            issue.map_or("fine", IssueCode::as_str)
        ));
    }

    #[test]
    fn declared_separators_are_read() {
        check("MSH|^~\\&|a", expect![[r"|^~\& fine"]]);
        check("MSH#^~\\&#a", expect![[r"#^~\& fine"]]);
        check("MSH$:~\\@$a", expect![[r"$:~\@ fine"]]);
        check("MSH|^~\\&#|a", expect![[r"|^~\&# fine"]]);
    }

    #[test]
    fn unusual_separators_are_read_with_an_issue() {
        check("MSH|^~|a", expect![[r"|^~\& separators-short"]]);
        check("MSH|^|a", expect![[r"|^~\& separators-short"]]);
        check("MSH|&|a", expect![[r"|&~\ separators-short"]]);
        check(
            "MSH|^~\\\\&|a",
            expect![[r"|^~\& separators-doubled-escape"]],
        );
        check("MSH|^~\\&#!|a", expect![[r"|^~\&# separators-long"]]);
        check("MSH|&&&&|a", expect![[r"|&&&& separators-duplicate"]]);
        check("MSH^^~\\&^a", expect![[r"^^~\& separators-invalid"]]);
        check("MSH||a", expect![[r"|^~\& separators-invalid"]]);
        check("MSH", expect![[r"|^~\& separators-invalid"]]);
        check("MSHAB|", expect![[r"|^~\& separators-invalid"]]);
        check("MSH|PID|a", expect![[r"|^~\& separators-invalid"]]);
    }
}
