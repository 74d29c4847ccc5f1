//! Prints how many of the published test cases each measure meets exactly; for `cargo xtask conformance`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

#[path = "../tests/it/measures/cases.rs"]
mod cases;

use cases::TestCase;
use workloads::measures::Measure;

fn main() {
    let folder = match cases::folder() {
        Ok(folder) => folder,
        Err(reason) => return println!("{reason}"),
    };
    let sets = cases::value_sets(&folder);
    let (mut all, mut met) = (0, 0);
    println!("measures     cases   every population as expected");
    for measure in Measure::ALL {
        let cases = cases::cases(&folder, measure, &sets);
        let wrong: Vec<String> = cases.iter().filter_map(TestCase::difference).collect();
        let exact = cases.len() - wrong.len();
        println!("{:<12} {:>5} {exact:>5}", measure.word(), cases.len());
        for wrong in wrong {
            println!("  {wrong}");
        }
        all += cases.len();
        met += exact;
    }
    println!("{:<12} {all:>5} {met:>5}", "all");
}
