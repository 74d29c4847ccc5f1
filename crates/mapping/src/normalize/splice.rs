//! JSON arrays and objects taken apart and put together again, without trees.

use std::borrow::Cow;
use std::collections::BTreeMap;

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

/// Gives the items of an array; none of what is no array.
pub(super) fn items(array: &[u8]) -> impl Iterator<Item = Raw<'_>> + Clone {
    let raw = Raw::read(array).ok();
    raw.into_iter().flat_map(Raw::items).flatten()
}

/// Gives an array of these; nothing at all where there is none.
pub(super) fn list<'a>(all: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    json::array(|array| {
        for one in all {
            array.raw(one);
        }
    })
}

/// Gives a member of an object, where it is one and has it.
pub(super) fn member<'a>(of: Raw<'a>, name: &str) -> Option<Raw<'a>> {
    of.get(name).ok().flatten()
}

/// Gives a member that is a string.
pub(super) fn text<'a>(of: Raw<'a>, name: &str) -> Option<Cow<'a, str>> {
    member(of, name)?.text().ok()
}

/// Gives the first code of an identifier's type.
pub(super) fn code_of_type(identifier: Raw<'_>) -> Option<Cow<'_, str>> {
    let codings = member(member(identifier, "type")?, "coding")?;
    text(codings.items().flatten().next()?, "code")
}

/// Says whether an identifier is an old one.
pub(super) fn is_old(identifier: Raw<'_>) -> bool {
    text(identifier, "use").as_deref() == Some("old")
}

/// Adds to identifiers those of another list that are old and not among them.
pub(crate) fn union_keeping_old(identifiers: &[u8], others: &[u8]) -> Vec<u8> {
    let mut all: Vec<_> = items(identifiers).collect();
    for other in items(others) {
        if is_old(other) && !all.iter().any(|known| is_same_identifier(*known, other)) {
            all.push(other);
        }
    }
    list(all.into_iter().map(Raw::as_bytes))
}

/// Gives identifiers as old ones.
pub(crate) fn as_old(identifiers: &[u8]) -> Vec<u8> {
    json::array(|array| {
        for item in items(identifiers) {
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
    let known = items(array).map(Raw::as_bytes);
    let is_there = known.clone().any(|known| known == item);
    list(known.chain((!is_there).then_some(item)))
}

/// Adds the items of an array to another, those that are not there.
pub(super) fn union(array: &[u8], more: &[u8]) -> Vec<u8> {
    let mut all: Vec<_> = items(array).map(Raw::as_bytes).collect();
    for item in items(more).map(Raw::as_bytes) {
        if !all.contains(&item) {
            all.push(item);
        }
    }
    list(all)
}

/// Leaves an item out of an array; gives nothing at all where none is left.
pub(super) fn without_item(array: &[u8], item: &[u8]) -> Vec<u8> {
    let known = items(array).map(Raw::as_bytes);
    list(known.filter(|known| *known != item))
}

/// Leaves items out of an array that have a member of this value; gives nothing at all where none is left.
pub(super) fn without_items_of(array: &[u8], name: &str, value: &[u8]) -> Vec<u8> {
    let is_of = |item: &Raw<'_>| member(*item, name).is_some_and(|found| found.as_bytes() == value);
    let others = items(array).filter(|item| !is_of(item));
    list(others.map(Raw::as_bytes))
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

/// Puts other texts in the place of those that stand behind a quote, by a list of both; each is given to its closing quote.
pub(super) fn replaced_each(json: &[u8], names: &BTreeMap<String, String>) -> Vec<u8> {
    let quote = |bytes: &[u8]| bytes.iter().position(|byte| *byte == b'"');
    let mut out = Vec::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, after)) = quote(rest).and_then(|at| rest.split_at_checked(at + 1)) {
        out.extend_from_slice(before);
        rest = after;
        let text = quote(rest).and_then(|at| rest.split_at_checked(at + 1));
        let found = text.and_then(|(text, after)| {
            let name = names.get(std::str::from_utf8(text).ok()?)?;
            Some((name, after))
        });
        if let Some((name, after)) = found {
            out.extend_from_slice(name.as_bytes());
            rest = after;
        }
    }
    out.extend_from_slice(rest);
    out
}

/// Says whether two identifiers are one, whatever is said of it.
pub(super) fn is_same_identifier(one: Raw<'_>, other: Raw<'_>) -> bool {
    ["system", "value", "assigner"].into_iter().all(|name| {
        let [one, other] = [one, other].map(|of| member(of, name).map(Raw::as_bytes));
        one == other
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reference_is_replaced_once_and_nothing_else_is() {
        let pairs = [("A/1\"", "A/2\""), ("A/2\"", "A/3\"")];
        let names = pairs
            .map(|(from, to)| (from.to_owned(), to.to_owned()))
            .into();
        let check = |json: &str, expected: &str| {
            let out = replaced_each(json.as_bytes(), &names);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        check(
            r#"[{"reference":"A/1"},{"reference":"A/2"},"A/12","xA/1",1]"#,
            r#"[{"reference":"A/2"},{"reference":"A/3"},"A/12","xA/1",1]"#,
        );
        check("", "");
        check(r#""A/1"#, r#""A/1"#);
        check(r#""A/1""A/1""#, r#""A/2""A/2""#);
    }
}
