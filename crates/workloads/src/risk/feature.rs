//! The grammar of features: each is a word that says what is computed of the stay.

use super::variable::{Kind, Variable};

/// Of values this many hours old, and older, nothing is known.
pub const LOOKBACK_HOURS: i64 = 48;

/// Something that is computed of a stay at the end of an hour; what is not known is NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Feature {
    /// The last value.
    Last(&'static Variable),
    /// Hours since the last value.
    Age(&'static Variable),
    /// The last value minus the one of an hour before it.
    Step(&'static Variable),
    /// The last value minus what was the last value so many hours ago.
    Change(&'static Variable, i64),
    /// The mean of so many hours.
    Mean(&'static Variable, i64),
    /// The least of so many hours.
    Least(&'static Variable, i64),
    /// The greatest of so many hours.
    Most(&'static Variable, i64),
    /// The last value minus the mean of so many hours.
    Off(&'static Variable, i64),
    /// In how many of so many hours it was measured.
    Measured(&'static Variable, i64),
    /// The sum of [`Feature::Measured`] over a kind of variables.
    AllMeasured(Kind, i64),
    /// How many variables of a kind were measured in so many hours.
    Kinds(Kind, i64),
    /// The quotient of two last values; nothing is divided by zero.
    Quotient(&'static Variable, &'static Variable),
    /// The difference of two last values.
    Difference(&'static Variable, &'static Variable),
    /// Age in years.
    Years,
    /// 1 for men, 0 for women.
    Male,
    /// The hour of the stay, counted from 1.
    Hour,
    /// Hours from the hospital's admission to this one, as a negative number.
    BeforeStay,
    /// Hours since the hospital's admission.
    SinceHospital,
}

/// A name that is no feature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the model reads `{0}`, which is no feature: train it by models/sepsis-risk/train.py of this version"
)]
pub struct FeatureError(pub Box<str>);

impl Feature {
    /// Reads the name of a feature.
    ///
    /// # Errors
    /// When the name is not of the grammar, or speaks of more hours than are looked back.
    pub fn parse(name: &str) -> Result<Self, FeatureError> {
        parse(name).ok_or_else(|| FeatureError(name.chars().take(60).collect::<String>().into()))
    }

    /// Says whether it tells the time rather than anything of the patient.
    pub const fn is_clock(&self) -> bool {
        matches!(self, Self::Hour | Self::BeforeStay | Self::SinceHospital)
    }
}

fn parse(name: &str) -> Option<Feature> {
    match name {
        "age" => return Some(Feature::Years),
        "male" => return Some(Feature::Male),
        "hour" => return Some(Feature::Hour),
        "before" => return Some(Feature::BeforeStay),
        "hospital" => return Some(Feature::SinceHospital),
        _ => {}
    }
    if let Some((above, below)) = name.split_once('/') {
        return Some(Feature::Quotient(
            Variable::find(above)?,
            Variable::find(below)?,
        ));
    }
    let Some((word, tail)) = name.split_once('.') else {
        let (first, second) = name.split_once('-')?;
        return Some(Feature::Difference(
            Variable::find(first)?,
            Variable::find(second)?,
        ));
    };
    let digits = tail.trim_start_matches(|letter: char| letter.is_ascii_lowercase());
    let kind = tail.strip_suffix(digits)?;
    if digits.is_empty() {
        let variable = Variable::find(word)?;
        return match kind {
            "last" => Some(Feature::Last(variable)),
            "age" => Some(Feature::Age(variable)),
            "step" => Some(Feature::Step(variable)),
            _ => None,
        };
    }
    let hours = digits.parse().ok()?;
    if !(1..=LOOKBACK_HOURS).contains(&hours) {
        return None;
    }
    of_hours(word, kind, hours)
}

fn of_hours(word: &str, kind: &str, hours: i64) -> Option<Feature> {
    let group = match word {
        "vitals" => Some(Kind::Vital),
        "labs" => Some(Kind::Laboratory),
        _ => None,
    };
    if let Some(group) = group {
        return match kind {
            "n" => Some(Feature::AllMeasured(group, hours)),
            "kinds" => Some(Feature::Kinds(group, hours)),
            _ => None,
        };
    }
    let variable = Variable::find(word)?;
    match kind {
        "change" => Some(Feature::Change(variable, hours)),
        "mean" => Some(Feature::Mean(variable, hours)),
        "min" => Some(Feature::Least(variable, hours)),
        "max" => Some(Feature::Most(variable, hours)),
        "off" => Some(Feature::Off(variable, hours)),
        "n" => Some(Feature::Measured(variable, hours)),
        _ => None,
    }
}

/// The features that a model reads, in the order of its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Features(Vec<Feature>);

impl Features {
    /// Reads the names of a model's features.
    ///
    /// # Errors
    /// When one of the names is no feature.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, FeatureError> {
        names
            .into_iter()
            .map(Feature::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Gives them in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Feature> + Clone {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_is_computed() {
        let rate = Variable::find("HR").unwrap();
        let pressure = Variable::find("SBP").unwrap();
        for (name, feature) in [
            ("HR.last", Feature::Last(rate)),
            ("HR.mean48", Feature::Mean(rate, 48)),
            ("labs.kinds1", Feature::Kinds(Kind::Laboratory, 1)),
            ("HR/SBP", Feature::Quotient(rate, pressure)),
            ("SBP-HR", Feature::Difference(pressure, rate)),
            ("before", Feature::BeforeStay),
        ] {
            assert_eq!(Feature::parse(name), Ok(feature));
        }
    }

    #[test]
    fn what_is_no_feature_is_refused() {
        for name in [
            "",
            ".",
            "HR",
            "HR.",
            "HR.last1",
            "HR.mean",
            "HR.mean0",
            "HR.mean49",
            "HR.mean-1",
            "hr.last",
            "HR.median6",
            "labs.last",
            "HR/",
            "/SBP",
            "HR-",
            "hour ",
            "HR.mean99999999999999999999",
        ] {
            assert!(Feature::parse(name).is_err(), "{name}");
        }
        let error = Feature::parse("Rocket.last").unwrap_err().to_string();
        assert!(error.contains("`Rocket.last`") && error.contains("train.py"));
    }
}
