//! Clinical events in, alerts out.
fn main() {}
