//! JSON arrays and objects taken apart and put together again, without trees.

use clinical::PatientKey;
use formats::fhir::json;
use formats::fhir::read::Raw;

/// Puts the members of one object over those of another, in the order given.
pub(super) fn merge_members(order: &str, under: &[u8], over: &[u8]) -> Vec<u8> {
    let (Ok(low), Ok(high)) = (Raw::read(under), Raw::read(over)) else {
        return if over.is_empty() { under } else { over }.to_vec();
    };
    json::object(|object| {
        let named = order.split_ascii_whitespace();
        for name in named.clone() {
            let found = [high, low].iter().find_map(|from| from.get(name).ok()?);
            if let Some(value) = found {
                object.raw(name, value.as_bytes());
            }
        }
        for (from, hidden_by) in [(high, None), (low, Some(high))] {
            for (name, value) in from.members().flatten() {
                let hidden =
                    hidden_by.is_some_and(|by: Raw<'_>| matches!(by.get(name), Ok(Some(_))));
                if !hidden && named.clone().all(|known| known != name) {
                    object.raw(name, value.as_bytes());
                }
            }
        }
    })
}

/// Leaves members out of an object; gives nothing at all where none is left.
pub(super) fn without_members(json: &[u8], names: &[&str]) -> Vec<u8> {
    let Ok(raw) = Raw::read(json) else {
        return json.to_vec();
    };
    json::object(|object| {
        for (name, value) in raw.members().flatten() {
            if !names.contains(&name) {
                object.raw(name, value.as_bytes());
            }
        }
    })
}

/// Adds to identifiers those of another list that are old and not among them.
pub(crate) fn union_keeping_old(identifiers: &[u8], others: &[u8]) -> Vec<u8> {
    let items = |json| -> Vec<Raw<'_>> {
        let raw = Raw::read(json).ok();
        raw.into_iter().flat_map(Raw::items).flatten().collect()
    };
    let mut all = items(identifiers);
    for other in items(others) {
        let is_old = matches!(other.get("use"), Ok(Some(usage)) if usage.as_bytes() == b"\"old\"");
        if is_old && !all.iter().any(|known| is_same_identifier(*known, other)) {
            all.push(other);
        }
    }
    json::array(|array| {
        for item in all {
            array.raw(item.as_bytes());
        }
    })
}

/// Gives identifiers as old ones.
pub(crate) fn as_old(identifiers: &[u8]) -> Vec<u8> {
    let raw = Raw::read(identifiers).ok();
    json::array(|array| {
        for item in raw.into_iter().flat_map(Raw::items).flatten() {
            array.object(|identifier| {
                identifier.string("use", "old");
                for (name, value) in item.members().flatten() {
                    if name != "use" {
                        identifier.raw(name, value.as_bytes());
                    }
                }
            });
        }
    })
}

/// Adds an item to an array, unless it is there.
pub(super) fn with_item(array: &[u8], item: &[u8]) -> Vec<u8> {
    let raw = Raw::read(array).ok();
    let known = raw.into_iter().flat_map(Raw::items).flatten();
    json::array(|out| {
        let mut there = false;
        for old in known {
            there |= old.as_bytes() == item;
            out.raw(old.as_bytes());
        }
        if !there {
            out.raw(item);
        }
    })
}

/// Leaves an item out of an array; gives nothing at all where none is left.
pub(super) fn without_item(array: &[u8], item: &[u8]) -> Vec<u8> {
    let raw = Raw::read(array).ok();
    let known = raw.into_iter().flat_map(Raw::items).flatten();
    json::array(|out| {
        for other in known.filter(|known| known.as_bytes() != item) {
            out.raw(other.as_bytes());
        }
    })
}

/// Leaves items out of an array that have a member of this value; gives nothing at all where none is left.
pub(super) fn without_items_of(array: &[u8], name: &str, value: &[u8]) -> Vec<u8> {
    let raw = Raw::read(array).ok();
    let known = raw.into_iter().flat_map(Raw::items).flatten();
    let is_of =
        |item: &Raw<'_>| matches!(item.get(name), Ok(Some(found)) if found.as_bytes() == value);
    json::array(|out| {
        for other in known.filter(|item| !is_of(item)) {
            out.raw(other.as_bytes());
        }
    })
}

/// Makes what refers to one patient refer to another.
pub(super) fn readdressed(json: &[u8], from: PatientKey, to: PatientKey) -> Vec<u8> {
    let (from, to) = (format!("Patient/{from}\""), format!("Patient/{to}\""));
    replaced(json, &from, &to)
}

/// Puts one text in the place of another wherever that stands.
pub(super) fn replaced(json: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut rest = json;
    while let Some((byte, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(from.as_bytes()) {
            out.extend_from_slice(to.as_bytes());
            rest = after;
        } else {
            out.push(*byte);
            rest = after;
        }
    }
    out
}

fn is_same_identifier(one: Raw<'_>, other: Raw<'_>) -> bool {
    let part = |of: Raw<'_>, name| {
        let found = of.get(name).ok().flatten();
        found.map(|value| value.as_bytes().to_vec())
    };
    ["system", "value", "assigner"]
        .into_iter()
        .all(|name| part(one, name) == part(other, name))
}
