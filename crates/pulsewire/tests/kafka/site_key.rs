//! Two processes with two site keys would give each patient two pseudonyms: the second one does not start.

use std::process::{Command, Stdio};

use crate::broker::Place;
use crate::instance::{Instance, site};

#[test]
fn a_process_with_another_site_key_does_not_start() {
    let Some(place) = Place::new("sitekey") else {
        return;
    };
    let (mut first, mut same, mut other) = (site(), site(), site());
    for site in [&mut first, &mut same, &mut other] {
        place.configure(site);
    }
    let key = other.folder().join("shared.key");
    std::fs::write(key, [8; 32]).expect("the temporary folder can be written");
    let running = Instance::start(&first, "normalize");
    let beside = Instance::start(&same, "workloads");
    let refused = Command::new(env!("CARGO_BIN_EXE_pulsewire"))
        .args(["run", "--roles", "alerts", "--config"])
        .arg(other.config())
        .stdin(Stdio::null())
        .output()
        .expect("the binary was built with these tests");
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr);
    for part in ["journal.site_key", "kafka.prefix", "fingerprint"] {
        assert!(told.contains(part), "{told}");
    }
    // Its key is told to nobody.
    assert!(!told.contains(&"08".repeat(16)), "{told}");
    running.stop();
    beside.stop();
    let again = Instance::start(&first, "normalize");
    again.stop();
}
