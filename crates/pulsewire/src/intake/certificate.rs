//! When a certificate runs out, read from its bytes: of X.509 nothing else is asked here.

use clinical::ReceivedTime;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Gives when a certificate in DER runs out; nothing where that cannot be read.
pub(crate) fn expires(der: &[u8]) -> Option<ReceivedTime> {
    let (certificate, _) = element(der, SEQUENCE)?;
    let (content, _) = element(certificate, SEQUENCE)?;
    let content = match content.first() {
        Some(&VERSION) => any(content)?.2,
        _ => content,
    };
    // Serial number, signature algorithm, issuer; then the times between which it holds.
    let rest = (0..3).try_fold(content, |rest, _| any(rest).map(|(_, _, rest)| rest))?;
    let (validity, _) = element(rest, SEQUENCE)?;
    let (_, _, rest) = any(validity)?;
    let (tag, text, _) = any(rest)?;
    time(tag, std::str::from_utf8(text).ok()?)
}

/// Both write two digits of each part; the year has two of them or four.
fn time(tag: u8, text: &str) -> Option<ReceivedTime> {
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            // From 50 on they are of the last century (RFC 5280, 4.1.2.5.1).
            let century = if year >= "50" { "19" } else { "20" };
            (format!("{century}{year}"), rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.to_owned(), rest)
        }
        _ => return None,
    };
    let digits = rest.strip_suffix('Z')?;
    let part = |at: usize| digits.get(at..at + 2);
    let (month, day, hour, minute, second) = (part(0)?, part(2)?, part(4)?, part(6)?, part(8)?);
    ReceivedTime::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"))
}

/// The content of an element of a kind, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = any(bytes)?;
    (found == tag).then_some((content, rest))
}

/// The kind and the content of the first element, and what follows it.
fn any(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let add = |sum: usize, byte: &u8| sum << 8 | usize::from(*byte);
            (length.iter().fold(0, add), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_says_when_it_runs_out() {
        for year in [2026, 2049, 2050, 2107] {
            let mut parameters = rcgen::CertificateParams::new(vec!["lab.example".into()]).unwrap();
            parameters.not_after = rcgen::date_time_ymd(year, 3, 1);
            let key = rcgen::KeyPair::generate().unwrap();
            let made = parameters.self_signed(&key).unwrap();
            let der: &[u8] = made.der();
            let expected = ReceivedTime::parse(&format!("{year}-03-01T00:00:00Z"));
            assert_eq!(expires(der), expected);
            for end in 0..der.len() {
                // What is cut off is not read, and never panics.
                assert_eq!(expires(&der[..end]), None, "{end}");
            }
        }
        assert_eq!(expires(b""), None);
        assert_eq!(expires(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(
            time(UTC_TIME, "500301000000Z"),
            ReceivedTime::parse("1950-03-01T00:00:00Z")
        );
        assert_eq!(time(UTC_TIME, "261301000000Z"), None);
    }
}
