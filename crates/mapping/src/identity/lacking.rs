//! Messages that cannot be used for what they do not name: the other side of a merge, a link or a move, or any patient.

use formats::hl7v2::{Message, Segment};

use super::{LINKS, MERGES, MOVE_OF_IDENTIFIER, PatientIdentifier, Subjects, prior, trigger};
use crate::source::Source;
use crate::tables::structures::STRUCTURES;

/// What a message does not name, though it is nothing without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lacking {
    /// Who is merged into the patient of PID, or linked to them.
    #[error(
        "the message merges, links or moves patients and names one: have the sender fill MRG-1, or of a link (A24, A37) send both PID"
    )]
    Patient,
    /// The visit that is moved or gets another number, or the one that it is now.
    #[error(
        "the message moves or renumbers a visit and names one: have the sender fill MRG-5 (MRG-6 for an alternate number) and send PV1"
    )]
    Visit,
    /// The account that is moved or becomes another.
    #[error("the message moves or merges an account and names one: have the sender fill MRG-3")]
    Account,
    /// Any patient: its structure has no PID.
    #[error(
        "messages of this type are about no patient, and nothing is made of them: have the sender leave them out"
    )]
    Subject,
}

/// Events whose MRG names the visit that PV1 now is.
const VISITS: [&[u8]; 4] = [b"A42", b"A45", b"A50", b"A51"];
/// Of these the one that moves a visit under the number that it has.
const MOVE_OF_VISIT: &[u8] = b"A45";
/// Events whose MRG names an account alone; A36 merges patients, too.
const ACCOUNTS: [&[u8]; 4] = [b"A35", b"A41", b"A44", b"A49"];

impl Lacking {
    /// The codes, which stay the same in every version.
    pub const CODES: [&str; 2] = [MERGE_INCOMPLETE, ABOUT_NO_PATIENT];

    /// Gives the code of the reason.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Patient | Self::Visit | Self::Account => MERGE_INCOMPLETE,
            Self::Subject => ABOUT_NO_PATIENT,
        }
    }
}

const MERGE_INCOMPLETE: &str = "merge-incomplete";
const ABOUT_NO_PATIENT: &str = "about-no-patient";

/// Says what a message lacks that cannot be used for it; `subjects` says whom it is about. Who only has no identifier in PID
/// is not told here.
pub fn lacking(message: &Message<'_>, source: &Source, subjects: &Subjects) -> Option<Lacking> {
    match subjects {
        Subjects::None => is_about_nobody(message).then_some(Lacking::Subject),
        Subjects::One(patient) => other_side(message, source, patient),
        Subjects::Merge { .. } | Subjects::Several(_) => None,
    }
}

/// Says whether a message is of a structure that has no place for a patient.
fn is_about_nobody(message: &Message<'_>) -> bool {
    let header = message.header().map(|header| header.segment().field(9));
    let part = |number| {
        let part = header.map(|field| field.component(number).text());
        part.unwrap_or_default()
    };
    let structure = STRUCTURES.find(part(1).trim(), part(2).trim(), part(3).trim());
    let has_place = |name: &str| name == "PID";
    message.segment(b"PID").is_none()
        && structure.is_some_and(|known| !known.slots.iter().any(|slot| has_place(slot.name)))
}

/// Says what is missing of the other side of a merge, a link or a move.
fn other_side(
    message: &Message<'_>,
    source: &Source,
    patient: &PatientIdentifier,
) -> Option<Lacking> {
    let event = trigger(message);
    let merge = message.segment(b"MRG");
    let names = |field: usize| {
        let numbers = merge.map(|merge| merge.field(field));
        numbers.is_some_and(|field| field.repetitions().any(|one| one.component(1).is_valued()))
    };
    let is_of_patients =
        MERGES.contains(&event) || LINKS.contains(&event) || event == MOVE_OF_IDENTIFIER;
    if is_of_patients {
        let other = merge.and_then(|merge| prior(&merge, source, patient));
        other.is_none().then_some(Lacking::Patient)
    } else if VISITS.contains(&event) {
        let visit = message.segment(b"PV1");
        let is_known = |visit| event == MOVE_OF_VISIT || is_numbered(visit);
        let is_whole = (names(5) || names(6)) && visit.as_ref().is_some_and(is_known);
        (!is_whole).then_some(Lacking::Visit)
    } else if ACCOUNTS.contains(&event) {
        (!names(3)).then_some(Lacking::Account)
    } else {
        None
    }
}

