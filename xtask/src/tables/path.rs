//! The guide's path of an element, as the steps of R4 that it takes.

use super::definition::{Definitions, Element, Spot};

/// One step on the way to an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: String,
    /// The number that the guide gives an entry of a list; nothing for what is no list.
    pub(super) entry: Option<String>,
}

/// An element that R4 has.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) steps: Vec<Step>,
    pub(super) kind: String,
    pub(super) targets: Vec<String>,
    /// The path of a part that its owner defines: `MessageHeader.source`.
    pub(super) part: String,
    /// What the guide writes in the resource that is referred to: `Practitioner`, `Device.identifier[1]`.
    pub(super) inner: Option<String>,
}

/// Follows a path from a type.
pub(super) fn resolve(
    definitions: &Definitions,
    root: &Spot,
    text: &str,
) -> Result<Path, &'static str> {
    let (outer, inner) = match text.split_once('(') {
        Some((outer, rest)) => match rest.strip_suffix(')') {
            Some(inner) => (outer, Some(inner.to_owned())),
            None => return Err("part of another resource"),
        },
        None => (text, None),
    };
    let mut path = Path {
        steps: Vec::new(),
        kind: String::new(),
        targets: Vec::new(),
        part: String::new(),
        inner,
    };
    let mut spot = root.clone();
    let mut before: Option<Element> = None;
    for part in outer.split('.') {
        let (name, number) = match part.split_once('[') {
            Some((name, rest)) => (name, rest.trim_end_matches(']')),
            None => (part, "1"),
        };
        if name.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("one of several resources or entries");
        }
        let under_primitive = before
            .as_ref()
            .is_some_and(|element| Definitions::is_primitive(&element.kind));
        if let (true, Some(step)) = (under_primitive, path.steps.last_mut()) {
            if step.entry.is_some() {
                return Err("an extension of a value in a list");
            }
            step.name.insert(0, '_');
        }
        let element = definitions
            .element(&spot, name)
            .ok_or("not an element of R4")?;
        path.steps.push(Step {
            name: name.to_owned(),
            entry: element.repeats.then(|| number.to_owned()),
        });
        spot = element.spot.clone();
        path.part = spot.to_string();
        path.kind.clone_from(&element.kind);
        path.targets.clone_from(&element.targets);
        before = Some(element);
    }
    Ok(path)
}
