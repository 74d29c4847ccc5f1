//! A resource as a tree that remembers what of it was carried, so that the rest can be named.

use std::borrow::Cow;
use std::cell::Cell;

use formats::fhir::read::{Malformed, Raw};

/// One JSON value.
#[derive(Debug)]
pub(super) struct Node<'a> {
    value: Value<'a>,
    taken: Cell<bool>,
}

#[derive(Debug)]
enum Value<'a> {
    Leaf(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    Object(Vec<(&'a str, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// Reads bytes that hold one value.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        Self::of(Raw::read(bytes)?)
    }

    /// Recurses as deep as the reader allows values to stand in each other.
    fn of(raw: Raw<'a>) -> Result<Self, Malformed> {
        let value = match raw.as_bytes().first() {
            Some(b'{') => {
                let mut members = Vec::new();
                for member in raw.members() {
                    let (name, value) = member?;
                    members.push((name, Self::of(value)?));
                }
                Value::Object(members)
            }
            Some(b'[') => {
                let items = raw.items().map(|item| Self::of(item?));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            Some(b'"') => Value::Leaf(raw.text()?),
            Some(b'n') if raw.as_bytes() == b"null" => Value::Leaf(Cow::Borrowed("")),
            Some(b't' | b'f' | b'n') => {
                Value::Leaf(Cow::Borrowed(if raw.boolean()? { "true" } else { "false" }))
            }
            _ => Value::Leaf(Cow::Borrowed(raw.number()?.digits())),
        };
        Ok(Self {
            value,
            taken: Cell::new(false),
        })
    }

    /// Gives a member of an object.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.members()
            .iter()
            .find(|(found, _)| *found == name)
            .map(|(_, node)| node)
    }

    /// Gives the members of an object; none of anything else.
    pub(super) fn members(&self) -> &[(&'a str, Self)] {
        match &self.value {
            Value::Object(members) => members,
            Value::Leaf(_) | Value::Array(_) => &[],
        }
    }

    /// Gives the items of an array; what is no array is its only item.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::Array(items) => items,
            Value::Leaf(_) | Value::Object(_) => std::slice::from_ref(self),
        }
    }

    /// Gives a text, or the digits of a number, or `true` or `false`; empty for anything else.
    pub(super) fn text(&self) -> &str {
        match &self.value {
            Value::Leaf(text) => text,
            Value::Array(_) | Value::Object(_) => "",
        }
    }

    /// Gives the text of a member; empty where there is none.
    pub(super) fn word(&self, name: &str) -> &str {
        self.get(name).map_or("", Self::text)
    }

    /// Reports whether another has the same content.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Leaf(one), Value::Leaf(other)) => one == other,
            (Value::Array(one), Value::Array(other)) => {
                one.len() == other.len()
                    && one.iter().zip(other).all(|(one, other)| one.is_like(other))
            }
            (Value::Object(one), Value::Object(others)) => {
                let has = |(name, member): &(&str, Self)| {
                    other.get(name).is_some_and(|found| found.is_like(member))
                };
                one.len() == others.len() && one.iter().all(has)
            }
            _ => false,
        }
    }

    /// Says that it was carried, with everything in it.
    pub(super) fn take(&self) {
        self.taken.set(true);
        match &self.value {
            Value::Leaf(_) => {}
            Value::Array(items) => items.iter().for_each(Self::take),
            Value::Object(members) => members.iter().for_each(|(_, member)| member.take()),
        }
    }

    /// Reports whether anything in it was not carried.
    pub(super) fn has_left(&self) -> bool {
        let mut any = false;
        self.left("", &mut |_| any = true);
        any
    }

    /// Goes through the leaves that were not carried, each with its path.
    pub(super) fn left(&self, path: &str, tell: &mut dyn FnMut(&str)) {
        if self.taken.get() {
            return;
        }
        match &self.value {
            Value::Leaf(text) => {
                if !text.is_empty() {
                    tell(path);
                }
            }
            Value::Array(items) => {
                for item in items {
                    item.left(path, tell);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    member.left(&format!("{path}.{name}"), tell);
                }
            }
        }
    }
}
