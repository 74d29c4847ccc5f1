//! Whether a resource that normalize publishes is valid FHIR R4, and what is done with one that is not.

use std::collections::BTreeMap;

use formats::fhir::validate::{Issue, IssueCode, Severity, operation_outcome, validate};
use mapping::fhir::not_understood;
use mapping::normalize::Output;

use crate::metrics::{InvalidLabels, Metrics};

/// The reason code of a resource that is kept in quarantine.
pub(crate) const INVALID: &str = "invalid-resource";

/// Stands on a published record that is not valid: the first of what is wrong with it.
pub(crate) const VALIDATION_HEADER: &str = "validation";

/// So many issues stand on a published record.
const MARKED_MAX: usize = 5;

/// So many issues are kept with a resource in quarantine.
const KEPT_MAX: usize = 20;

/// What is done with a resource that is not valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It is not looked at.
    Off,
    /// It is published, counted and marked.
    #[default]
    Warn,
    /// It is kept in quarantine instead; what else its message made is published.
    Reject,
}

impl Mode {
    /// What they are called in a configuration.
    pub(crate) const NAMES: [&str; 3] = ["off", "warn", "reject"];

    /// Reads one.
    pub(crate) fn parse(name: &str) -> Self {
        match name {
            "off" => Self::Off,
            "reject" => Self::Reject,
            _ => Self::Warn,
        }
    }
}

/// What is done by resource type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Validation {
    /// For types that are not named.
    pub(crate) default: Mode,
    /// For those that are.
    pub(crate) by_type: BTreeMap<String, Mode>,
}

/// What was found of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing, or nobody looked.
    Publish,
    /// It is not valid, and published with these words.
    Mark(String),
    /// It is not valid, and kept with this OperationOutcome.
    Keep(Vec<u8>),
}

impl Validation {
    /// Looks at all resources among what is to be written.
    pub(super) fn judged(&self, outputs: Vec<Output>) -> Vec<(Output, Verdict)> {
        let judged = outputs.into_iter().map(|output| {
            let verdict = resource(&output).map_or(Verdict::Publish, |(resource_type, json)| {
                self.judge(resource_type, json)
            });
            (output, verdict)
        });
        judged.collect()
    }

    /// Counts what is not valid.
    pub(super) fn count(judged: &[(Output, Verdict)], metrics: &Metrics) {
        for (output, verdict) in judged {
            let outcome = match verdict {
                Verdict::Publish => continue,
                Verdict::Mark(_) => "published",
                Verdict::Keep(_) => "quarantined",
            };
            if let Some((resource_type, _)) = resource(output) {
                let resource = resource_type.to_string();
                metrics
                    .invalid
                    .get_or_create(&InvalidLabels { resource, outcome })
                    .inc();
            }
        }
    }

    /// What is done with resources of a type.
    pub(crate) fn mode(&self, resource_type: &str) -> Mode {
        let own = self.by_type.get(resource_type).copied();
        own.unwrap_or(self.default)
    }

    /// Looks at a resource as its type asks for.
    pub(super) fn judge(&self, resource_type: &str, json: &[u8]) -> Verdict {
        let mut issues = self.issues(resource_type, json);
        issues.retain(is_marked);
        if issues.is_empty() {
            return Verdict::Publish;
        }
        if self.mode(resource_type) == Mode::Reject {
            issues.truncate(KEPT_MAX);
            return Verdict::Keep(operation_outcome(&issues));
        }
        Verdict::Mark(marks(&issues))
    }

    /// What is wrong with a resource as far as its type's mode looks, and in any mode what changes its meaning and is not
    /// understood: where the mode is to reject, that is an error like the others.
    pub(crate) fn issues(&self, resource_type: &str, json: &[u8]) -> Vec<Issue> {
        let mode = self.mode(resource_type);
        let mut issues = match mode {
            Mode::Off => Vec::new(),
            Mode::Warn | Mode::Reject => validate(json),
        };
        let mut unknown = not_understood(json);
        if mode == Mode::Reject {
            for issue in &mut unknown {
                issue.severity = Severity::Error;
            }
        }
        issues.extend(unknown);
        issues
    }
}

/// Gives the type and the JSON of what is a resource.
fn resource(output: &Output) -> Option<(&str, &[u8])> {
    match output {
        Output::Resource {
            resource_type,
            json,
            ..
        } => Some((resource_type, json)),
        Output::Moment { json, .. } => Some(("Encounter", json)),
        Output::Merge { .. } | Output::Split { .. } => None,
    }
}

