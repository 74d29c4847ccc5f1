//! NEDOCS, the National Emergency Department Overcrowding Score (Weiss SJ et al. Acad Emerg Med 2004;11:38-50).

use clinical::Decimal;

/// What the score is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NedocsInputs {
    /// Patients in the department.
    pub patients: u32,
    /// Beds of the department.
    pub department_beds: u32,
    /// Patients in the department who wait for a bed of the hospital.
    pub admitted: u32,
    /// Beds of the hospital.
    pub hospital_beds: u32,
    /// Patients in the department who are ventilated.
    pub ventilated: u32,
    /// How long the one of those to be admitted has waited who waits longest, in minutes.
    pub longest_admit_minutes: u64,
    /// How long the patient who got a bed last had waited for it, in minutes.
    pub last_door_to_bed_minutes: u64,
}

/// How crowded a department is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Crowding {
    /// A score of up to 20.
    NotBusy,
    /// Up to 60.
    Busy,
    /// Up to 100.
    ExtremelyBusy,
    /// Up to 140.
    Overcrowded,
    /// Up to 180.
    SeverelyOvercrowded,
    /// More.
    DangerouslyOvercrowded,
}

const CONSTANT: Decimal = Decimal::from_parts(20, 0, 0, true, 0);
/// By patients for each bed of the department.
const PATIENTS: Decimal = Decimal::from_parts(858, 0, 0, false, 1);
/// By patients to be admitted for each bed of the hospital, not of the department.
const ADMITTED: Decimal = Decimal::from_parts(600, 0, 0, false, 0);
/// By ventilated patients.
const VENTILATED: Decimal = Decimal::from_parts(134, 0, 0, false, 1);
/// By hours of the longest wait for a bed of the hospital.
const LONGEST_ADMIT: Decimal = Decimal::from_parts(93, 0, 0, false, 2);
/// By hours from the door to a bed, of the last patient who got one.
const DOOR_TO_BED: Decimal = Decimal::from_parts(564, 0, 0, false, 2);

/// Computes the score; nothing where no beds are given to divide by.
pub fn nedocs(inputs: &NedocsInputs) -> Option<Decimal> {
    let each = |part: u32, beds: u32| Decimal::from(part).checked_div(Decimal::from(beds));
    let hours = |minutes: u64| Decimal::from(minutes) / Decimal::from(60);
    Some(
        CONSTANT
            + PATIENTS * each(inputs.patients, inputs.department_beds)?
            + ADMITTED * each(inputs.admitted, inputs.hospital_beds)?
            + VENTILATED * Decimal::from(inputs.ventilated)
            + LONGEST_ADMIT * hours(inputs.longest_admit_minutes)
            + DOOR_TO_BED * hours(inputs.last_door_to_bed_minutes),
    )
}

impl Crowding {
    /// The greatest whole score of each but the last.
    const LIMITS: [(i64, Self); 5] = [
        (20, Self::NotBusy),
        (60, Self::Busy),
        (100, Self::ExtremelyBusy),
        (140, Self::Overcrowded),
        (180, Self::SeverelyOvercrowded),
    ];

    /// Finds the band of a score, rounded to a whole number.
    pub fn of(score: Decimal) -> Self {
        let score = score.round();
        Self::LIMITS
            .into_iter()
            .find(|(limit, _)| score <= Decimal::from(*limit))
            .map_or(Self::DangerouslyOvercrowded, |(_, band)| band)
    }

    /// Gives the words for it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotBusy => "not busy",
            Self::Busy => "busy",
            Self::ExtremelyBusy => "extremely busy",
            Self::Overcrowded => "overcrowded",
            Self::SeverelyOvercrowded => "severely overcrowded",
            Self::DangerouslyOvercrowded => "dangerously overcrowded",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked by hand from the published formula, one input moved at a time.
    const VECTORS: [([u32; 5], [u64; 2], &str); 8] = [
        ([0, 10, 0, 100, 0], [0, 0], "-20"),
        ([10, 10, 0, 100, 0], [0, 0], "65.8"),
        ([25, 20, 0, 300, 0], [0, 0], "87.25"),
        ([20, 20, 10, 200, 0], [0, 0], "95.8"),
        ([20, 20, 0, 200, 2], [0, 0], "92.6"),
        ([20, 20, 0, 200, 0], [600, 0], "75.1"),
        ([20, 20, 0, 200, 0], [0, 90], "74.26"),
        ([43, 50, 15, 500, 1], [1080, 45], "106.158"),
    ];

    #[test]
    fn the_score_is_that_of_the_published_formula() {
        for ([patients, beds, admitted, hospital, ventilated], [admit, bed], want) in VECTORS {
            let score = nedocs(&NedocsInputs {
                patients,
                department_beds: beds,
                admitted,
                hospital_beds: hospital,
                ventilated,
                longest_admit_minutes: admit,
                last_door_to_bed_minutes: bed,
            });
            assert_eq!(score, want.parse().ok(), "{patients} in {beds}");
        }
    }

    #[test]
    fn without_beds_there_is_no_score() {
        let none = NedocsInputs {
            patients: 1,
            department_beds: 0,
            admitted: 0,
            hospital_beds: 1,
            ventilated: 0,
            longest_admit_minutes: 0,
            last_door_to_bed_minutes: 0,
        };
        assert_eq!(nedocs(&none), None);
    }

    #[test]
    fn bands_end_where_they_are_published_to_end() {
        let of = |score: &str| Crowding::of(score.parse().expect("a score"));
        assert_eq!(of("-20"), Crowding::NotBusy);
        for (limit, band) in Crowding::LIMITS {
            assert_eq!(Crowding::of(Decimal::from(limit - 1)), band);
            assert_eq!(Crowding::of(Decimal::from(limit)), band);
            assert!(Crowding::of(Decimal::from(limit + 1)) > band);
        }
        assert_eq!(of("60.4"), Crowding::Busy);
        assert_eq!(of("60.6"), Crowding::ExtremelyBusy);
    }
}
