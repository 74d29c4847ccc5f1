//! The schemas that our own records are written by, and the subjects they are registered under.

use journal::Topic;
use schema::compatibility::{Language, Schema};

use crate::topics;

/// What the name of a subject adds to that of its topic: the schema is that of the values.
const VALUE: &str = "-value";

/// The full name of the record that packets are: the topic has a second subject for it, named by topic and record.
const PACKET: &str = "pulsewire.DevicePacket";

/// A schema of ours.
pub(crate) struct Ours {
    pub(crate) topic: Topic,
    pub(crate) subject: String,
    pub(crate) schema: Schema,
}

/// Every schema that records are written by, by subject.
pub(crate) fn ours() -> Vec<Ours> {
    let of_type = |resource_type: &&str| {
        let text = schema::resource::schema(resource_type)?;
        Some(one(topics::fhir(resource_type), Language::Json, &text))
    };
    let mut all: Vec<Ours> = schema::resource::published()
        .iter()
        .filter_map(of_type)
        .collect();
    all.push(one(
        topics::DEVICE_VITALS.into(),
        Language::Avro,
        &schema::vitals::schema(),
    ));
    all.push(Ours {
        subject: format!("{}-{PACKET}", topics::DEVICE_VITALS),
        topic: topics::DEVICE_VITALS.into(),
        schema: Schema::parse(Language::Avro, &schema::vitals::packet())
            .expect("our own schemas are tested to be schemas"),
    });
    all.sort_by(|a, b| a.subject.cmp(&b.subject));
    all
}

fn one(topic: Topic, language: Language, text: &str) -> Ours {
    Ours {
        subject: format!("{topic}{VALUE}"),
        topic,
        schema: Schema::parse(language, text).expect("our own schemas are tested to be schemas"),
    }
}
