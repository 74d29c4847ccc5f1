//! Values of primitive types: what FHIR allows to stand in each.

use super::super::definition::Primitive;
use super::STRING_BYTES_MAX;
use super::date::{self, Moment, Precision};
use super::narrative;

/// Says what is wrong with a string that is a value of this type, and what to do.
pub(super) fn problem_of_text(primitive: Primitive, text: &str) -> Option<&'static str> {
    let (right, advice) = match primitive {
        Primitive::String | Primitive::Markdown => return problem_of_words(text),
        Primitive::Xhtml => return narrative::problem(text),
        Primitive::Code => (
            is_code(text),
            "a code has no space before, behind or twice in it: take it out",
        ),
        Primitive::Id => (
            is_id(text),
            "an id is 1 to 64 letters, digits, `-` and `.`: choose another",
        ),
        Primitive::Uri | Primitive::Url | Primitive::Canonical => (
            is_address(text),
            "an address is not empty and has no space in it: escape it as %20",
        ),
        Primitive::Oid => (
            is_oid(text),
            "an object identifier is written `urn:oid:` and numbers with dots between",
        ),
        Primitive::Uuid => (
            is_uuid(text),
            "a unique identifier is written `urn:uuid:` and 32 lower-case digits in five groups",
        ),
        Primitive::Base64Binary => (
            is_base64(text),
            "bytes are written in base64, in groups of four with `=` at the end",
        ),
        Primitive::Date => (
            Moment::parse(text).is_some_and(|moment| moment.precision <= Precision::Day),
            "a date is a real YYYY, YYYY-MM or YYYY-MM-DD",
        ),
        Primitive::DateTime => (
            Moment::parse(text).is_some(),
            "a dateTime is a real YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with its offset",
        ),
        Primitive::Instant => (
            Moment::parse(text).is_some_and(|moment| moment.precision == Precision::Second),
            "an instant is a real YYYY-MM-DDThh:mm:ss with its offset",
        ),
        Primitive::Time => (date::is_time(text), "a time is hh:mm:ss without an offset"),
        Primitive::Boolean
        | Primitive::Integer
        | Primitive::UnsignedInt
        | Primitive::PositiveInt
        | Primitive::Decimal => (false, "write it without quotes"),
    };
    (!right).then_some(advice)
}

/// The same of a string that was written without escapes, in which JSON allows no control characters.
#[inline]
pub(super) fn problem_of_plain(primitive: Primitive, text: &str) -> Option<&'static str> {
    let bytes = text.as_bytes();
    let begins = bytes
        .first()
        .is_some_and(|byte| *byte > b' ' && byte.is_ascii());
    let well = match primitive {
        Primitive::String | Primitive::Markdown => begins && bytes.len() <= STRING_BYTES_MAX,
        Primitive::Code | Primitive::Uri | Primitive::Url | Primitive::Canonical => {
            begins && memchr::memchr(b' ', bytes).is_none()
        }
        _ => false,
    };
    if well {
        None
    } else {
        problem_of_text(primitive, text)
    }
}

/// Says what is wrong with a number that is a value of this type, and what to do.
pub(super) fn problem_of_number(primitive: Primitive, digits: &str) -> Option<&'static str> {
    let least = match primitive {
        Primitive::Decimal => return None,
        Primitive::Integer => i32::MIN,
        Primitive::UnsignedInt => 0,
        Primitive::PositiveInt => 1,
        _ => return Some(kind_of(primitive)),
    };
    match (digits.parse::<i32>(), least) {
        (Ok(number), least) if number >= least => None,
        (_, i32::MIN) => Some("write a whole number between -2147483648 and 2147483647"),
        (_, 0) => Some("write a whole number between 0 and 2147483647"),
        _ => Some("write a whole number between 1 and 2147483647"),
    }
}

/// Says how a value of this type is written.
pub(super) const fn kind_of(primitive: Primitive) -> &'static str {
    match primitive {
        Primitive::Boolean => "true or false is expected",
        Primitive::Integer
        | Primitive::UnsignedInt
        | Primitive::PositiveInt
        | Primitive::Decimal => "a number is expected",
        _ => "a string is expected: write the value in quotes",
    }
}

/// Whether a value of this type may name a contained resource.
pub(super) const fn may_be_local(primitive: Primitive) -> bool {
    matches!(
        primitive,
        Primitive::Uri | Primitive::Url | Primitive::Canonical
    )
}

fn problem_of_words(text: &str) -> Option<&'static str> {
    let is_control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\r' | b'\n');
    if text.len() > STRING_BYTES_MAX {
        Some("a string is at most 1 MiB long: send it as an attachment")
    } else if text.bytes().next().is_none_or(|b| b.is_ascii_whitespace()) && text.trim().is_empty()
    {
        Some("a string is never blank: leave the element out")
    } else if text.as_bytes().iter().any(is_control) {
        Some("a string has no control characters but tab and line ends: take them out")
    } else {
        None
    }
}

