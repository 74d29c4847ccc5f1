//! The electronic measures against the populations that are published with their test cases.

mod any_order;
mod boundaries;
pub(crate) mod cases;
mod gaps;
mod logic;
mod made;
mod size;
mod stored;

use cases::TestCase;
use workloads::measures::Measure;

#[test]
fn every_case_has_the_populations_that_are_expected() {
    let folder = match cases::folder() {
        Ok(folder) => folder,
        Err(reason) => return println!("{reason}"),
    };
    let sets = cases::value_sets(&folder);
    let mut differ = Vec::new();
    let mut all = 0;
    for measure in Measure::ALL {
        let cases = cases::cases(&folder, measure, &sets);
        let wrong: Vec<String> = cases.iter().filter_map(TestCase::difference).collect();
        let (exact, all_of_it) = (cases.len() - wrong.len(), cases.len());
        println!("{}: {exact} of {all_of_it} cases", measure.word());
        differ.extend(wrong);
        all += cases.len();
    }
    assert!(all >= 200, "only {all} cases were there");
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
