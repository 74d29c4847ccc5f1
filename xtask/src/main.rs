//! The dev loop.
fn main() {}
