//! Whom a message is about: the identifiers that make the record's key, and the split of a message of several patients.

mod kind;

mod lacking;

mod parts;

use std::fmt;

use clinical::{PatientKey, SiteKey};
use formats::hl7v2::{Field, Message, Repetition, Segment};

use crate::source::{Preference, Source};
use kind::Kind;

pub(crate) use lacking::is_numbered;
pub use lacking::{Lacking, lacking};
pub use parts::{PARTS_BYTES_MAX, PartsTooLong, split};

/// An identifier of a patient, with whoever gave it; it does not print.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PatientIdentifier {
    /// The assigning authority's namespace, else its universal id, else the source's name.
    pub authority: Box<str>,
    /// The identifier.
    pub value: Box<str>,
}

impl PatientIdentifier {
    /// Gives the pseudonym of the patient that it names.
    pub fn key(&self, site: &SiteKey) -> PatientKey {
        site.patient(&self.authority, &self.value)
    }
}

impl fmt::Debug for PatientIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatientIdentifier(…)")
    }
}

/// Whom a message is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subjects {
    /// Nobody, or nobody with an identifier.
    None,
    /// One patient.
    One(PatientIdentifier),
    /// Two identities that are one patient (A40 and its kin).
    Merge {
        /// The identity that stays.
        survivor: PatientIdentifier,
        /// The identity that goes.
        retired: PatientIdentifier,
    },
    /// Several patients, several merges or several groups of one patient: [`split`] gives each its own message.
    Several(Vec<PatientIdentifier>),
}

impl Subjects {
    /// Gives the one patient a message is about; of a merge, who stays.
    pub const fn patient(&self) -> Option<&PatientIdentifier> {
        match self {
            Self::One(patient)
            | Self::Merge {
                survivor: patient, ..
            } => Some(patient),
            Self::None | Self::Several(_) => None,
        }
    }
}

/// Events whose MRG names an identity that goes (HL7 v2.5.1, 3.6.2 and 3.3.18 to 3.3.48): merges of patients and of their
/// identifiers (A18, A30, A34, A36, A39, A40), and changes of an identifier (A46, A47).
const MERGES: [&[u8]; 8] = [
    b"A18", b"A30", b"A34", b"A36", b"A39", b"A40", b"A46", b"A47",
];
/// The move of an identifier to another patient (A43). Who an identifier names is who a patient is here, so that whatever comes
/// under it is the other patient's from then on, as after a merge; where only PID-2 and MRG-4 differ, nothing goes.
const MOVE_OF_IDENTIFIER: &[u8] = b"A43";
/// Events of two PID segments that link the two persons (A24) or take that back (A37).
const LINKS: [&[u8]; 2] = [b"A24", b"A37"];
/// Says whom a message is about.
pub fn subjects(message: &Message<'_>, source: &Source) -> Subjects {
    let mut patients = message.segments_named(b"PID");
    let Some(first) = patients.next() else {
        return Subjects::None;
    };
    let chosen = patient(&first, source);
    let mut others: Vec<PatientIdentifier> = Vec::new();
    let mut groups = 1_usize;
    for other in patients {
        groups += 1;
        others.extend(patient(&other, source));
    }
    let merges = merges(message);
    let moves = trigger(message) == MOVE_OF_IDENTIFIER;
    let mut priors = message.segments_named(b"MRG");
    let merge = priors.next().filter(|_| merges);
    let records = merge.map_or(0, |merge| parts::records(&merge, &first).len());
    let several = groups > 1 || priors.next().is_some() || records > 1;
    let Some(chosen) = chosen else {
        return if others.is_empty() {
            Subjects::None
        } else {
            Subjects::Several(others)
        };
    };
    if several {
        others.insert(0, chosen);
        others.dedup();
        if let ([_], true) = (others.as_slice(), is_order(message)) {
            return others.pop().map_or(Subjects::None, Subjects::One);
        }
        return Subjects::Several(others);
    }
    match merge.and_then(|merge| prior(&merge, source, &chosen)) {
        Some(retired) if !(moves && retired == chosen) => Subjects::Merge {
            survivor: chosen,
            retired,
        },
        _ => Subjects::One(chosen),
    }
}

/// Says whether a message is an order that may have results of earlier with it, each after a PID of the same patient.
fn is_order(message: &Message<'_>) -> bool {
    let header = message.header();
    let kind = header.map_or(&b""[..], |header| {
        header.segment().field(9).component(1).raw()
    });
    matches!(kind, b"OML" | b"OMG" | b"OMQ" | b"OPL")
}

