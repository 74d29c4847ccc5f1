//! Samples that come late, twice, in another order or in another unit: what is told in the end is the same.

use proptest::prelude::*;

use super::*;
use crate::stages::NormalizeStage;

const TEMPERATURE: &str = "MDC_TEMP";

impl World {
    fn measures_in(&mut self, unit: &str, code: &str, at: i64, samples: &[(i64, i64)]) {
        let series = Series {
            unit: unit.into(),
            ..self.series(code, samples)
        };
        self.says(at, None, vec![series]);
    }

    /// What stands in the end: value and unit of each Observation that was not taken back.
    fn stands(&self) -> Vec<(String, String)> {
        let mut last = std::collections::BTreeMap::new();
        for record in self.read(topics::FHIR_RECEIVED) {
            let json: serde_json::Value =
                serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
            last.insert(json["id"].to_string(), json);
        }
        let stands = last
            .into_values()
            .filter(|json| json["status"] != "entered-in-error");
        let mut stands: Vec<_> = stands
            .map(|json| {
                let quantity = &json["valueQuantity"];
                let unit = quantity["unit"].as_str().unwrap_or_default();
                (quantity["value"].to_string(), unit.to_owned())
            })
            .collect();
        stands.sort();
        stands
    }
}

fn stands(all: &[(&str, &str)]) -> Vec<(String, String)> {
    let all = all.iter();
    all.map(|(value, unit)| ((*value).to_owned(), (*unit).to_owned()))
        .collect()
}

#[test]
fn what_is_amended_by_an_earlier_sample_is_published() {
    let mut world = World::new();
    world.associates(0, Some("7"), -MINUTE);
    world.measures(2 * MINUTE, 80);
    world.measures(3 * MINUTE, 90);
    world.measures(4 * MINUTE, 90);
    world.passes(6 * MINUTE);
    // Beside it the middle one is that of the second minute.
    let late = world.series(HEART_RATE, &[(MINUTE, 70), (MINUTE + 1, 75)]);
    world.says(7 * MINUTE, None, vec![late]);
    world.passes(9 * MINUTE);
    let expected = [told("7", "90", "final"), told("7", "80", "amended")];
    assert_eq!(world.told(), expected);
    let spec = NormalizeStage::spec(1);
    ensure(&world.journal, &spec);
    let config = config::defaults();
    let sources = Arc::new(Sources::new(&config.sources).unwrap());
    let stage = NormalizeStage::new(sources, SiteKey::new([7; 32]), Arc::default());
    let shared: Arc<dyn Journal> = Arc::<MemoryJournal>::clone(&world.journal);
    let mut task = Task::open(spec, 0, Arc::new(stage), shared, MemoryStore::default()).unwrap();
    while task.run_once(100).unwrap().records > 0 {}
    let published = world.read(&topics::fhir("Observation"));
    let values = published.iter().map(|record| {
        let json: serde_json::Value =
            serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
        json["valueQuantity"]["value"].to_string()
    });
    assert_eq!(values.collect::<Vec<_>>(), ["90", "80"]);
}

#[test]
fn values_of_two_units_are_never_told_as_one() {
    let mut world = World::new();
    world.associates(0, Some("7"), -MINUTE);
    world.measures_in("Cel", TEMPERATURE, MINUTE, &[(MINUTE, 37)]);
    world.measures_in("[degF]", TEMPERATURE, 2 * MINUTE, &[(2 * MINUTE, 99)]);
    world.measures_in("Cel", TEMPERATURE, 3 * MINUTE, &[(90_000_000, 38)]);
    world.passes(6 * MINUTE);
    let expected = stands(&[("38", "Cel"), ("99", "[degF]")]);
    assert_eq!(world.stands(), expected);
    // Who it was is told anew in the unit of then.
    world.measures_in("[degF]", TEMPERATURE, 7 * MINUTE, &[(7 * MINUTE, 100)]);
    world.associates(8 * MINUTE, Some("8"), -MINUTE);
    world.passes(9 * MINUTE);
    assert_eq!(world.stands(), expected);
}

#[test]
fn what_comes_after_the_others_were_let_go_is_not_told_in_their_place() {
    let mut world = World::new();
    world.associates(0, Some("7"), -MINUTE);
    (0..5).for_each(|minute| world.measures(minute * MINUTE, 80 + minute));
    world.passes(6 * MINUTE);
    world.measures(62 * MINUTE, 90);
    world.measures(66 * MINUTE, 91);
    // Four of five were let go; the time between was never heard of, as after a sensor that was cut off.
    let late = world.series(HEART_RATE, &[(MINUTE, 140), (30 * MINUTE, 100)]);
    world.says(67 * MINUTE, None, vec![late]);
    world.passes(80 * MINUTE);
    let expected = stands(&[
        ("100", "/min"),
        ("82", "/min"),
        ("90", "/min"),
        ("91", "/min"),
    ]);
    assert_eq!(world.stands(), expected);
    let counted = world.metrics.text();
    let counted = counted.lines().find(|line| line.contains("too-late"));
    assert!(
        counted.is_some_and(|line| line.ends_with(" 1")),
        "{counted:?}"
    );
}

#[test]
fn what_was_kept_while_cut_off_may_come_in_pieces() {
    let mut world = World::new();
    world.associates(0, Some("7"), -300 * MINUTE);
    for (at, values) in [(0, [(0, 80), (1, 81)]), (5, [(2, 82), (3, 83)])] {
        let samples = values.map(|(minute, value)| ((minute - 240) * MINUTE, value));
        let series = world.series(HEART_RATE, &samples);
        world.says(at * MINUTE, None, vec![series]);
        world.measures(at * MINUTE + 1, 90);
    }
    world.passes(12 * MINUTE);
    assert_eq!(world.stands()[0], ("81".to_owned(), "/min".to_owned()));
}

#[test]
fn what_was_taken_before_a_value_froze_may_come_later() {
    let mut world = World::new();
    world.associates(0, Some("7"), -MINUTE);
    (5..40).for_each(|minute| world.measures(minute * MINUTE, 80));
    let late = world.series(HEART_RATE, &[(2 * MINUTE, 77)]);
    world.says(40 * MINUTE, None, vec![late]);
    world.passes(42 * MINUTE);
    assert_eq!(world.findings(), ["frozen open"]);
    assert_eq!(world.stands()[0], ("77".to_owned(), "/min".to_owned()));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_arrival_decides_nothing_in_the_end(
        samples in prop::collection::vec((0_i64..12, 0_i64..4, 0_usize..2), 1..24),
        order in prop::collection::vec(any::<prop::sample::Index>(), 24),
    ) {
        let played = |samples: &[(i64, i64, usize)]| {
            let mut world = World::new();
            world.associates(0, Some("7"), -MINUTE);
            world.associates(0, Some("8"), 4 * MINUTE);
            for (at, (minute, value, unit)) in (0_i64..).zip(samples) {
                let unit = ["/min", "Hz"][*unit];
                world.measures_in(unit, "MDC_PRESS_CUFF_SYS", 13 * MINUTE + at, &[(minute * 30_000_000, 80 + value)]);
            }
            world.passes(20 * MINUTE);
            world.stands()
        };
        let mut shuffled = samples.clone();
        for (at, other) in order.iter().enumerate().take(samples.len()) {
            shuffled.swap(at, other.index(samples.len()));
        }
        prop_assert_eq!(played(&samples), played(&shuffled));
    }
}
