//! Property tests: CI walks one way through them, so that it fails for the change that is tried and nothing else; whoever
//! looks for what that way misses walks others.

use crate::step::{Failed, Step};

const USAGE: &str = "cargo xtask properties ROUNDS [SEED]";

/// What proptest begins with.
const VARIABLE: &str = "PROPTEST_RNG_SEED";

/// The way that CI walks.
const SEED: u64 = 1;

/// Where property tests are: beside the code in most crates, in a folder of their own in these.
const OF_THEIR_OWN: [&str; 2] = ["stream", "workloads"];

/// Makes a step go the way that CI walks.
pub(crate) fn as_in_ci(step: Step) -> Step {
    step.env(VARIABLE, &SEED.to_string())
}

/// Runs the tests again and again, each time with another seed, which is printed; the first that fails ends it.
pub(crate) fn run(words: &[&str]) -> Result<(), Failed> {
    let (rounds, first) = asked(words)?;
    for round in 0..rounds {
        let seed = first.wrapping_add(round);
        println!("── round {} of {rounds}, {VARIABLE}={seed}", round + 1);
        let own = OF_THEIR_OWN.iter().flat_map(|one| ["-p", one]);
        let own: Vec<&str> = ["test", "--quiet", "--test", "*"]
            .into_iter()
            .chain(own)
            .collect();
        for arguments in [&["test", "--quiet", "--workspace", "--lib"][..], &own] {
            Step::cargo("properties", arguments)
                .env(VARIABLE, &seed.to_string())
                .run()?;
        }
    }
    Ok(())
}

fn asked(words: &[&str]) -> Result<(u64, u64), Failed> {
    let number = |word: &str| {
        let wrong = || Failed(format!("properties: `{word}` is no number\n{USAGE}"));
        word.parse().map_err(|_| wrong())
    };
    match words {
        [rounds] => Ok((number(rounds)?, SEED + 1)),
        [rounds, seed] => Ok((number(rounds)?, number(seed)?)),
        _ => Err(Failed(format!("properties: how many rounds?\n{USAGE}"))),
    }
}