/// Says whether a message merges whom its MRG names into whom its PID names.
fn merges(message: &Message<'_>) -> bool {
    let event = trigger(message);
    event == MOVE_OF_IDENTIFIER || MERGES.contains(&event)
}

/// Gives the trigger event of a message: MSH-9.2.
fn trigger<'m>(message: &'m Message<'_>) -> &'m [u8] {
    let header = message.header();
    header.map_or(b"", |header| header.segment().field(9).component(2).raw())
}

/// Chooses the identifier of a PID segment: from PID-3 by preference, else from PID-2.
pub(crate) fn patient(segment: &Segment<'_>, source: &Source) -> Option<PatientIdentifier> {
    choose(segment.field(3), source, None).or_else(|| choose(segment.field(2), source, None))
}

/// Whom the MRG segment of a message of one patient names, where that is somebody else.
pub(crate) fn other(
    message: &Message<'_>,
    source: &Source,
    patient: &PatientIdentifier,
) -> Option<PatientIdentifier> {
    let merge = message.segments_named(b"MRG").next()?;
    prior(&merge, source, patient).filter(|other| other != patient)
}

/// Chooses the prior identifier of an MRG segment, of the survivor's authority if there is one.
fn prior(
    segment: &Segment<'_>,
    source: &Source,
    survivor: &PatientIdentifier,
) -> Option<PatientIdentifier> {
    let authority = Some(&*survivor.authority);
    choose(segment.field(1), source, authority)
        .or_else(|| choose(segment.field(4), source, authority))
}

fn choose(field: Field<'_>, source: &Source, authority: Option<&str>) -> Option<PatientIdentifier> {
    let candidates = || {
        field
            .repetitions()
            .filter(|repetition| repetition.component(1).is_valued())
    };
    let fits = |preference: &Preference, candidate: &Repetition<'_>| {
        let kind = candidate.component(5).text();
        preference
            .kind
            .as_deref()
            .is_none_or(|wanted| wanted == kind.trim())
            && preference
                .authority
                .as_deref()
                .is_none_or(|wanted| wanted == &*authority_of(candidate, source))
    };
    let preferred = source
        .identifiers
        .iter()
        .find_map(|preference| candidates().find(|candidate| fits(preference, candidate)));
    let chosen = preferred.or_else(|| {
        let standings = candidates().filter_map(|candidate| {
            let kind = Kind::of(candidate.component(5).text().trim())?;
            let name = authority_of(&candidate, source);
            let is_other = authority.is_some_and(|wanted| wanted != &*name);
            Some(((is_other, kind, source.standing(&name)), candidate))
        });
        // Of two that stand alike the first.
        let best = standings.min_by_key(|(standing, _)| *standing);
        best.map(|(_, candidate)| candidate)
    })?;
    Some(PatientIdentifier {
        authority: authority_of(&chosen, source),
        value: chosen.component(1).text().trim().into(),
    })
}

fn authority_of(identifier: &Repetition<'_>, source: &Source) -> Box<str> {
    let named = named_authority(identifier);
    named.unwrap_or_else(|| source.default_authority().into())
}

