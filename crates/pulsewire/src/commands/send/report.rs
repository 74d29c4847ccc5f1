//! What came back of what was sent.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest latency that is told apart, in microseconds.
const LONGEST_US: u64 = 3_600_000_000;

/// The counts and latencies of one connection, or of all.
#[derive(Clone)]
pub(crate) struct Report {
    pub(crate) sent: u64,
    pub(crate) by_code: BTreeMap<String, u64>,
    pub(crate) mismatched: u64,
    pub(crate) unanswered: u64,
    /// Messages that ask for no answer.
    pub(crate) unasked: u64,
    pub(crate) failures: Vec<String>,
    pub(crate) latency_us: Histogram<u64>,
    pub(crate) took: Duration,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'r> {
    sent: u64,
    acknowledgements: &'r BTreeMap<String, u64>,
    mismatched: u64,
    unanswered: u64,
    unasked: u64,
    seconds: f64,
    per_second: f64,
    latency_us: BTreeMap<&'static str, u64>,
    failures: &'r [String],
}

impl Default for Report {
    fn default() -> Self {
        Self {
            sent: 0,
            by_code: BTreeMap::new(),
            mismatched: 0,
            unanswered: 0,
            unasked: 0,
            failures: Vec::new(),
            latency_us: Histogram::new_with_max(LONGEST_US, 3).expect("these bounds are valid"),
            took: Duration::ZERO,
        }
    }
}

impl Report {
    /// Takes in one latency.
    pub(crate) fn took(&mut self, latency: Duration) {
        self.latency_us
            .saturating_record(u64::try_from(latency.as_micros()).unwrap_or(LONGEST_US));
    }

    /// Takes in another connection's.
    pub(crate) fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.mismatched += other.mismatched;
        self.unanswered += other.unanswered;
        self.unasked += other.unasked;
        for (code, count) in &other.by_code {
            *self.by_code.entry(code.clone()).or_default() += count;
        }
        self.failures.extend(other.failures.iter().cloned());
        self.latency_us
            .add(&other.latency_us)
            .expect("all have the same bounds");
    }

    /// Whether every message got an answer that was its own.
    pub(crate) fn is_clean(&self) -> bool {
        self.mismatched == 0 && self.unanswered == 0 && self.failures.is_empty()
    }

    fn percentiles(&self) -> BTreeMap<&'static str, u64> {
        [
            ("p50", 0.5),
            ("p90", 0.9),
            ("p99", 0.99),
            ("p99.9", 0.999),
            ("max", 1.0),
        ]
        .into_iter()
        .map(|(name, quantile)| (name, self.latency_us.value_at_quantile(quantile)))
        .collect()
    }

    fn per_second(&self) -> f64 {
        let answered: u32 = self
            .by_code
            .values()
            .sum::<u64>()
            .try_into()
            .unwrap_or(u32::MAX);
        f64::from(answered) / self.took.as_secs_f64().max(1e-9)
    }

    pub(crate) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let codes: Vec<String> = self
            .by_code
            .iter()
            .map(|(code, count)| format!("{code} {count}"))
            .collect();
        writeln!(out, "sent          {}", self.sent)?;
        writeln!(
            out,
            "acknowledged  {}",
            if codes.is_empty() {
                "none".into()
            } else {
                codes.join(", ")
            }
        )?;
        writeln!(
            out,
            "not its own   {} (MSA-2 is not the MSH-10 sent)",
            self.mismatched
        )?;
        writeln!(out, "no answer     {}", self.unanswered)?;
        writeln!(out, "not asked for {}", self.unasked)?;
        writeln!(
            out,
            "rate          {:.0}/s over {:.2} s",
            self.per_second(),
            self.took.as_secs_f64()
        )?;
        let times: Vec<String> = self
            .percentiles()
            .iter()
            .map(|(name, us)| format!("{name} {us}"))
            .collect();
        writeln!(out, "latency µs    {}", times.join(", "))?;
        self.failures
            .iter()
            .take(10)
            .try_for_each(|failure| writeln!(out, "failed        {failure}"))
    }

    pub(crate) fn print_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let written = Written {
            sent: self.sent,
            acknowledgements: &self.by_code,
            mismatched: self.mismatched,
            unanswered: self.unanswered,
            unasked: self.unasked,
            seconds: self.took.as_secs_f64(),
            per_second: self.per_second(),
            latency_us: self.percentiles(),
            failures: &self.failures,
        };
        writeln!(
            out,
            "{}",
            serde_json::to_string(&written).expect("numbers and words always make JSON")
        )
    }
}