/// Says whether an issue stands on a record: it is wrong, or no workload uses the resource because of it.
pub(crate) fn is_marked(issue: &Issue) -> bool {
    let is_unknown = matches!(issue.code, IssueCode::Extension | IssueCode::NotSupported);
    issue.severity >= Severity::Error || is_unknown
}

/// The first of what is wrong, as it stands on a record.
pub(crate) fn marks(issues: &[Issue]) -> String {
    let marks: Vec<String> = issues.iter().take(MARKED_MAX).map(mark).collect();
    let more = match issues.len().saturating_sub(MARKED_MAX) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    marks.join(", ") + &more
}

fn mark(issue: &Issue) -> String {
    format!("{} {}", issue.path, issue.code.code())
}

#[cfg(test)]
mod tests {
    use clinical::{EventId, EventTime, ReceivedTime};
    use mapping::normalize::Shows;

    use super::*;

    const INVALID_PATIENT: &[u8] = br#"{"resourceType":"Patient","gender":"F","active":"yes"}"#;

    #[test]
    fn each_mode_does_what_it_says() {
        let judge = |mode, json: &[u8]| {
            let validation = Validation {
                default: Mode::Off,
                by_type: BTreeMap::from([("Patient".to_owned(), mode)]),
            };
            validation.judge("Patient", json)
        };
        assert_eq!(judge(Mode::Off, INVALID_PATIENT), Verdict::Publish);
        let marks = "Patient.gender code-invalid, Patient.active value".to_owned();
        assert_eq!(judge(Mode::Warn, INVALID_PATIENT), Verdict::Mark(marks));
        let Verdict::Keep(outcome) = judge(Mode::Reject, INVALID_PATIENT) else {
            panic!("it is kept");
        };
        assert_eq!(validate(&outcome), []);
        let valid = br#"{"resourceType":"Patient","gender":"female"}"#;
        assert_eq!(judge(Mode::Reject, valid), Verdict::Publish);
        let other = Validation::default().judge("Observation", b"{}");
        assert!(matches!(other, Verdict::Mark(_)));
    }

    #[test]
    fn what_changes_the_meaning_and_is_not_understood_is_told_in_each_mode() {
        let judge = |mode| {
            let validation = Validation {
                default: mode,
                by_type: BTreeMap::new(),
            };
            let json = br#"{"resourceType":"Patient","modifierExtension":[{"url":"http://x/negated","valueBoolean":true}],"implicitRules":"http://x"}"#;
            validation.judge("Patient", json)
        };
        let marks =
            "Patient.modifierExtension extension, Patient.implicitRules not-supported".to_owned();
        assert_eq!(judge(Mode::Off), Verdict::Mark(marks.clone()));
        assert_eq!(judge(Mode::Warn), Verdict::Mark(marks));
        assert!(matches!(judge(Mode::Reject), Verdict::Keep(_)));
    }

    #[test]
    fn a_visit_as_it_stood_is_judged_and_counted_as_an_encounter() {
        let validation = Validation {
            default: Mode::Off,
            by_type: BTreeMap::from([("Encounter".to_owned(), Mode::Reject)]),
        };
        let moment = Output::Moment {
            event_id: EventId::default(),
            json: br#"{"resourceType":"Encounter","status":"here"}"#.to_vec(),
            event_time: EventTime::default(),
            shows: Shows {
                message: 1,
                said: EventTime::default(),
                known: ReceivedTime::default(),
                backfill: false,
                undoes: false,
            },
        };
        let judged = validation.judged(vec![moment]);
        assert!(matches!(judged[..], [(_, Verdict::Keep(_))]), "{judged:?}");
        let metrics = Metrics::default();
        Validation::count(&judged, &metrics);
        let labels = InvalidLabels {
            resource: "Encounter".to_owned(),
            outcome: "quarantined",
        };
        assert_eq!(metrics.invalid.get_or_create(&labels).get(), 1);
    }

    #[test]
    fn as_many_issues_stand_on_a_record_as_are_worth_reading() {
        let names = |count: usize| {
            format!(
                r#"{{"resourceType":"Patient","name":[{}]}}"#,
                vec!["{}"; count].join(",")
            )
        };
        let marked = |count| match Validation::default().judge("Patient", names(count).as_bytes()) {
            Verdict::Mark(words) => words,
            other => panic!("{other:?}"),
        };
        assert_eq!(marked(MARKED_MAX).matches("invariant").count(), MARKED_MAX);
        assert!(!marked(MARKED_MAX).contains("more"));
        assert!(marked(MARKED_MAX + 1).ends_with(", and 1 more"));
    }
}
