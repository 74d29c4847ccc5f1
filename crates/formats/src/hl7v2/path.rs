//! Paths such as `PID-3[2].4.1`: what people write to name a place in a message.

use std::fmt;
use std::str::FromStr;

use super::element::Value;
use super::segment::Segment;

/// Names a place in a message: `SEG[occurrence]-field[repetition].component.subcomponent`, all counted from 1.
///
/// Only the segment is needed; an occurrence or repetition left out is the first, but a field alone is all of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    segment: String,
    occurrence: Option<usize>,
    field: Option<usize>,
    repetition: Option<usize>,
    component: Option<usize>,
    subcomponent: Option<usize>,
}

/// Says why text is not a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The segment's name is missing or not letters and digits.
    #[error("no segment name at the start; write a path like PID-3[2].4.1")]
    Segment,
    /// A number is missing, is zero or is too large.
    #[error("no number from 1 on after {after:?}; write a path like PID-3[2].4.1")]
    Number {
        /// The character that a number must follow.
        after: char,
    },
    /// Something follows that is no part of a path.
    #[error("unexpected {found:?}; write a path like PID-3[2].4.1")]
    Unexpected {
        /// The first character that does not fit.
        found: char,
    },
}

impl Path {
    /// Returns the segment's name.
    #[must_use]
    pub fn segment(&self) -> &str {
        &self.segment
    }

    /// Returns which segment of that name, counted from 1.
    #[must_use]
    pub fn occurrence(&self) -> usize {
        self.occurrence.unwrap_or(1)
    }

    /// Returns the field's number.
    #[must_use]
    pub fn field(&self) -> Option<usize> {
        self.field
    }

    /// Returns the numbers after the segment's name, as the ERL data type orders them; 0 for those left out.
    pub(super) fn numbers(&self) -> [usize; 5] {
        let field = self.field.unwrap_or_default();
        let repetition = self.repetition.unwrap_or(usize::from(field > 0));
        [
            self.occurrence(),
            field,
            repetition,
            self.component.unwrap_or_default(),
            self.subcomponent.unwrap_or_default(),
        ]
    }

    /// Puts a path together from such numbers.
    pub(super) fn from_numbers(segment: String, numbers: [usize; 5]) -> Self {
        let [occurrence, field, repetition, component, subcomponent] =
            numbers.map(|number| (number > 0).then_some(number));
        Self {
            segment,
            occurrence,
            field,
            repetition: field.and(repetition),
            component: field.and(component),
            subcomponent: field.and(component).and(subcomponent),
        }
    }

