//! Fuzzing for as long as one likes: one target, its seeds and damages by the tests of `fuzz`.

use crate::step::{Failed, Step};

/// The targets: each is a test of its own in `fuzz/tests`.
const TARGETS: [&str; 4] = ["framing", "parsing", "mapping", "validation"];

/// What the damages begin with.
const SEED: &str = "BOLERO_RANDOM_SEED";

/// All targets together run so long in CI.
const CI_SECONDS: u64 = 60;

/// What CI begins with, so that it fails for the change that is tried and nothing else.
const CI_SEED: &str = "1";

/// Runs all targets for a minute together, in the build that the tests have.
pub(crate) fn briefly() -> Result<(), Failed> {
    let each = CI_SECONDS * 1_000 / TARGETS.len() as u64;
    TARGETS
        .iter()
        .try_for_each(|target| step("dev", target, each).env(SEED, CI_SEED).run())
}

/// Runs one target for so many minutes, optimized and with all checks.
pub(crate) fn run(target: &str, minutes: &str) -> Result<(), Failed> {
    if !TARGETS.contains(&target) {
        let known = TARGETS.join(", ");
        return Err(Failed(format!(
            "fuzz: no target `{target}`; there are {known}"
        )));
    }
    let minutes: u64 = minutes
        .parse()
        .ok()
        .filter(|minutes| *minutes > 0)
        .ok_or_else(|| Failed(format!("fuzz: `{minutes}` is no number of minutes")))?;
    step("fuzz", target, minutes.saturating_mul(60_000)).run()
}

/// What goes wrong is printed, as small as it can be made, with the seed that makes it again when it is given as [`SEED`].
fn step(profile: &str, target: &str, millis: u64) -> Step {
    let arguments = [
        "test",
        "-p",
        "fuzz",
        "--quiet",
        "--profile",
        profile,
        "--test",
        target,
        "--",
        "--nocapture",
    ];
    Step::cargo("fuzz", &arguments).env("BOLERO_RANDOM_TEST_TIME_MS", &millis.to_string())
}
