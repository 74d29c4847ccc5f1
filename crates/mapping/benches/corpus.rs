//! The messages that the benchmarks run over, and one large one made of them.

use std::path::{Path, PathBuf};

/// Reads the messages, each behind its length; says so where there are none.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark is told where the corpora are, and prints why it measures nothing"
)]
pub(crate) fn messages() -> Option<Vec<Vec<u8>>> {
    let shared = std::env::var("PULSEWIRE_SHARED").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let path = shared.join("corpora/bench-hl7v2/synthetic-858.bin");
    let Ok(bytes) = std::fs::read(&path) else {
        println!("no messages at {}; set PULSEWIRE_SHARED", path.display());
        return None;
    };
    let mut rest = bytes.as_slice();
    let mut messages = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (message, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        messages.push(message.to_vec());
        rest = after;
    }
    Some(messages)
}
