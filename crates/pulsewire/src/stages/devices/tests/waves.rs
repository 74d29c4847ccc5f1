//! Waves with gaps: what is told of the device is that it began and that it ended.

use super::*;

/// A second or two of an ECG: a letter a sample, `x` where the device has none.
fn wave(world: &World, at: i64, samples: &str) -> Series {
    let samples = samples.chars().zip(0..).map(|(letter, number)| Sample {
        at: Some(world.zero + at + number * 4_000),
        value: (letter != 'x').then_some(Decimal::new(number, 0)),
        ..Sample::default()
    });
    Series {
        code: Code::parse("MDC_ECG_ELEC_POTL_II"),
        channel: "".into(),
        unit: "mV".into(),
        waveform: true,
        samples: samples.collect(),
    }
}

/// What is told of a device that says so much, a report a second.
fn told_of(reports: &[&str]) -> Vec<String> {
    let mut world = World::new();
    let mut at = 0;
    for samples in reports {
        let series = wave(&world, at, samples);
        world.says(at, None, vec![series]);
        at += 1_000_000;
    }
    world.passes(MINUTE);
    world.findings()
}

#[test]
fn gaps_in_a_report_are_told_as_one_beginning_and_one_end() {
    let (open, over) = ("technical open", "technical over");
    for samples in [".x.".repeat(100), ".x".repeat(250) + "."] {
        assert_eq!(told_of(&[&samples]), [open, over], "{}", samples.len());
    }
    assert_eq!(told_of(&["...", "..."]), [""; 0]);
    assert_eq!(told_of(&[".x.x"]), [open]);
    // Numbers that are missing are told once, too, with how many they are.
    let mut world = World::new();
    let mut series = wave(&world, 0, "....");
    let samples = series.samples.iter_mut();
    samples
        .zip([1, 2, 5, 9])
        .for_each(|(sample, number)| sample.sequence = number);
    world.says(0, None, vec![series]);
    world.passes(MINUTE);
    assert_eq!(world.findings(), ["gap noted"]);
    let told = world.read(topics::DEVICE_STATUS)[0].value.clone().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told["count"], 5);
    // It goes on until what is sent ends in what the device trusts.
    assert_eq!(told_of(&["xx", "x.x.x", "..x", "xx.", "..."]), [open, over]);
}
