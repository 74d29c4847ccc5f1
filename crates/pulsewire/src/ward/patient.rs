//! Who lies on the ward: invented people, their stays and their beds.

use std::time::Duration;

use clinical::EventTime;

use super::chance::Chance;
use super::laboratory::ANALYTES;
use super::physiology::Body;

/// Someone who was ever on the ward.
#[derive(Clone, Debug)]
pub(super) struct Patient {
    pub(super) record_number: String,
    pub(super) family: String,
    pub(super) given: &'static str,
    /// As HL7 writes it; empty while nobody knows.
    pub(super) born: String,
    pub(super) sex: &'static str,
    pub(super) street: String,
    pub(super) telephone: String,
    pub(super) body: Body,
    /// How this patient's results differ from the average, by place in the table of analytes.
    pub(super) usual: [i64; ANALYTES.len()],
    pub(super) stay: Option<Stay>,
    pub(super) died: Option<EventTime>,
    /// How often a monitor sends, where there is one.
    pub(super) monitor: Option<Duration>,
    pub(super) next_round: Option<EventTime>,
    pub(super) next_reading: Option<EventTime>,
    /// When the doctors last asked the laboratory because the patient was worse.
    pub(super) asked: Option<EventTime>,
    /// When the last repeat of a critical result is due.
    pub(super) repeated: Option<EventTime>,
}

/// A stay in the hospital.
#[derive(Clone, Debug)]
pub(super) struct Stay {
    pub(super) visit_number: String,
    pub(super) class: Class,
    pub(super) bed: Bed,
    pub(super) bed_before: Option<Bed>,
    pub(super) doctor: &'static Staff,
    pub(super) admitted: EventTime,
}

/// What kind of stay it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Emergency,
    Inpatient,
}

/// A bed by its unit and its number in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bed {
    pub(super) unit: Unit,
    pub(super) number: u8,
}

/// Places of the emergency department with this number or a greater one are seats to wait on.
pub(super) const FIRST_SEAT: u8 = 100;

/// Where beds are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Medical,
    Surgical,
    HighDependency,
    Emergency,
}

impl Unit {
    pub(super) const fn beds(self) -> u8 {
        match self {
            Self::Medical | Self::Surgical => 9,
            Self::HighDependency => 6,
            Self::Emergency => 8,
        }
    }

    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Medical => "6N",
            Self::Surgical => "7S",
            Self::HighDependency => "HDU",
            Self::Emergency => "ED",
        }
    }

    pub(super) const fn service(self) -> &'static str {
        match self {
            Self::Medical | Self::HighDependency => "MED",
            Self::Surgical => "SUR",
            Self::Emergency => "EMR",
        }
    }
}

const SEATS: [&str; 20] = [
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17",
    "18", "19", "20",
];

impl Bed {
    /// Gives room and bed: three beds a room on the wards, a bay each elsewhere.
    pub(super) fn room(self) -> (String, &'static str) {
        let places = ["A", "B", "C"];
        match self.unit {
            Unit::Medical => (
                format!("60{}", self.number / 3 + 1),
                places[usize::from(self.number % 3)],
            ),
            Unit::Surgical => (
                format!("70{}", self.number / 3 + 1),
                places[usize::from(self.number % 3)],
            ),
            Unit::HighDependency => (format!("H{}", self.number + 1), "A"),
            Unit::Emergency => match self.number.checked_sub(FIRST_SEAT) {
                Some(seat) => ("WAIT".to_owned(), SEATS[usize::from(seat) % SEATS.len()]),
                None => (format!("BAY{}", self.number + 1), "1"),
            },
        }
    }
}

/// Someone who works there.
#[derive(Debug)]
pub(super) struct Staff {
    pub(super) id: &'static str,
    pub(super) family: &'static str,
    pub(super) given: &'static str,
}

const fn staff(id: &'static str, family: &'static str, given: &'static str) -> Staff {
    Staff { id, family, given }
}

pub(super) static DOCTORS: [Staff; 5] = [
    staff("D101", "Fernholt", "Ines"),
    staff("D102", "Quillan", "Marek"),
    staff("D103", "Osterby", "Thea"),
    staff("D104", "Sundermere", "Kofi"),
    staff("D105", "Vantreese", "Lucía"),
];

pub(super) static NURSES: [Staff; 6] = [
    staff("N201", "Pellworth", "Ada"),
    staff("N202", "Ironvale", "Jonas"),
    staff("N203", "Marrowby", "Sunniva"),
    staff("N204", "Thistlewade", "Omar"),
    staff("N205", "Grayfen", "Noor"),
    staff("N206", "Lindqvale", "Petra"),
];

const FAMILY_BEGINS: [&str; 16] = [
    "Alder", "Bram", "Cinder", "Dun", "Elm", "Fal", "Gorse", "Hal", "Iver", "Juni", "Kestrel",
    "Lark", "Mor", "Nettle", "Oak", "Penn",
];
const FAMILY_ENDS: [&str; 12] = [
    "bourne", "combe", "dale", "feld", "gate", "holm", "mere", "ridge", "stow", "thwaite", "wick",
    "yard",
];
const WOMEN: [&str; 12] = [
    "Anna", "Beatriz", "Chloé", "Dina", "Elif", "Freya", "Greta", "Hana", "Irma", "Joan", "Leila",
    "Zoë",
];
const MEN: [&str; 12] = [
    "Aaron", "Björn", "Carlos", "David", "Emil", "Femi", "Goran", "Hugo", "Ivan", "Jakob", "Liam",
    "Samir",
];
const STREETS: [&str; 8] = [
    "Quay Lane",
    "Mill & Malt Street",
    "Orchard Row",
    "Lighthouse Road",
    "Tannery Yard",
    "North Parade",
    "Heron Walk",
    "Chapel Close",
];
/// The oldest and the youngest adult.
const AGES: (i64, i64) = (24, 91);

impl Patient {
    /// Invents somebody; `this_year` decides when they were born.
    pub(super) fn new(number: u64, this_year: i64, chance: &mut Chance) -> Self {
        let (sex, names) = if chance.permille(500) {
            ("F", &WOMEN)
        } else {
            ("M", &MEN)
        };
        let age = chance.between(AGES.0, AGES.1);
        let (month, day) = (chance.between(1, 12), chance.between(1, 28));
        Self {
            record_number: format!("{}", 700_000 + number),
            family: format!(
                "{}{}",
                chance.pick(&FAMILY_BEGINS),
                chance.pick(&FAMILY_ENDS)
            ),
            given: chance.pick(names),
            born: format!("{:04}{month:02}{day:02}", this_year - age),
            sex,
            street: format!("{} {}", chance.between(1, 120), chance.pick(&STREETS)),
            telephone: format!("555-01{:02}", chance.between(0, 99)),
            body: Body::new(age, chance),
            usual: ANALYTES.map(|analyte| chance.noise(analyte.spread)),
            stay: None,
            died: None,
            monitor: None,
            next_round: None,
            next_reading: None,
            asked: None,
            repeated: None,
        }
    }

    /// Says whether the patient is there.
    pub(super) fn is_present(&self) -> bool {
        self.stay.is_some()
    }
}
