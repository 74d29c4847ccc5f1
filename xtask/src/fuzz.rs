//! Fuzzing for as long as one likes: one target, its seeds and damages by the tests of `fuzz`.

use crate::step::{Failed, Step};

/// The targets, each a test of its own in `fuzz/tests`, and how many inputs CI tries of it: about a quarter of a minute. They
/// are counted and not timed, so that a faster machine tries the same ones.
const TARGETS: [(&str, u32); 4] = [
    ("framing", 25_000),
    ("parsing", 18_000),
    ("mapping", 2_000),
    ("validation", 45_000),
];

/// What the damages begin with.
const SEED: &str = "BOLERO_RANDOM_SEED";

/// What CI begins with, so that it fails for the change that is tried and nothing else.
const CI_SEED: &str = "1";

/// Runs all targets for about a minute together, in the build that the tests have.
pub(crate) fn briefly() -> Result<(), Failed> {
    TARGETS.iter().try_for_each(|(target, inputs)| {
        step("dev", target)
            .env("BOLERO_RANDOM_ITERATIONS", &inputs.to_string())
            .env(SEED, CI_SEED)
            .run()
    })
}

/// Runs one target for so many minutes, optimized and with all checks.
pub(crate) fn run(target: &str, minutes: &str) -> Result<(), Failed> {
    let known = TARGETS.map(|(known, _)| known);
    if !known.contains(&target) {
        let known = known.join(", ");
        return Err(Failed(format!(
            "fuzz: no target `{target}`; there are {known}"
        )));
    }
    let minutes: u64 = minutes
        .parse()
        .ok()
        .filter(|minutes| *minutes > 0)
        .ok_or_else(|| Failed(format!("fuzz: `{minutes}` is no number of minutes")))?;
    let millis = minutes.saturating_mul(60_000);
    step("fuzz", target)
        .env("BOLERO_RANDOM_TEST_TIME_MS", &millis.to_string())
        .run()
}

/// What goes wrong is printed, as small as it can be made, with the seed that makes it again when it is given as [`SEED`].
fn step(profile: &str, target: &str) -> Step {
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
}
