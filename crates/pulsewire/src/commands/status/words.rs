//! Times and partitions as people like to read them.

use clinical::ReceivedTime;

/// Gives how long ago something was, in one unit; nothing where a time cannot be read.
pub(in crate::commands) fn age(then: &str, now: &str) -> Option<String> {
    let micros = |text: &str| ReceivedTime::parse(text).map(ReceivedTime::micros);
    let passed = micros(now)?.saturating_sub(micros(then)?).max(0);
    Some(span(u64::try_from(passed / 1_000_000).unwrap_or_default()))
}

/// Gives a span of seconds in the largest unit of which there are two.
fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Gives numbers with each run of them as its first and last.
pub(super) fn ranges(numbers: &[u16]) -> String {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*number) => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    if runs.is_empty() {
        return "none".to_owned();
    }
    let words = runs.into_iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    words.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_partitions_are_short() {
        assert_eq!(ranges(&[]), "none");
        assert_eq!(ranges(&[3]), "3");
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8]), "0-2,5,7-8");
        assert_eq!(ranges(&[u16::MAX]), "65535");
    }

    #[test]
    fn ages_are_in_the_largest_unit_of_which_there_are_two() {
        let ago = |then| age(then, "2026-03-01T12:00:00Z");
        assert_eq!(ago("2026-03-01T11:59:57Z").as_deref(), Some("3 s"));
        assert_eq!(ago("2026-03-01T11:58:01Z").as_deref(), Some("119 s"));
        assert_eq!(ago("2026-03-01T11:58:00Z").as_deref(), Some("2 min"));
        assert_eq!(ago("2026-03-01T09:59:00Z").as_deref(), Some("2 h"));
        assert_eq!(ago("2026-02-26T12:00:00Z").as_deref(), Some("3 d"));
        // A watermark may be ahead of this machine's clock.
        assert_eq!(ago("2026-03-01T12:00:05Z").as_deref(), Some("0 s"));
        assert_eq!(ago("yesterday"), None);
    }
}
