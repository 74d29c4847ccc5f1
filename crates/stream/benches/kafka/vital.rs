//! One vital sign as the workload sees it, read from the JSON of its record.

use crate::{instant, score};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What is read of an input's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Vital {
    /// Its place among [`score::CODES`].
    pub(crate) code: usize,
    /// In hundredths of its unit.
    pub(crate) value: i32,
    /// When it was true, in milliseconds since the epoch.
    pub(crate) effective: i64,
    /// Whether it corrects what was said of the same code and time.
    pub(crate) corrected: bool,
}

#[derive(Deserialize)]
struct Observation<'a> {
    #[serde(borrow)]
    status: &'a str,
    #[serde(borrow)]
    code: &'a str,
    #[serde(borrow)]
    value: &'a RawValue,
    #[serde(borrow)]
    effective: &'a str,
}

impl Vital {
    /// Reads a value; `None` when it is not a vital of a known code.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let read: Observation<'_> = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            code: score::CODES.iter().position(|code| *code == read.code)?,
            value: hundredths(read.value.get())?,
            effective: instant::parse(read.effective)?,
            corrected: read.status == "corrected",
        })
    }
}

/// Reads a decimal of at most two places.
fn hundredths(text: &str) -> Option<i32> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction_hundredths = match fraction.len() {
        0 => 0,
        1 => fraction.parse::<i32>().ok()?.checked_mul(10)?,
        2 => fraction.parse().ok()?,
        _ => return None,
    };
    let whole_hundredths = whole.parse::<i32>().ok()?.checked_mul(100)?;
    Some(sign * whole_hundredths.checked_add(fraction_hundredths)?)
}
