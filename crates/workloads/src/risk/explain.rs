//! What a score rests on: how much of it goes where all that speaks of one thing is treated as not known.

use super::feature::Feature;
use super::model::Model;
use super::variable::{Kind, Variable};

/// What features speak of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Subject {
    /// The values of a variable, and how often and when it was measured.
    Variable(&'static Variable),
    /// How often anything of a kind was measured.
    Frequency(Kind),
    /// The patient's age.
    Age,
    /// The patient's sex.
    Sex,
    /// The time since admission.
    Clock,
}

/// A subject, and how much of the score rests on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution {
    /// What the features speak of.
    pub subject: Subject,
    /// The score less what it is when nothing of the subject is known, in log-odds.
    pub weight: f64,
}

impl Subject {
    /// Gives all of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let others = [
            Self::Frequency(Kind::Vital),
            Self::Frequency(Kind::Laboratory),
            Self::Age,
            Self::Sex,
            Self::Clock,
        ];
        Variable::all().iter().map(Self::Variable).chain(others)
    }

    /// Gives its name for a clinician.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Variable(variable) => variable.name,
            Self::Frequency(Kind::Vital) => "how often vital signs are charted",
            Self::Frequency(Kind::Laboratory) => "how often the laboratory is asked",
            Self::Age => "age",
            Self::Sex => "sex",
            Self::Clock => "time since admission",
        }
    }

    /// Says whether a feature speaks of it.
    fn is_of(&self, feature: &Feature) -> bool {
        match *feature {
            Feature::Last(of)
            | Feature::Age(of)
            | Feature::Step(of)
            | Feature::Change(of, _)
            | Feature::Mean(of, _)
            | Feature::Least(of, _)
            | Feature::Most(of, _)
            | Feature::Off(of, _)
            | Feature::Measured(of, _) => *self == Self::Variable(of),
            Feature::Quotient(one, other) | Feature::Difference(one, other) => {
                [Self::Variable(one), Self::Variable(other)].contains(self)
            }
            Feature::AllMeasured(kind, _) | Feature::Kinds(kind, _) => {
                *self == Self::Frequency(kind)
            }
            Feature::Years => *self == Self::Age,
            Feature::Male => *self == Self::Sex,
            Feature::Hour | Feature::BeforeStay | Feature::SinceHospital => *self == Self::Clock,
        }
    }
}

/// Gives what raises the score of a row, the heaviest first.
pub(super) fn contributions<'a>(
    model: &Model,
    features: impl Iterator<Item = &'a Feature> + Clone,
    row: &[f64],
) -> Vec<Contribution> {
    let Some(score) = model.score(row) else {
        return Vec::new();
    };
    let mut found: Vec<Contribution> = Subject::all()
        .filter_map(|subject| {
            let known = features.clone().zip(row);
            let without: Vec<f64> = known
                .map(|(feature, value)| {
                    if subject.is_of(feature) {
                        f64::NAN
                    } else {
                        *value
                    }
                })
                .collect();
            let weight = score - model.score(&without)?;
            (weight > 0.0).then_some(Contribution { subject, weight })
        })
        .collect();
    found.sort_by(|one, other| other.weight.total_cmp(&one.weight));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::Features;

    #[test]
    fn every_feature_speaks_of_something() {
        for (name, subjects) in [
            ("HR.mean6", vec!["heart rate"]),
            ("HR/SBP", vec!["heart rate", "systolic pressure"]),
            ("labs.kinds24", vec!["how often the laboratory is asked"]),
            ("hospital", vec!["time since admission"]),
            ("male", vec!["sex"]),
            ("age", vec!["age"]),
        ] {
            let feature = Feature::parse(name).unwrap();
            let found = Subject::all().filter(|subject| subject.is_of(&feature));
            let found: Vec<&str> = found.map(|subject| subject.name()).collect();
            assert_eq!(found, subjects, "{name}");
        }
    }

    #[test]
    fn what_the_score_falls_by_is_what_rests_on_it() {
        // Above 100 the pulse adds 2; where nothing is known of it, what goes left is said. The pressure adds nothing.
        let model = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\n\
             objective=binary sigmoid:1\nfeature_names=HR.last SBP.last\nfeature_infos=none\ntree_sizes=9\n\n\
             Tree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nthreshold=100\ndecision_type=10\nleft_child=-1\n\
             right_child=-2\nleaf_value=-1 1\n\nend of trees\n";
        let model = Model::parse(model).unwrap();
        let features = Features::parse(model.features()).unwrap();
        let found = contributions(&model, features.iter(), &[120.0, 90.0]);
        let pulse = Subject::Variable(Variable::find("HR").unwrap());
        assert_eq!(
            found,
            [Contribution {
                subject: pulse,
                weight: 2.0
            }]
        );
        assert_eq!(contributions(&model, features.iter(), &[90.0, 90.0]), []);
    }
}