    /// Follows the path inside a segment, whatever its name and occurrence.
    #[must_use]
    pub fn within<'m>(&self, segment: &Segment<'m>) -> Value<'m> {
        let Some(field) = self.field.map(|number| segment.field(number)) else {
            return segment.value();
        };
        if self.repetition.is_none() && self.component.is_none() {
            return field.at_level();
        }
        let repetition = field.repetition(self.repetition.unwrap_or(1));
        let Some(component) = self.component.map(|number| repetition.component(number)) else {
            return repetition.at_level();
        };
        match self.subcomponent {
            None => component.at_level(),
            Some(number) => component.subcomponent(number).at_level(),
        }
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let end = text
            .find(|letter: char| !letter.is_ascii_alphanumeric())
            .unwrap_or(text.len());
        let (segment, rest) = text.split_at(end);
        if segment.is_empty() {
            return Err(PathError::Segment);
        }
        let mut reader = Reader { rest };
        let occurrence = reader.bracketed()?;
        let field = reader.after('-')?;
        let (mut repetition, mut component, mut subcomponent) = (None, None, None);
        if field.is_some() {
            repetition = reader.bracketed()?;
            component = reader.after('.')?;
        }
        if component.is_some() {
            subcomponent = reader.after('.')?;
        }
        if let Some(found) = reader.rest.chars().next() {
            return Err(PathError::Unexpected { found });
        }
        Ok(Self {
            segment: segment.to_owned(),
            occurrence,
            field,
            repetition,
            component,
            subcomponent,
        })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.segment)?;
        let parts = [
            ("[", self.occurrence, "]"),
            ("-", self.field, ""),
            ("[", self.repetition, "]"),
            (".", self.component, ""),
            (".", self.subcomponent, ""),
        ];
        for (before, number, after) in parts {
            if let Some(number) = number {
                write!(formatter, "{before}{number}{after}")?;
            }
        }
        Ok(())
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn after(&mut self, mark: char) -> Result<Option<usize>, PathError> {
        let Some(rest) = self.rest.strip_prefix(mark) else {
            return Ok(None);
        };
        let end = rest
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(rest.len());
        let (digits, rest) = rest.split_at(end);
        let number = digits.parse().ok().filter(|&number: &usize| number > 0);
        self.rest = rest;
        number.map(Some).ok_or(PathError::Number { after: mark })
    }

    fn bracketed(&mut self) -> Result<Option<usize>, PathError> {
        let number = self.after('[')?;
        if number.is_some() {
            self.rest = self
                .rest
                .strip_prefix(']')
                .ok_or_else(|| PathError::Unexpected {
                    found: self.rest.chars().next().unwrap_or('['),
                })?;
        }
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    const MESSAGE: &[u8] =
        b"MSH|^~\\&|A|B\rPID|1||1^^^H&2.16&ISO~2^^^G||Doe^Jo\rOBX|1\rOBX|2||c||v\r";

    #[expect(
        clippy::needless_pass_by_value,
        reason = "expect![] is passed as it is made"
    )]
    fn check(path: &str, expected: Expect) {
        let found = match path.parse::<Path>() {
            Err(error) => error.to_string(),
            Ok(parsed) => {
                assert_eq!(parsed.to_string(), path);
                match crate::hl7v2::parse(MESSAGE).get(&parsed) {
                    None => "not there".to_owned(),
                    Some(value) => format!("{:?}", value.text()),
                }
            }
        };
        expected.assert_eq(&found);
    }

    #[test]
    fn paths_lead_to_values() {
        check("PID-5.2", expect![[r#""Jo""#]]);
        check("PID-3[2].4.1", expect![[r#""G""#]]);
        check("PID-3.4.2", expect![[r#""2.16""#]]);
        check("PID-3[2]", expect![[r#""2^^^G""#]]);
        check("PID-3", expect![[r#""1^^^H&2.16&ISO~2^^^G""#]]);
        check("PID-99.1", expect![[r#""""#]]);
        check("OBX[2]-5", expect![[r#""v""#]]);
        check("OBX[3]-5", expect!["not there"]);
        check("OBX[1]", expect![[r#""OBX|1""#]]);
        check("MSH-1", expect![[r#""|""#]]);
        check("MSH-2", expect![[r#""^~\\&""#]]);
        check("MSH-2.1", expect![[r#""^~\\&""#]]);
        check("MSH-4", expect![[r#""B""#]]);
    }

    #[test]
    fn what_is_no_path_says_why() {
        check(
            "",
            expect!["no segment name at the start; write a path like PID-3[2].4.1"],
        );
        check(
            "PID-",
            expect!["no number from 1 on after '-'; write a path like PID-3[2].4.1"],
        );
        check(
            "PID-0",
            expect!["no number from 1 on after '-'; write a path like PID-3[2].4.1"],
        );
        check(
            "PID-3[2.1",
            expect!["unexpected '.'; write a path like PID-3[2].4.1"],
        );
        check(
            "PID-3.1.1.1",
            expect!["unexpected '.'; write a path like PID-3[2].4.1"],
        );
        check(
            "PID.3",
            expect!["unexpected '.'; write a path like PID-3[2].4.1"],
        );
        check(
            "PID-99999999999999999999",
            expect!["no number from 1 on after '-'; write a path like PID-3[2].4.1"],
        );
    }
}
