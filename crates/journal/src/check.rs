//! What is refused before anything is written, the same in every implementation.

use crate::record::stored_bytes;
use crate::{Error, TopicSpec, Write, limits};

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

/// Checks a write's names and gives about how many bytes it takes when stored.
pub(crate) fn write(write: &Write, limit: usize) -> Result<usize, Error> {
    let mut bytes = 0_usize;
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
            .saturating_add(limits::TOPIC_NAME_BYTES_MAX);
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
        bytes = bytes.saturating_add(limits::TOPIC_NAME_BYTES_MAX.saturating_mul(2));
    }
    if bytes > limit {
        return Err(Error::TooLarge { bytes, limit });
    }
    Ok(bytes)
}
