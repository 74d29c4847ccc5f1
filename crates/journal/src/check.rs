//! What is refused before anything is written, the same in every implementation.

use crate::record::stored_bytes;
use crate::{Error, TopicSpec, Write, limits};

/// What an entry of the commit file takes besides what it holds, at most.
pub(crate) const ENTRY_BYTES: usize = 128;
/// What naming its partition adds to a record, at most.
const RECORD_NAME_BYTES: usize = 16 + limits::TOPIC_NAME_BYTES_MAX;
/// What a group's position takes, at most.
const GROUP_OFFSET_BYTES: usize = 32 + limits::TOPIC_NAME_BYTES_MAX + limits::GROUP_NAME_BYTES_MAX;
/// What a topic takes as an entry, at most.
pub(crate) const TOPIC_BYTES: usize = ENTRY_BYTES + limits::TOPIC_NAME_BYTES_MAX;

/// Checks that a topic can be a directory and has partitions.
pub(crate) fn topic(spec: &TopicSpec) -> Result<(), Error> {
    let name = spec.name.as_ref();
    let refuse = |why| {
        Err(Error::Name {
            what: "topic",
            name: name.to_owned(),
            why,
        })
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.is_empty() || name.len() > limits::TOPIC_NAME_BYTES_MAX {
        return refuse("a topic's name has 1 to 200 bytes");
    }
    if !name.bytes().all(plain) || name.starts_with('.') {
        return refuse(
            "a topic's name is of letters, digits, '.', '_' and '-', and does not begin with '.'",
        );
    }
    if spec.partitions == 0 || spec.partitions > limits::PARTITIONS_MAX {
        return refuse("a topic has 1 to 1024 partitions");
    }
    Ok(())
}

/// Checks a write's names and gives how many bytes it takes at most in the commit file.
pub(crate) fn write(write: &Write, limit: usize) -> Result<usize, Error> {
    let mut bytes = ENTRY_BYTES;
    for (_, record) in &write.records {
        for (name, _) in &record.headers {
            if name.len() > limits::HEADER_NAME_BYTES_MAX {
                let why = "a header's name has at most 1024 bytes";
                return Err(Error::Name {
                    what: "header",
                    name: name.to_string(),
                    why,
                });
            }
        }
        bytes = bytes
            .saturating_add(stored_bytes(record))
            .saturating_add(RECORD_NAME_BYTES);
    }
    for (group, _, _) in &write.offsets {
        if group.is_empty() || group.len() > limits::GROUP_NAME_BYTES_MAX {
            let why = "a group's name has 1 to 200 bytes";
            return Err(Error::Name {
                what: "group",
                name: group.to_string(),
                why,
            });
        }
        bytes = bytes.saturating_add(GROUP_OFFSET_BYTES);
    }
    if bytes > limit {
        return Err(Error::TooLarge { bytes, limit });
    }
    Ok(bytes)
}
