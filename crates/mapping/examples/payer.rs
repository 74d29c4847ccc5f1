//! Prints how many of the shared remittances add up, at each level; for `cargo xtask conformance`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::path::{Path, PathBuf};

use formats::x12::{self, Guide, loops};
use mapping::x12::{BalanceIssueCode, balance};

/// Of one level: how many there are, and how many do not add up.
#[derive(Clone, Copy, Default)]
struct Level {
    all: usize,
    off: usize,
}

fn main() {
    let Some(folder) = shared().map(|shared| shared.join("clinical-data/x12-lfh")) else {
        return println!("no shared files here; set PULSEWIRE_SHARED to run over them");
    };
    let mut levels = [Level::default(); 3];
    for path in remittances(&folder) {
        let Ok(bytes) = std::fs::read(&path) else {
            continue;
        };
        let file = x12::read(&bytes);
        for set in file.sets() {
            let tree = loops(&set).filter(|tree| tree.guide() == Guide::Remittance);
            let Some(tree) = tree else { continue };
            let adjusted = tree.all("2110").filter(|line| line.first("CAS").is_some());
            let counts = [1, tree.all("2100").count(), adjusted.count()];
            let issues = balance(&set);
            let codes = [
                BalanceIssueCode::PaymentUnbalanced,
                BalanceIssueCode::ClaimUnbalanced,
                BalanceIssueCode::LineUnbalanced,
            ];
            for ((level, count), code) in levels.iter_mut().zip(counts).zip(codes) {
                level.all += count;
                level.off += issues.iter().filter(|issue| issue.code == code).count();
            }
        }
    }
    println!("remittances   all  add up");
    for (name, level) in ["payments", "claims", "services"].iter().zip(levels) {
        println!("{name:<12} {:>4} {:>7}", level.all, level.all - level.off);
    }
}

/// The files of remittances in a folder of folders.
fn remittances(folder: &Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten());
    let mut paths: Vec<_> = files
        .flatten()
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|end| end == "835"))
        .collect();
    paths.sort();
    paths
}

/// Where the shared files are.
#[expect(
    clippy::disallowed_methods,
    reason = "where the shared files are is a setting of the dev loop"
)]
fn shared() -> Option<PathBuf> {
    let shared = match std::env::var("PULSEWIRE_SHARED") {
        Ok(given) => PathBuf::from(given),
        Err(_) => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    shared.is_dir().then_some(shared)
}