fn is_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut spaced = true;
    for byte in bytes {
        let space = *byte <= b' ';
        if space && spaced {
            return false;
        }
        spaced = space;
    }
    !spaced
}

/// Whether a text is an id of a resource.
pub(super) fn is_id(text: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    (1..=64).contains(&text.len()) && text.bytes().all(part)
}

fn is_address(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte > b' ')
}

fn is_oid(text: &str) -> bool {
    let Some(numbers) = text.strip_prefix("urn:oid:") else {
        return false;
    };
    let is_number = |n: &str| {
        n == "0" || (n.bytes().all(|b| b.is_ascii_digit()) && !n.starts_with('0') && !n.is_empty())
    };
    let mut parts = numbers.split('.');
    parts
        .next()
        .is_some_and(|root| matches!(root, "0" | "1" | "2"))
        && numbers.contains('.')
        && parts.all(is_number)
}

fn is_uuid(text: &str) -> bool {
    let Some(digits) = text.strip_prefix("urn:uuid:") else {
        return false;
    };
    digits.len() == 36
        && digits.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// Whether a text is base64; spaces and line ends may stand anywhere.
fn is_base64(text: &str) -> bool {
    let (mut count, mut padding) = (0_usize, 0_usize);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => count += 1,
            b'=' => padding += 1,
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => return false,
        }
    }
    count > 0 && padding <= 2 && (count + padding).is_multiple_of(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(primitive: Primitive, right: &[&str], wrong: &[&str]) {
        for text in right {
            assert_eq!(problem_of_text(primitive, text), None, "{text:?}");
        }
        for text in wrong {
            assert!(problem_of_text(primitive, text).is_some(), "{text:?}");
        }
    }

    #[test]
    fn texts_are_held_to_their_types() {
        check(
            Primitive::String,
            &["a", " a\n"],
            &["", " \t\n", "\u{a0}x\u{1}"],
        );
        check(
            Primitive::Code,
            &["a", "a b"],
            &["", " a", "a ", "a  b", "\t"],
        );
        check(
            Primitive::Id,
            &["a-1.B", &"x".repeat(64)],
            &["", "a_b", "a b", &"x".repeat(65)],
        );
        check(
            Primitive::Uri,
            &["urn:x", "http://a/b#c"],
            &["", "a b", "a\n"],
        );
        check(
            Primitive::Oid,
            &["urn:oid:2.16.840", "urn:oid:1.0"],
            &[
                "2.16.840",
                "urn:oid:3.1",
                "urn:oid:2",
                "urn:oid:2.01",
                "urn:oid:2.",
            ],
        );
        check(
            Primitive::Uuid,
            &["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
            &[
                "c757873d-ec9a-4326-a141-556f43239520",
                "urn:uuid:C757873d-ec9a-4326-a141-556f43239520",
                "urn:uuid:c757873dec9a4326a141556f43239520",
            ],
        );
        check(
            Primitive::Base64Binary,
            &["QUJD", "QUI=\n", "QQ==", "QU JD"],
            &["", "QUJ", "Q===", "QQ==QUJD", "QU-D"],
        );
        check(
            Primitive::Date,
            &["2024", "2024-02-29"],
            &["2024-02-30", "2024-02-03T10:00:00Z"],
        );
        check(
            Primitive::DateTime,
            &["2024", "2024-02-03T10:00:00Z"],
            &["2024-02-03T10:00", "2024-02-03T10:00:00"],
        );
        check(
            Primitive::Instant,
            &["2024-02-03T10:00:00.123+01:00"],
            &["2024", "2024-02-03T10:00:00"],
        );
        check(Primitive::Time, &["10:00:00"], &["10:00"]);
        check(Primitive::Boolean, &[], &["true"]);
        check(Primitive::Decimal, &[], &["1"]);
    }

    #[test]
    fn numbers_are_held_to_their_types() {
        for (primitive, right, wrong) in [
            (
                Primitive::Integer,
                ["-2147483648", "2147483647"],
                ["2147483648", "1.0"],
            ),
            (Primitive::UnsignedInt, ["0", "2147483647"], ["-1", "1e3"]),
            (
                Primitive::PositiveInt,
                ["1", "2147483647"],
                ["0", "2147483648"],
            ),
        ] {
            assert_eq!(
                right.map(|digits| problem_of_number(primitive, digits)),
                [None, None]
            );
            assert!(
                wrong
                    .iter()
                    .all(|digits| problem_of_number(primitive, digits).is_some())
            );
        }
        assert_eq!(problem_of_number(Primitive::Decimal, "-1.50e-3"), None);
        assert!(problem_of_number(Primitive::String, "1").is_some());
    }
}