/// Gives who gave an identifier, where it says so.
fn named_authority(identifier: &Repetition<'_>) -> Option<Box<str>> {
    let assigner = identifier.component(4);
    let names = [1, 2].map(|part| assigner.subcomponent(part));
    let name = names.into_iter().find(|name| name.is_valued())?;
    Some(name.text().trim().into())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use formats::hl7v2;

    use super::parts::parts_bytes;
    use super::*;

    fn check(event: &str, segments: &str, expected: Expect) {
        let text = format!("MSH|^~\\&|A|B|||20260301||ADT^{event}|1|P|2.5\r{segments}");
        let show = |one: &PatientIdentifier| format!("{}|{}", one.authority, one.value);
        let found = match subjects(&hl7v2::parse(text.as_bytes()), &Source::new("here")) {
            Subjects::None => "nobody".to_owned(),
            Subjects::One(one) => show(&one),
            Subjects::Merge { survivor, retired } => {
                format!("{} <- {}", show(&survivor), show(&retired))
            }
            Subjects::Several(all) => all.iter().map(show).collect::<Vec<_>>().join(" and "),
        };
        expected.assert_eq(&found);
    }

    #[test]
    fn several_merges_under_one_patient_become_one_each() {
        let text = b"MSH|^~\\&|A|B|||20260301||ADT^A40|1|P|2.5\rEVN|A40\rPID|||1\rMRG|2\rMRG|3\rPID|||4\rMRG|5";
        let parts = split(&hl7v2::parse(text)).unwrap();
        let of: Vec<_> = parts
            .iter()
            .map(|part| subjects(&hl7v2::parse(part), &Source::new("here")))
            .collect();
        let merge = |survivor: &str, retired: &str| {
            let one = |value: &str| PatientIdentifier {
                authority: "here".into(),
                value: value.into(),
            };
            Subjects::Merge {
                survivor: one(survivor),
                retired: one(retired),
            }
        };
        assert_eq!(of, [merge("1", "2"), merge("1", "3"), merge("4", "5")]);
    }

    #[test]
    fn each_record_number_of_a_merge_gets_a_message() {
        let show = |event: &str, person: &str, merge: &str| {
            let text = format!(
                "MSH|^~\\&|A|B|||20260301||ADT^{event}|1|P|2.5\rPID|||{person}\rMRG|{merge}\rPV1||I"
            );
            let message = hl7v2::parse(text.as_bytes());
            let parts = match subjects(&message, &Source::new("here")) {
                Subjects::Several(_) => split(&message).unwrap(),
                _ => return "one".to_owned(),
            };
            let merges = parts.iter().map(|part| {
                let message = hl7v2::parse(part);
                let found = subjects(&message, &Source::new("here"));
                assert!(matches!(found, Subjects::Merge { .. }), "{found:?}");
                let merge = message.segment(b"MRG").unwrap();
                String::from_utf8_lossy(merge.raw()).into_owned()
            });
            merges.collect::<Vec<_>>().join(" and ")
        };
        assert_eq!(
            show("A40", "2^^^H^MR", "1^^^H^MR~5^^^SSA^SS~9^^^X^PI||A7"),
            "MRG|1^^^H^MR~5^^^SSA^SS||A7 and MRG|9^^^X^PI"
        );
        let both = "1^^^H^MR~9^^^X^PI~1^^^H^PI";
        assert_eq!(show("A40", "2^^^H^MR~9^^^X^PI", both), "one");
        assert_eq!(show("A40", "2^^^H^MR", "1^^^H^MR~9^^^X~V1^^^H^VN"), "one");
        assert_eq!(show("A45", "2^^^H^MR", both), "one");
        assert_eq!(show("A08", "2^^^H^MR", both), "one");
    }

    #[test]
    fn the_record_number_comes_before_other_identifiers() {
        check("A01", "PID|||9^^^SSA^SS~7^^^HOSP^MR", expect!["HOSP|7"]);
        check("A01", "PID|||9^^^SSA^SS~8^^^X^PI", expect!["X|8"]);
        check("A01", "PID|||8^^^X^PI~7^^^HOSP^MR", expect!["HOSP|7"]);
        check("A01", "PID|||6^^^X^PT~8^^^Y^PI", expect!["Y|8"]);
        check("A01", "PID|||9^^^DMV^DL~6^^^X~5^^^Y^PT", expect!["X|6"]);
        check("A01", "PID|||9^^^SSA^SS", expect!["SSA|9"]);
    }

    #[test]
    fn a_visit_or_an_account_is_no_patient() {
        check("A01", "PID|||V1^^^HOSP^VN~8^^^HOSP^PI", expect!["HOSP|8"]);
        check("A01", "PID|||A1^^^HOSP^AN~9^^^SSA^SS", expect!["SSA|9"]);
        check("A01", "PID||5|A1^^^HOSP^AN~V1^^^HOSP^VN", expect!["here|5"]);
        check("A01", "PID|||V1^^^HOSP^VN", expect!["nobody"]);
        check(
            "A40",
            "PID|||2^^^H^MR\rMRG|V1^^^H^VN~1^^^H^PI",
            expect!["H|2 <- H|1"],
        );
    }

    #[test]
    fn of_one_type_the_order_of_the_authorities_decides_and_only_then_the_place() {
        let mut source = Source::new("here");
        let chosen = |source: &Source, ids: &str| {
            let text = format!("MSH|^~\\&|A|B|||20260301||ADT^A01|1|P|2.5\rPID|||{ids}");
            let found = subjects(&hl7v2::parse(text.as_bytes()), source);
            let found = found.patient().map(|one| one.value.to_string());
            found.unwrap_or_default()
        };
        let (one, other) = ("1^^^EAST^MR~2^^^WEST^MR", "2^^^WEST^MR~1^^^EAST^MR");
        assert_eq!(chosen(&source, one), "1");
        assert_eq!(chosen(&source, other), "2");
        source.preferred = vec!["WEST".into(), "EAST".into()];
        assert_eq!(chosen(&source, one), "2");
        assert_eq!(chosen(&source, other), "2");
        // Those of its own authority come first; a better type comes before a better authority.
        source.authority = Some("EAST".into());
        assert_eq!(chosen(&source, other), "1");
        assert_eq!(chosen(&source, "3^^^EAST^PI~2^^^WEST^MR"), "2");
        assert_eq!(chosen(&source, "3^^^NORTH^MR~2^^^WEST^MR~1^^^EAST^PI"), "2");
    }

    #[test]
    fn a_result_of_earlier_in_an_order_is_no_second_patient() {
        let show = |event: &str, second: &str| {
            let text = format!(
                "MSH|^~\\&|A|B|||2026||{event}|1|P|2.5\rPID|||1^^^H^MR\rORC|NW\rOBR|1\rPID|||{second}^^^H^MR\rOBR|1"
            );
            subjects(&hl7v2::parse(text.as_bytes()), &Source::new("here"))
        };
        assert!(matches!(show("OML^O21", "1"), Subjects::One(_)));
        assert!(matches!(show("OML^O21", "2"), Subjects::Several(_)));
        assert!(matches!(show("ORU^R01", "1"), Subjects::Several(_)));
    }

    #[test]
    fn without_an_authority_the_source_names_it() {
        check("A01", "PID|||7", expect!["here|7"]);
        check("A01", "PID||5", expect!["here|5"]);
        check("A01", "PID|||7^^^&1.2.3&ISO", expect!["1.2.3|7"]);
        check("A01", "PID|||\"\"", expect!["nobody"]);
        check("A01", "EVN|A01", expect!["nobody"]);
    }

    #[test]
    fn a_merge_has_two_sides() {
        check(
            "A40",
            "PID|||2^^^H^MR\rMRG|9^^^X^PI~1^^^H^MR",
            expect!["H|2"],
        );
        check("A08", "PID|||2^^^H^MR\rMRG|1^^^H^MR", expect!["H|2"]);
        check(
            "A40",
            "PID|||2^^^H\rMRG|1^^^H\rPID|||4^^^H\rMRG|3^^^H",
            expect!["H|2 and H|4"],
        );
    }

    #[test]
    fn parts_that_would_fill_the_memory_are_not_made() {
        let text = |people: usize, merges: usize| {
            let mut text = b"MSH|^~\\&|A|B|||2026||ADT^A40|1|P|2.5\rNTE|1||".to_vec();
            text.resize(1024 * 1024, b'x');
            for number in 0..people {
                text.extend(format!("\rPID|||{number}").bytes());
                text.extend((0..merges).flat_map(|merge| format!("\rMRG|{merge}").into_bytes()));
            }
            text
        };
        for (people, merges) in [(1, 1), (3, 0), (1, 3), (3, 3)] {
            let text = text(people, merges);
            let message = hl7v2::parse(&text);
            let made: usize = split(&message).unwrap().iter().map(Vec::len).sum();
            assert_eq!(parts_bytes(&message), made, "{people} {merges}");
        }
        let numbers = |count: usize| {
            let numbers = (1..=count).map(|number| format!("{number}^^^H^MR"));
            let numbers = numbers.collect::<Vec<_>>().join("~");
            let merge =
                format!("\rMRG|{numbers}||A1\rPV1||I\rMRG|{numbers}\rPID|||0\rMRG|{numbers}");
            [text(1, 0), merge.into_bytes()].concat()
        };
        let text_of_numbers = numbers(3);
        let message = hl7v2::parse(&text_of_numbers);
        let made = split(&message).unwrap();
        assert_eq!(made.len(), 9);
        assert_eq!(
            parts_bytes(&message),
            made.iter().map(Vec::len).sum::<usize>()
        );
        let bytes = split(&hl7v2::parse(&numbers(100))).unwrap_err().bytes;
        assert!(bytes > 100 * 1024 * 1024, "{bytes}");
        for (people, merges) in [(100, 0), (1, 100)] {
            let text = text(people, merges);
            let bytes = split(&hl7v2::parse(&text)).unwrap_err().bytes;
            assert!(bytes > 100 * 1024 * 1024, "{bytes}");
        }
    }

    #[test]
    fn each_of_several_gets_a_message() {
        let text = b"MSH|^~\\&|A|B|||2026||ORU^R01|1|P|2.5\rPID|||1\rOBR|1\rPID|||2\rOBR|2\r";
        let parts = split(&hl7v2::parse(text)).unwrap();
        let parts: Vec<_> = parts
            .iter()
            .map(|part| String::from_utf8_lossy(part))
            .collect();
        expect![[r#"
            [
                "MSH|^~\\&|A|B|||2026||ORU^R01|1|P|2.5\rPID|||1\rOBR|1\r",
                "MSH|^~\\&|A|B|||2026||ORU^R01|1|P|2.5\rPID|||2\rOBR|2\r",
            ]
        "#]]
        .assert_debug_eq(&parts);
    }
}
