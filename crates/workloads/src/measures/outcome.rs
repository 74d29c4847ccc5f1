//! What a measure says of a patient or of a visit.

use clinical::EventId;

use super::record::Record;

/// What a measure says of one patient in one period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// What is counted: the patient, or each visit of the initial population.
    pub episodes: Vec<Episode>,
}

/// One thing that a measure counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Episode {
    /// The event that the visit was last said by; nothing where the patient is counted.
    pub visit: Option<EventId>,
    /// Whether it is left out of the denominator.
    pub is_excluded: bool,
    /// Whether it is in the numerator. Where it is excluded it is only in that of a ratio, which does not ask about the
    /// denominator.
    pub is_in_numerator: bool,
    /// How many days count in the denominator, where a measure counts days.
    pub denominator_observation: Option<u32>,
    /// How many days count in the numerator, where a measure counts days.
    pub numerator_observation: Option<u32>,
    /// The stratum, counted from 1, where a measure has strata.
    pub stratum: Option<u8>,
    /// What the exclusion rests on.
    pub exclusion: Vec<EventId>,
    /// What decides about the numerator: the result that is judged, the examination that was done.
    pub evidence: Vec<EventId>,
    /// Whether all that decides about the numerator comes from adjudicated claims.
    pub is_claimed: bool,
}

/// How many are in each population.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Populations {
    /// In the initial population.
    pub initial_population: u32,
    /// In the denominator.
    pub denominator: u32,
    /// Left out of the denominator.
    pub denominator_exclusion: u32,
    /// In the numerator.
    pub numerator: u32,
}

impl Evaluation {
    /// Counts the populations. In all of these measures the denominator is the initial population.
    pub fn populations(&self) -> Populations {
        let mut counted = Populations::default();
        for episode in &self.episodes {
            counted.initial_population += 1;
            counted.denominator += 1;
            counted.denominator_exclusion += u32::from(episode.is_excluded);
            counted.numerator += u32::from(episode.is_in_numerator);
        }
        counted
    }
}

impl Episode {
    /// Says what a measure finds of a patient of its initial population.
    pub(super) fn of_patient(
        exclusion: Option<Vec<&Record>>,
        is_in_numerator: bool,
        evidence: &[&Record],
    ) -> Self {
        let is_claimed = |record: &&Record| record.source == super::record::Source::Claim;
        Self {
            is_excluded: exclusion.is_some(),
            is_in_numerator: is_in_numerator && exclusion.is_none(),
            exclusion: events(&exclusion.unwrap_or_default()),
            evidence: events(evidence),
            is_claimed: !evidence.is_empty() && evidence.iter().all(is_claimed),
            ..Self::default()
        }
    }
}

/// Gives the events that said it, each once.
pub(super) fn events(records: &[&Record]) -> Vec<EventId> {
    let mut events: Vec<EventId> = records.iter().map(|record| record.event).collect();
    events.sort_unstable();
    events.dedup();
    events
}
