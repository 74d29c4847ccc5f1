//! The criteria of SIRS (Bone 1992) and qSOFA (Singer 2016).

use clinical::EventTime;

use crate::Parameter;
use crate::chart::read::CONSCIOUSNESS;
use crate::chart::{Chart, Entry};
use crate::config::SepsisConfig;
use crate::limit::{Limit, tenths};

/// SIRS: temperature above 38.0 °C or below 36.0 °C.
const FEVER: Limit = Limit::Above(tenths(380));
const HYPOTHERMIA: Limit = Limit::Below(tenths(360));
/// SIRS: heart rate above 90 a minute.
const TACHYCARDIA: Limit = Limit::Above(tenths(900));
/// SIRS: respiratory rate above 20 a minute.
const TACHYPNOEA: Limit = Limit::Above(tenths(200));
/// SIRS: PaCO2 below 32 mmHg.
const HYPOCAPNIA: Limit = Limit::Below(tenths(320));
/// SIRS: white cells above 12 or below 4 × 10⁹/L.
const LEUCOCYTOSIS: Limit = Limit::Above(tenths(120));
const LEUCOPENIA: Limit = Limit::Below(tenths(40));
/// SIRS: more than 10 % band neutrophils.
const BANDS: Limit = Limit::Above(tenths(100));
/// qSOFA: respiratory rate of 22 a minute or more.
const QUICK_TACHYPNOEA: Limit = Limit::AtLeast(tenths(220));
/// qSOFA: systolic pressure of 100 mmHg or less.
const QUICK_HYPOTENSION: Limit = Limit::AtMost(tenths(1000));
/// qSOFA: altered mentation, a Glasgow coma score below 15.
const FULL_COMA_SCALE: Limit = Limit::Below(tenths(150));

/// The criteria met at a time, each with the entries that meet it.
#[derive(Debug, Default)]
pub(super) struct Met<'a> {
    pub(super) sirs: Vec<&'a Entry>,
    pub(super) qsofa: Vec<&'a Entry>,
}

/// The parameters behind each criterion of SIRS.
const SIRS: [&[Parameter]; 4] = [
    &[Parameter::Temperature],
    &[Parameter::Pulse],
    &[Parameter::RespiratoryRate, Parameter::CarbonDioxidePressure],
    &[Parameter::WhiteCells, Parameter::Bands],
];

/// The parameters behind each criterion of qSOFA.
const QSOFA: [&[Parameter]; 3] = [
    &[Parameter::RespiratoryRate],
    &[Parameter::SystolicPressure],
    &[Parameter::Consciousness, Parameter::ComaScale],
];

/// Says whether an entry meets a criterion of either.
pub(crate) fn is_criterion(entry: &Entry) -> bool {
    meets_sirs(entry) || meets_qsofa(entry)
}

/// Finds what was met at a time, by values that still counted then.
pub(super) fn met<'a>(chart: &'a Chart, at: EventTime, config: &SepsisConfig) -> Met<'a> {
    let span = config.vital_span.max(config.laboratory_span);
    let recent: Vec<&Entry> = chart
        .between(at.minus(span), at)
        .filter(|entry| {
            let counts = if entry.parameter.is_vital() {
                config.vital_span
            } else {
                config.laboratory_span
            };
            entry.at > at.minus(counts)
        })
        .collect();
    let find = |groups: &[&[Parameter]], meets: fn(&Entry) -> bool| {
        groups
            .iter()
            .filter_map(|group| {
                // The last value that meets it stands for the others.
                let newest = recent
                    .iter()
                    .rev()
                    .find(|entry| group.contains(&entry.parameter) && meets(entry));
                newest.copied()
            })
            .collect()
    };
    Met {
        sirs: find(&SIRS, meets_sirs),
        qsofa: find(&QSOFA, meets_qsofa),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not in the definition meets nothing"
)]
fn meets_sirs(entry: &Entry) -> bool {
    let Some((value, bound)) = entry.bounded() else {
        return false;
    };
    let is = |limit: Limit| limit.holds(value, bound);
    match entry.parameter {
        Parameter::Temperature => is(FEVER) || is(HYPOTHERMIA),
        Parameter::Pulse => is(TACHYCARDIA),
        Parameter::RespiratoryRate => is(TACHYPNOEA),
        Parameter::CarbonDioxidePressure => is(HYPOCAPNIA),
        Parameter::WhiteCells => is(LEUCOCYTOSIS) || is(LEUCOPENIA),
        Parameter::Bands => is(BANDS),
        _ => false,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not in the definition meets nothing"
)]
fn meets_qsofa(entry: &Entry) -> bool {
    if entry.parameter == Parameter::Consciousness {
        return entry.code().is_some_and(|code| code != 0);
    }
    let Some((value, bound)) = entry.bounded() else {
        return false;
    };
    let is = |limit: Limit| limit.holds(value, bound);
    match entry.parameter {
        Parameter::RespiratoryRate => is(QUICK_TACHYPNOEA),
        Parameter::SystolicPressure => is(QUICK_HYPOTENSION),
        Parameter::ComaScale => is(FULL_COMA_SCALE),
        _ => false,
    }
}

/// Writes the value as it is shown.
pub(super) fn shown(entry: &Entry) -> String {
    match entry.code() {
        Some(code) => CONSCIOUSNESS
            .get(usize::from(code))
            .copied()
            .unwrap_or("not known")
            .into(),
        None => crate::critical::shown(entry),
    }
}
