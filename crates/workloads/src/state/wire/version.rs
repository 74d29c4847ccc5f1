//! The versions of the stored form, and the least that can say what there is.

use crate::Parameter;
use crate::chart::{BACKFILLED, Entry, Reading, Unusable};
use crate::state::State;
use crate::workload::Condition;

/// The version written where something of it is there; every earlier one is read as well.
pub(super) const VERSION: u8 = 6;
/// The version before results that are flagged alone were kept with their words.
const VERSION_5: u8 = 5;
/// The version before more than a few stays were kept.
const VERSION_4: u8 = 4;
/// The version before sensors of one patient were told apart.
pub(super) const VERSION_3: u8 = 3;
/// The version before organ failure was charted, of the first three workloads.
const VERSION_2: u8 = 2;
/// The version before loaded history was told apart, and times that cannot be.
pub(super) const VERSION_1: u8 = 1;

/// How many workloads there were in versions that do not say so.
pub(super) const FIRST_WORKLOADS: usize = 3;
/// How many stays the versions before the newest kept.
const FIRST_STAYS: usize = 8;
/// How many parameters, conditions and units the versions before this one knew.
const FIRST_PARAMETERS: u8 = 31;
const FIRST_CONDITIONS: u8 = 3;
const FIRST_UNITS: u8 = 30;

pub(super) const fn wakes(version: u8) -> usize {
    if version >= VERSION_3 {
        usize::MAX
    } else {
        FIRST_WORKLOADS
    }
}

/// Gives the least version that can say what there is, so that an older program reads what it can.
pub(super) fn version(state: &State) -> u8 {
    let is_new = |parameter: Parameter| parameter.number() >= FIRST_PARAMETERS;
    let entries = || state.chart.entries().iter();
    let pending = state.pending.iter().flat_map(|touched| &touched.parameters);
    let newest = state.wakes.iter().skip(FIRST_WORKLOADS).any(Option::is_some)
        || entries().any(|entry| is_new(entry.parameter))
        || entries().any(|entry| matches!(entry.reading, Reading::Number { unit, .. } if unit.number() >= FIRST_UNITS))
        || pending.into_iter().any(|(parameter, _)| is_new(*parameter))
        || state.stays.iter().any(|stay| stay.pulse.is_some())
        || state.lines.iter().any(|line| is_new_condition(line.condition));
    let told_apart =
        |entry: &Entry| entry.is(BACKFILLED) || entry.reading == Reading::Unusable(Unusable::Time);
    if entries().any(|entry| entry.parameter == Parameter::FlaggedResult)
        || !state.chart.words.is_empty()
    {
        VERSION
    } else if state.stays.len() > FIRST_STAYS {
        VERSION_5
    } else if entries().any(|entry| entry.sensor != 0) {
        VERSION_4
    } else if newest {
        VERSION_3
    } else if entries().any(told_apart) {
        VERSION_2
    } else {
        VERSION_1
    }
}

fn is_new_condition(condition: Condition) -> bool {
    match condition.of_parameter() {
        Some(parameter) => parameter.number() >= FIRST_PARAMETERS,
        None => condition.number() >= FIRST_CONDITIONS,
    }
}
