//! How latencies are printed.

use hdrhistogram::Histogram;

/// Prints a line of latencies.
pub(crate) fn latency(what: &str, latency: &Histogram<u64>) {
    let at = |share: f64| format!("{:.2}", latency.value_at_quantile(share) as f64 / 1e6);
    println!(
        "  {what:<30} p50 {:>7} ms  p99 {:>7} ms  p99.9 {:>7} ms  max {:>7} ms",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}
