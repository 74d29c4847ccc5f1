//! The AsyncAPI document of the topics: what stands on each, with its headers, its schema and how it is kept.
//!
//! It follows AsyncAPI 3.0.0 with the Kafka bindings 0.5.0. Of servers it says nothing: whoever knows them adds them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::record::{Header, RecordKind, Schema};
use crate::topic::content;

/// A topic as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicDescription {
    /// Its name.
    pub name: String,
    /// How many partitions it has.
    pub partitions: u32,
    /// How long its records are kept; nothing where for ever.
    pub retention_ms: Option<u64>,
    /// Whether of each key only the newest record is kept.
    pub is_compacted: bool,
}

/// The release of AsyncAPI that the document follows.
const ASYNCAPI_VERSION: &str = "3.0.0";
/// The release of its Kafka bindings.
const BINDING_VERSION: &str = "0.5.0";
/// How a JSON Schema of draft 7 is called in it.
const JSON_SCHEMA: &str = "application/schema+json;version=draft-07";
/// How an Avro schema is called in it.
const AVRO: &str = "application/vnd.apache.avro+json;version=1.9.0";
/// What the document says of itself.
const ABOUT: &str = "Clinical events as Pulsewire keeps them on Apache Kafka: HL7 v2 messages as sent, FHIR R4 resources by type, findings, alerts and who saw what. Values are plain JSON or bytes without a prefix; keys are pseudonyms.";

/// Writes the document, always in the same bytes for the same topics.
pub fn document(topics: &[TopicDescription]) -> String {
    let mut kinds = Vec::new();
    let mut channels = BTreeMap::new();
    let mut operations = BTreeMap::new();
    for topic in topics {
        let found = content(&topic.name);
        let records = found.as_ref().map_or(&[][..], |content| &content.records);
        kinds.extend(records.iter().copied());
        let about = found.as_ref().map(|content| content.about.as_str());
        let name = topic.name.as_str();
        channels.insert(name, Channel::of(topic, about, records));
        operations.insert(format!("send.{name}"), Operation::of(name));
    }
    let messages = kinds
        .into_iter()
        .map(|kind| (kind.name(), Message::of(kind)));
    let document = Document {
        asyncapi: ASYNCAPI_VERSION,
        info: Info {
            title: "Pulsewire",
            version: env!("CARGO_PKG_VERSION"),
            description: ABOUT,
        },
        default_content_type: "application/json",
        channels,
        operations,
        components: Components {
            messages: messages.collect(),
        },
    };
    serde_json::to_string_pretty(&document).expect("its keys are text and nothing in it can fail")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'t> {
    asyncapi: &'static str,
    info: Info,
    default_content_type: &'static str,
    channels: BTreeMap<&'t str, Channel>,
    operations: BTreeMap<String, Operation>,
    components: Components,
}

#[derive(Serialize)]
struct Info {
    title: &'static str,
    version: &'static str,
    description: &'static str,
}

#[derive(Serialize)]
struct Components {
    messages: BTreeMap<&'static str, Message>,
}

#[derive(Serialize)]
struct Channel {
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    messages: BTreeMap<&'static str, Reference>,
    bindings: Bindings<TopicBinding>,
}

#[derive(Serialize)]
struct Operation {
    action: &'static str,
    channel: Reference,
}

#[derive(Serialize)]
struct Reference {
    #[serde(rename = "$ref")]
    to: String,
}

#[derive(Serialize)]
struct Bindings<B> {
    kafka: B,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TopicBinding {
    topic: String,
    partitions: u32,
    topic_configuration: TopicConfiguration,
    binding_version: &'static str,
}

#[derive(Serialize)]
struct TopicConfiguration {
    #[serde(rename = "cleanup.policy")]
    cleanup_policy: [&'static str; 1],
    #[serde(rename = "retention.ms", skip_serializing_if = "Option::is_none")]
    retention_ms: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'static str>,
    summary: &'static str,
    headers: Headers,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Payload>,
    bindings: Bindings<MessageBinding>,
}

#[derive(Serialize)]
struct Headers {
    #[serde(rename = "type")]
    kind: &'static str,
    properties: BTreeMap<&'static str, Text>,
    required: Vec<&'static str>,
}

#[derive(Serialize)]
struct Text {
    #[serde(rename = "type")]
    kind: &'static str,
    description: &'static str,
    #[serde(rename = "enum", skip_serializing_if = "Option::is_none")]
    only: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    schema_format: &'static str,
    schema: Box<RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageBinding {
    key: Text,
    binding_version: &'static str,
}

impl Channel {
    fn of(topic: &TopicDescription, about: Option<&str>, records: &[RecordKind]) -> Self {
        let message = |kind: &RecordKind| {
            let to = format!("#/components/messages/{}", kind.name());
            (kind.name(), Reference { to })
        };
        // A broker keeps records for ever by the number -1.
        let retention = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        let retention_ms = topic.retention_ms.map_or(-1, retention);
        let kafka = TopicBinding {
            topic: topic.name.clone(),
            partitions: topic.partitions,
            topic_configuration: TopicConfiguration {
                cleanup_policy: [if topic.is_compacted {
                    "compact"
                } else {
                    "delete"
                }],
                retention_ms: (!topic.is_compacted).then_some(retention_ms),
            },
            binding_version: BINDING_VERSION,
        };
        Self {
            address: topic.name.clone(),
            description: about.map(ToOwned::to_owned),
            messages: records.iter().map(message).collect(),
            bindings: Bindings { kafka },
        }
    }
}

impl Operation {
    fn of(topic: &str) -> Self {
        Self {
            action: "send",
            channel: Reference {
                to: format!("#/channels/{topic}"),
            },
        }
    }
}

impl Message {
    fn of(kind: RecordKind) -> Self {
        let payload = kind.schema().map(|schema| {
            let (schema_format, text) = match schema {
                Schema::Json(text) => (JSON_SCHEMA, text),
                Schema::Avro(text) => (AVRO, text),
            };
            let schema = RawValue::from_string(text).expect("our schemas are JSON");
            Payload {
                schema_format,
                schema,
            }
        });
        let key = Text {
            kind: "string",
            description: kind.key().about(),
            only: None,
            format: Some("binary"),
        };
        let kafka = MessageBinding {
            key,
            binding_version: BINDING_VERSION,
        };
        Self {
            name: kind.name(),
            content_type: kind.content_type(),
            summary: kind.summary(),
            headers: Headers::of(&kind.headers(), kind.content_type()),
            payload,
            bindings: Bindings { kafka },
        }
    }
}

impl Headers {
    fn of(headers: &[Header], content_type: Option<&'static str>) -> Self {
        let property = |header: &Header| {
            let text = Text {
                kind: "string",
                description: header.about,
                only: content_type
                    .filter(|_| header.name == "content-type")
                    .map(|one| [one]),
                format: None,
            };
            (header.name, text)
        };
        let required = headers.iter().filter(|header| header.is_required);
        Self {
            kind: "object",
            properties: headers.iter().map(property).collect(),
            required: required.map(|header| header.name).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
