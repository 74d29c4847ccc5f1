//! Fuzzing for as long as one likes: one target, its seeds and damages by the tests of `fuzz`.

use crate::step::{Failed, Step};

/// The targets: each is a test of its own in `fuzz/tests`.
const TARGETS: [&str; 4] = ["framing", "parsing", "mapping", "validation"];

/// All targets together run so long in CI.
const CI_SECONDS: u64 = 60;

/// Runs all targets for a minute together, in the build that the tests have.
pub(crate) fn briefly() -> Result<(), Failed> {
    let each = CI_SECONDS * 1_000 / TARGETS.len() as u64;
    TARGETS
        .iter()
        .try_for_each(|target| run_for("dev", target, each))
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
    run_for("fuzz", target, minutes.saturating_mul(60_000))
}

/// What goes wrong is printed, as small as it can be made, with the seed that makes it again when it is given as
/// `BOLERO_RANDOM_SEED`.
fn run_for(profile: &str, target: &str, millis: u64) -> Result<(), Failed> {
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
    Step::cargo("fuzz", &arguments)
        .env("BOLERO_RANDOM_TEST_TIME_MS", &millis.to_string())
        .run()
}