/// Says whether PV1 gives the visit a number; one that it does not is known by its account or its time.
pub(crate) fn is_numbered(visit: &Segment<'_>) -> bool {
    [19, 50].into_iter().any(|at| visit.field(at).is_valued())
}

#[cfg(test)]
mod tests {
    use formats::hl7v2;

    use super::*;
    use crate::identity::{split, subjects};

    fn found(text: &[u8]) -> Option<Lacking> {
        let source = Source::new("here");
        let message = hl7v2::parse(text);
        lacking(&message, &source, &subjects(&message, &source))
    }

    fn of(event: &str, segments: &str) -> Option<Lacking> {
        let text = format!("MSH|^~\\&|A|B|||20260301||{event}|1|P|2.5\r{segments}");
        found(text.as_bytes())
    }

    #[test]
    fn a_merge_or_move_without_its_other_side_is_found() {
        let merges = [
            "A18", "A24", "A30", "A34", "A36", "A37", "A39", "A40", "A43", "A46", "A47",
        ];
        let visits = ["A42", "A45", "A50", "A51"];
        let accounts = ["A35", "A41", "A44", "A49"];
        for (events, lacks, whole) in [
            (&merges[..], Lacking::Patient, "MRG|2^^^H^MR"),
            (
                &visits[..],
                Lacking::Visit,
                "MRG|2^^^H^MR||||V1\rPV1||I|||||||||||||||||V2",
            ),
            (
                &visits[..],
                Lacking::Visit,
                "MRG|2^^^H^MR|||||V1\rPV1||I|||||||||||||||||V2",
            ),
            (&accounts[..], Lacking::Account, "MRG|2^^^H^MR||A1"),
        ] {
            for event in events {
                let event = format!("ADT^{event}");
                let pid = "PID|||1^^^H^MR\r";
                for half in ["", "MRG|", "MRG|\"\"", "MRG||||||||X"] {
                    assert_eq!(
                        of(&event, &format!("{pid}{half}")),
                        Some(lacks),
                        "{event} {half}"
                    );
                }
                assert_eq!(
                    of(&event, &format!("{pid}{whole}")),
                    None,
                    "{event} {whole}"
                );
            }
        }
        assert_eq!(
            of("ADT^A45", "PID|||1^^^H^MR\rMRG|2^^^H^MR||||V1"),
            Some(Lacking::Visit)
        );
        let unnumbered = "PID|||1^^^H^MR\rMRG|1^^^H^MR||||V1\rPV1||I";
        assert_eq!(of("ADT^A50", unnumbered), Some(Lacking::Visit));
        assert_eq!(of("ADT^A45", unnumbered), None);
        assert_eq!(of("ADT^A06", "PID|||1^^^H^MR"), None);
    }

    #[test]
    fn a_link_names_each_in_the_message_of_the_other() {
        let text = |second: &str| {
            format!("MSH|^~\\&|A|B|||20260301||ADT^A24|1|P|2.5\rPID|||1^^^H^MR\rPID|||{second}")
        };
        for (second, lacks) in [("2^^^H^MR", None), ("", Some(Lacking::Patient))] {
            let text = text(second);
            let parts = split(&hl7v2::parse(text.as_bytes())).unwrap();
            assert_eq!(found(&parts[0]), lacks, "{second}");
        }
    }

    #[test]
    fn a_message_without_a_place_for_a_patient_is_about_nobody() {
        for (event, segments) in [
            ("ADT^A20", "EVN|A20\rNPU|W1^101^1|C"),
            ("MFN^M02", "MFI|STF\rMFE|MAD\rSTF|1"),
            ("PMU^B01", "EVN|B01\rSTF|1"),
        ] {
            assert_eq!(of(event, segments), Some(Lacking::Subject), "{event}");
        }
        assert_eq!(of("ADT^A01", "EVN|A01"), None);
        assert_eq!(of("ADT^A20", "EVN|A20\rPID|||"), None);
        assert_eq!(of("ZZZ^Z01", "ZZZ|1"), None);
    }
}
