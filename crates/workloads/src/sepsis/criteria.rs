//! The criteria of SIRS (Bone 1992) and qSOFA (Singer 2016).

use clinical::{Decimal, EventTime};

use crate::Parameter;
use crate::chart::read::CONSCIOUSNESS;
use crate::chart::{Chart, Entry};
use crate::config::SepsisConfig;

/// SIRS: temperature above 38.0 °C or below 36.0 °C.
const FEVER: Decimal = Decimal::from_parts(380, 0, 0, false, 1);
const HYPOTHERMIA: Decimal = Decimal::from_parts(360, 0, 0, false, 1);
/// SIRS: heart rate above 90 a minute.
const TACHYCARDIA: Decimal = Decimal::from_parts(90, 0, 0, false, 0);
/// SIRS: respiratory rate above 20 a minute.
const TACHYPNOEA: Decimal = Decimal::from_parts(20, 0, 0, false, 0);
/// SIRS: PaCO2 below 32 mmHg.
const HYPOCAPNIA: Decimal = Decimal::from_parts(32, 0, 0, false, 0);
/// SIRS: white cells above 12 or below 4 × 10⁹/L.
const LEUCOCYTOSIS: Decimal = Decimal::from_parts(12, 0, 0, false, 0);
const LEUCOPENIA: Decimal = Decimal::from_parts(4, 0, 0, false, 0);
/// SIRS: more than 10 % band neutrophils.
const BANDS: Decimal = Decimal::from_parts(10, 0, 0, false, 0);
/// qSOFA: respiratory rate of 22 a minute or more.
const QUICK_TACHYPNOEA: Decimal = Decimal::from_parts(22, 0, 0, false, 0);
/// qSOFA: systolic pressure of 100 mmHg or less.
const QUICK_HYPOTENSION: Decimal = Decimal::from_parts(100, 0, 0, false, 0);
/// qSOFA: altered mentation, a Glasgow coma score below 15.
const FULL_COMA_SCALE: Decimal = Decimal::from_parts(15, 0, 0, false, 0);

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
    let Some(value) = entry.number() else {
        return false;
    };
    match entry.parameter {
        Parameter::Temperature => value > FEVER || value < HYPOTHERMIA,
        Parameter::Pulse => value > TACHYCARDIA,
        Parameter::RespiratoryRate => value > TACHYPNOEA,
        Parameter::CarbonDioxidePressure => value < HYPOCAPNIA,
        Parameter::WhiteCells => value > LEUCOCYTOSIS || value < LEUCOPENIA,
        Parameter::Bands => value > BANDS,
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
    let Some(value) = entry.number() else {
        return false;
    };
    match entry.parameter {
        Parameter::RespiratoryRate => value >= QUICK_TACHYPNOEA,
        Parameter::SystolicPressure => value <= QUICK_HYPOTENSION,
        Parameter::ComaScale => value < FULL_COMA_SCALE,
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
