//! Samples that come late, twice, in another order or in another unit: what is told in the end is the same.

use formats::device::avro::Encoder;
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
        let stands = self.stands_to_whom().into_iter();
        stands.map(|(_, value, unit)| (value, unit)).collect()
    }

    /// What stands in the end, with the patient before it; sorted by value.
    fn stands_to_whom(&self) -> Vec<(String, String, String)> {
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
                let text = |json: &serde_json::Value| json.as_str().unwrap_or_default().to_owned();
                let patient = text(&json["subject"]["identifier"]["value"]);
                let value = quantity["value"].to_string();
                (patient, value, text(&quantity["unit"]))
            })
            .collect();
        stands.sort_by_key(|(patient, value, unit)| (value.clone(), unit.clone(), patient.clone()));
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
    ensure(&world.journal, &spec, 1);
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
fn what_the_first_versions_knew_of_a_signal_is_read() {
    let decimal = |out: &mut Encoder, units| {
        out.long(units);
        out.long(0);
    };
    for version in [1, 2] {
        let mut out = Encoder(Vec::new());
        out.long(version);
        out.text("bed-12");
        out.text("icu");
        (0..4).for_each(|_| out.boolean(false));
        (0..4).for_each(|_| out.long(0));
        // One signal, of one unit, with one interval of two samples that was told to one patient.
        out.long(1);
        out.long(0);
        ["MDC_TEMP", "", "Cel"]
            .into_iter()
            .for_each(|text| out.text(text));
        (0..2).for_each(|_| out.long(0));
        out.boolean(false);
        (0..3).for_each(|_| out.long(0));
        (0..2).for_each(|_| out.boolean(false));
        out.long(1);
        out.long(MINUTE);
        out.boolean(false);
        out.long(2);
        for (after, value) in [(1, 37), (2, 38)] {
            out.long(after);
            decimal(&mut out, value);
        }
        out.long(1);
        out.text("H");
        out.text("7");
        out.long(MINUTE + 2);
        decimal(&mut out, 38);
        if version > 1 {
            out.long(1);
            decimal(&mut out, 5);
        }
        out.boolean(false);
        let state = State::decode(&out.0).unwrap();
        let signal = state.signals.values().next().unwrap();
        let (window, interval) = signal.intervals.iter().next().unwrap();
        assert_eq!((window.start, &*window.unit), (MINUTE, "Cel"));
        let samples = [
            (MINUTE + 1, Decimal::new(37, 0)),
            (MINUTE + 2, Decimal::new(38, 0)),
        ];
        assert_eq!(interval.samples, samples);
        assert_eq!((interval.heard, interval.due), (MINUTE, None));
        let told = &interval.told[0];
        let beside: &[Decimal] = if version > 1 {
            &[Decimal::new(5, 0)]
        } else {
            &[]
        };
        assert_eq!((&*told.patient.identifier, &*told.beside), ("7", beside));
        let mut bytes = Vec::new();
        state.encode(&mut bytes);
        assert_eq!(State::decode(&bytes), Some(state));
    }
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
        apart in prop::sample::select(vec![1, 20_000_000, MINUTE]),
    ) {
        let played = |samples: &[(i64, i64, usize)]| {
            let mut world = World::new();
            world.associates(0, Some("7"), -MINUTE);
            world.associates(0, Some("8"), 4 * MINUTE);
            for (at, (minute, value, unit)) in (0_i64..).zip(samples) {
                let unit = ["/min", "Hz"][*unit];
                // Some come before what is told of their interval, and some after it.
                let came = 6 * MINUTE + at * apart;
                let late = Series {
                    unit: unit.into(),
                    ..world.series("MDC_PRESS_CUFF_SYS", &[(minute * 30_000_000, 80 + value)])
                };
                // Its clock is right, and it says so.
                let now = world.series(HEART_RATE, &[(came, 60 + at)]);
                world.says(came, None, vec![late, now]);
                world.passes(came);
            }
            world.passes(50 * MINUTE);
            world.passes(51 * MINUTE);
            world.stands_to_whom()
        };
        let mut shuffled = samples.clone();
        for (at, other) in order.iter().enumerate().take(samples.len()) {
            shuffled.swap(at, other.index(samples.len()));
        }
        prop_assert_eq!(played(&samples), played(&shuffled));
    }
}
