//! A resource as one message states it, before it meets what was known.

use clinical::{EventTime, RecordedTime};
use formats::fhir::json;

/// A resource as one message states it: what it sets, what it deletes, what only holds if nothing was known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The FHIR resource type.
    pub resource_type: &'static str,
    /// The resource's id: the same in every message that speaks of it.
    pub id: Box<str>,
    /// Its top-level elements in R4 order; one that is absent leaves what was known. A part of one, as in `period.end`, is only
    /// ever cleared.
    pub elements: Vec<(Box<str>, Element)>,
    /// When it was true of the patient.
    pub event_time: EventTime,
    /// When the source stored it, where it says so.
    pub recorded: Option<RecordedTime>,
    /// What it does to the resource.
    pub effect: Effect,
}

/// What a message says of one top-level element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Element {
    /// It is this, as JSON.
    Set(Box<[u8]>),
    /// It is this, as JSON, where nothing is known of it.
    Default(Box<[u8]>),
    /// It is no longer known: the sender deleted it.
    Clear,
}

/// What a message does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It says how things stand.
    State,
    /// The admission did not take place (A11).
    CancelAdmit,
    /// The stay that was planned will not take place (A27, A38); one that has begun goes on.
    CancelPlan,
    /// The transfer did not take place (A12, A32, A33): the patient is where they were.
    CancelTransfer,
    /// The transfer that was planned will not take place (A26).
    CancelPlannedTransfer,
    /// The discharge did not take place (A13): the stay goes on.
    CancelDischarge,
    /// The attending doctor did not change (A55).
    CancelAttending,
    /// The stay is known by another id from now on, which its `partOf` names (A42, A50).
    Superseded,
    /// The stay was another patient's all along (A45): whose it was is its `subject`, and which it is its `partOf`.
    Moved,
    /// The person is linked to the one that `link` names (A24).
    Link,
    /// The person is not linked to the one that `link` names (A37).
    Unlink,
    /// The resource should never have been sent.
    Delete,
}

impl Draft {
    /// Gives the resource as this message alone states it.
    pub fn to_json(&self) -> Vec<u8> {
        json::object(|resource| {
            resource.string("resourceType", self.resource_type);
            resource.string("id", &self.id);
            let unlinks = self.effect == Effect::Unlink;
            let stated = self.elements.iter();
            for (name, element) in stated.filter(|(name, _)| !(unlinks && &**name == "link")) {
                match element {
                    Element::Set(value) | Element::Default(value) => {
                        resource.raw(name, value);
                    }
                    Element::Clear => {}
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_draft_alone_is_what_its_message_says() {
        let draft = Draft {
            resource_type: "Patient",
            id: "p1".into(),
            elements: vec![
                ("active".into(), Element::Default((*b"true").into())),
                ("gender".into(), Element::Set((*b"\"female\"").into())),
                ("telecom".into(), Element::Clear),
            ],
            event_time: EventTime::default(),
            recorded: None,
            effect: Effect::State,
        };
        expect![[r#"{"resourceType":"Patient","id":"p1","active":true,"gender":"female"}"#]]
            .assert_eq(&String::from_utf8(draft.to_json()).unwrap());
    }
}
