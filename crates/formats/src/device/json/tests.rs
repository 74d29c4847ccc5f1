//! The documented JSON is read, and what is not as documented is refused by name.

use super::*;

const WHOLE: &str = r#"{
  "device": "bed-12-monitor", "id": "m-77", "presence": "online",
  "samples": [
    {"code": "MDC_ECG_HEART_RATE", "value": 88, "unit": "/min", "at": "2026-03-01T09:00:00Z", "sequence": 41},
    {"code": 147842, "value": 89, "unit": "264864", "at": "2026-03-01T10:00:01+01:00", "sequence": 42},
    {"code": "8310-5", "value": 36.80, "unit": "Cel", "at": "2026-03-01T09:00:00Z"},
    {"code": "150456", "value": null, "at": "2026-03-01T09:00:00Z", "quality": ["lead-off"]}
  ],
  "waveforms": [
    {"code": "MDC_ECG_ELEC_POTL_II", "unit": "mV", "at": "2026-03-01T09:00:00Z", "interval_us": 4000, "values": [0.01, 0.02, null]}
  ],
  "association": {"patient": {"authority": "GOOD HEALTH", "identifier": "4711"}, "from": "2026-03-01T08:00:00Z", "to": null}
}"#;

fn refused(text: &str, device: Option<&str>) -> Reason {
    read(text.as_bytes(), device).expect_err(text).reason
}

#[test]
fn a_report_is_read_whole() {
    let report = read(WHOLE.as_bytes(), Some("bed-12-monitor")).unwrap();
    assert_eq!(
        (&*report.device, report.id.as_deref()),
        ("bed-12-monitor", Some("m-77"))
    );
    assert_eq!(report.presence, Some(Presence::Online));
    let told: Vec<_> = report
        .series
        .iter()
        .map(|series| {
            (
                &*series.code.code,
                &*series.unit,
                series.samples.len(),
                series.waveform,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("147842", "/min", 2, false),
            ("8310-5", "Cel", 1, false),
            ("150456", "%", 1, false),
            ("131330", "mV", 3, true)
        ]
    );
    let temperature = report.series[1].samples[0].value.unwrap();
    assert_eq!(temperature.to_string(), "36.80");
    let off = report.series[2].samples[0];
    assert_eq!(off.value, None);
    assert!(off.quality.has(Quality::LEAD_OFF) && off.quality.has(Quality::NOT_AVAILABLE));
    assert_eq!(report.series[3].samples[2].at, Some(1_772_355_600_008_000));
    let association = report.association.unwrap();
    assert_eq!(
        (&*association.device, association.identifier.as_deref()),
        ("bed-12-monitor", Some("4711"))
    );
}

#[test]
fn the_device_is_said_by_itself_or_by_where_it_came() {
    let sample = r#""samples":[{"code":1,"value":1,"at":"2026-03-01T09:00:00Z"}]"#;
    let told = read(format!("{{{sample}}}").as_bytes(), Some("pump-3")).unwrap();
    assert_eq!(&*told.device, "pump-3");
    assert_eq!(refused(&format!("{{{sample}}}"), None), Reason::NoDevice);
    let other = format!(r#"{{"device":"pump-4",{sample}}}"#);
    assert_eq!(refused(&other, Some("pump-3")), Reason::OtherDevice);
}

#[test]
fn what_is_not_as_documented_is_refused() {
    for (text, reason) in [
        ("", Reason::Malformed),
        ("[]", Reason::Malformed),
        ("{}", Reason::NoDevice),
        (r#"{"device":"a"}"#, Reason::Empty),
        (r#"{"device":"a","battery":4}"#, Reason::Malformed),
        (r#"{"device":"a","device":"a"}"#, Reason::Malformed),
        (
            r#"{"device":"a","samples":[{"value":1,"at":"2026-03-01T09:00:00Z"}]}"#,
            Reason::NoCode,
        ),
        (
            r#"{"device":"a","samples":[{"code":1,"value":1}]}"#,
            Reason::NoTime,
        ),
        (
            r#"{"device":"a","samples":[{"code":1,"value":1,"at":"2026-03-01T09:00:00"}]}"#,
            Reason::NoTime,
        ),
        (
            r#"{"device":"a","waveforms":[{"code":1,"at":"2026-03-01T09:00:00Z","values":[1]}]}"#,
            Reason::Malformed,
        ),
        (r#"{"device":"a","presence":"perhaps"}"#, Reason::Malformed),
        (
            r#"{"device":"a","association":{"patient":{"authority":"A"},"from":"2026-03-01T09:00:00Z"}}"#,
            Reason::Malformed,
        ),
        (
            r#"{"device":"a","association":{"patient":null,"from":"2026-03-01T09:00:00Z","to":"2026-03-01T08:00:00Z"}}"#,
            Reason::Malformed,
        ),
    ] {
        assert_eq!(refused(text, None), reason, "{text}");
    }
}

#[test]
fn a_name_may_be_so_long() {
    let named = |length: usize| {
        let name = "n".repeat(length);
        read(
            format!(r#"{{"device":"{name}","presence":"online"}}"#).as_bytes(),
            None,
        )
    };
    let most = crate::device::NAME_BYTES_MAX;
    assert!(named(most - 1).is_ok() && named(most).is_ok());
    assert_eq!(
        named(most + 1).expect_err("too long").reason,
        Reason::TooMuch
    );
}

#[test]
fn without_a_clock_a_message_needs_an_id() {
    let text = r#"{"device":"a","id":"7","samples":[{"code":1,"value":1}]}"#;
    assert_eq!(
        read(text.as_bytes(), None).unwrap().series[0].samples[0].at,
        None
    );
}

#[test]
fn odd_values_and_flags_are_kept_as_not_to_be_trusted() {
    let told = |value: &str, quality: &str| {
        let text = format!(
            r#"{{"device":"a","samples":[{{"code":1,"value":{value},"at":"2026-03-01T09:00:00Z","quality":{quality}}}]}}"#
        );
        read(text.as_bytes(), None).unwrap().series[0].samples[0]
    };
    assert!(told("\"NaN\"", "0").quality.has(Quality::INVALID));
    assert!(told("1e999", "0").quality.is_technical());
    assert!(told("1", "\"wobbly\"").quality.has(Quality::QUESTIONABLE));
    assert!(!told("\"97\"", "\"good\"").quality.is_technical());
    assert!(told("97", "1").quality.has(Quality::INVALID));
}
