//! What is kept for measures is read by every later version, and damage is told and never panics.

use expect_test::expect;
use workloads::DecodeError;
use workloads::measures::{Measure, MeasureState};

use super::made::{Followed, change, patient, pressure, procedure, taken_back, visit};

/// A patient of whom a little is known.
fn stored() -> Vec<u8> {
    let mut ann = Followed::new(&[Measure::Cms130], None);
    let colonoscopy = procedure("c", "colonoscopy", "2020-06");
    let changes = [
        change(&patient("1965-05-05", "female"), 1),
        change(
            &visit("v", "office", "2025-01-20T10:00:00Z", "2025-01-20"),
            2,
        ),
        change(&pressure("b", "2025-03-31T08:00:00.250Z", 138, 91), 3),
        change(&colonoscopy, 4),
        taken_back(&visit("w", "office", "2025-01-21", "2025-01-21"), 5),
    ];
    for change in changes {
        ann.take("2025-06-01T00:00:00Z", change);
    }
    let mut bytes = Vec::new();
    ann.state.encode(&mut bytes);
    bytes
}

#[test]
fn the_first_version_is_read_for_ever() {
    let hex: String = stored().iter().map(|byte| format!("{byte:02x}")).collect();
    expect!["010095d39751b3475a2f0510bed9f9a23d0155d68b3887bf7f224ec9d865ee393580f7538089dda1b7a6950600010000000302cb1a11a86c99501ea7f1cacf79563a2797ca00bd4120d7e239970080897a00020b01000500c0faf0f80c0298ba020000000001d95839e0919b5d614a302d1afde8177b51f71bbe62d0dfa8809bee020005137b9ec6410a7264fc5b47832b31e9e99bf4d0e557ccc1a644ff91f401000304000101a0c2ede8d9e79806040002014201020094020143010200b6010014313dd57def64756af33294c3cee51cfd81fdbc6a3e27438380897a00040201260103ba090102d21f008080e3a0b7a6950602b20d8c103ff1a93de6af1d886bf06385e772a46fbf460bff14"].assert_eq(&hex);
}

#[test]
fn damage_is_told() {
    let bytes = stored();
    assert!(MeasureState::decode(&bytes).is_ok());
    for length in 1..bytes.len() {
        let cut = MeasureState::decode(&bytes[..length]);
        assert_eq!(cut, Err(DecodeError::Damaged), "{length} bytes");
    }
    let mut newer = bytes.clone();
    newer[0] = 2;
    assert_eq!(MeasureState::decode(&newer), Err(DecodeError::Version(2)));
    for place in 1..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[place] ^= 0xff;
        // Some of it is still a state; none of it ends the program.
        let read = MeasureState::decode(&flipped);
        assert!(
            read.is_ok() || read == Err(DecodeError::Damaged),
            "byte {place}"
        );
    }
}
