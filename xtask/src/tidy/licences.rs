//! The licences of everything that is linked in.

use super::{layers, none};

/// Licences that we accept.
const ACCEPTED: [&str; 13] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "0BSD",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unlicense",
    "CC0-1.0",
    "BSL-1.0",
];

#[test]
fn every_dependency_has_a_licence_that_we_accept() {
    let metadata = layers::metadata(&["--filter-platform", "x86_64-unknown-linux-gnu"]);
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let mut offences = Vec::new();
    for package in &packages {
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or_default();
        if !accepted(licence) {
            offences.push(format!("{name}: `{licence}`"));
        }
    }
    assert!(packages.len() > 10, "cargo metadata lists the dependencies");
    none(&offences);
}

/// Whether an SPDX expression can be met by accepted licences: one side of each OR, both of each AND.
fn accepted(expression: &str) -> bool {
    let plain = expression.replace(['(', ')'], "").replace('/', " OR ");
    let all = plain
        .split(" AND ")
        .all(|part| part.split(" OR ").any(|one| ACCEPTED.contains(&one.trim())));
    all && !plain.is_empty()
}

#[test]
fn an_expression_is_read_as_it_is_meant() {
    assert!(accepted("MIT OR Apache-2.0"));
    assert!(accepted("(Apache-2.0 OR MIT) AND BSD-3-Clause"));
    assert!(accepted("MIT/Apache-2.0"));
    assert!(!accepted("GPL-3.0"));
    assert!(!accepted("MIT AND AGPL-3.0"));
    assert!(!accepted(""));
}
