//! What in a resource leads to another, found by the definitions and put in other words; every other byte stays as it is.

use std::borrow::Cow;
use std::ops::Range;

use super::definition::{Definition, Element, Held, Primitive};
use super::json;
use super::read::Raw;
use super::reference::resource_type;
use super::refused::Refused;
use super::validate::cursor::{Broken, Cursor, Text};
use super::validate::{DEPTH_MAX, IssueCode};

/// Something in a resource that leads to another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Link<'a> {
    /// The text of a Reference.
    Reference(&'a str),
    /// A value of type uri, url, oid or uuid, or an address in the narrative; a canonical is none.
    Address(&'a str),
}

/// Gives a resource with other words for what `rename` gives them for.
///
/// # Errors
/// When the bytes are not one JSON object.
pub fn relinked<'a>(
    resource: &'a [u8],
    rename: impl FnMut(Link<'_>) -> Option<String>,
) -> Result<Cow<'a, [u8]>, Refused> {
    let text = std::str::from_utf8(resource).map_err(|_| unreadable())?;
    let mut walk = Walk {
        cursor: Cursor::new(text),
        rename,
        found: Vec::new(),
        depth: 0,
    };
    if walk.cursor.peek() != Some(b'{') {
        return Err(unreadable());
    }
    walk.resource().map_err(|_| unreadable())?;
    let found = walk.found;
    if found.is_empty() {
        return Ok(Cow::Borrowed(resource));
    }
    let more: usize = found.iter().map(|(_, words)| words.len()).sum();
    let mut out = Vec::with_capacity(resource.len() + more);
    let mut from = 0;
    for (place, words) in found {
        out.extend_from_slice(resource.get(from..place.start).unwrap_or_default());
        out.extend_from_slice(&words);
        from = place.end;
    }
    out.extend_from_slice(resource.get(from..).unwrap_or_default());
    Ok(Cow::Owned(out))
}

/// Goes through what in a resource leads to others.
///
/// # Errors
/// When the bytes are not one JSON object.
pub fn each(resource: &[u8], mut see: impl FnMut(Link<'_>)) -> Result<(), Refused> {
    let seen = relinked(resource, |link| {
        see(link);
        None
    });
    seen.map(drop)
}

/// Gives a resource under an id; every other byte stays as it is.
///
/// # Errors
/// When the bytes are not one JSON object.
pub fn with_id(resource: &[u8], id: &str) -> Result<Vec<u8>, Refused> {
    let text = std::str::from_utf8(resource).map_err(|_| unreadable())?;
    let mut cursor = Cursor::new(text);
    let (place, words) = id_place(&mut cursor, id).map_err(|_| unreadable())?;
    let mut out = Vec::with_capacity(resource.len() + words.len());
    out.extend_from_slice(resource.get(..place.start).unwrap_or_default());
    out.extend_from_slice(&words);
    out.extend_from_slice(resource.get(place.end..).unwrap_or_default());
    Ok(out)
}

/// Finds where the id stands, or should, and what to write there: behind the resource type, as FHIR writes it.
fn id_place(cursor: &mut Cursor<'_>, id: &str) -> Result<(Range<usize>, Vec<u8>), Broken> {
    if cursor.peek() != Some(b'{') {
        return Err(cursor.expected("an object"));
    }
    let mut more = cursor.open(b'}');
    let mut behind_type = None;
    while more {
        let name = cursor.name()?.plain()?;
        cursor.peek();
        let start = cursor.at;
        cursor.skip(0)?;
        match &*name {
            "id" => return Ok((start..cursor.at, json::string(id))),
            "resourceType" => behind_type = Some(cursor.at),
            _ => {}
        }
        more = cursor.more(b'}')?;
    }
    let at = behind_type.ok_or_else(|| cursor.expected("a resourceType"))?;
    Ok((at..at, [b",\"id\":", &*json::string(id)].concat()))
}

fn unreadable() -> Refused {
    let text = "the resource cannot be read as JSON: check it before anything else is done with it";
    Refused::new(IssueCode::Structure, "Resource", text)
}

/// What a value may hold that leads somewhere.
#[derive(Clone, Copy)]
enum Expect {
    Resource,
    Object(Option<Definition>),
    Reference,
    Address,
    Narrative,
    Nothing,
}

struct Walk<'b, F> {
    cursor: Cursor<'b>,
    rename: F,
    /// Where other words go, and the words as JSON has them.
    found: Vec<(Range<usize>, Vec<u8>)>,
    depth: u32,
}

impl<F: FnMut(Link<'_>) -> Option<String>> Walk<'_, F> {
    fn resource(&mut self) -> Result<(), Broken> {
        let rest = self.cursor.text.get(self.cursor.at..).unwrap_or_default();
        let named = Raw::begin(rest).get("resourceType").ok().flatten();
        let name = named.and_then(|name| name.text().ok()).unwrap_or_default();
        let definition = resource_type(&name).and_then(Definition::of);
        self.object(definition)
    }

    fn object(&mut self, definition: Option<Definition>) -> Result<(), Broken> {
        self.enter()?;
        let mut more = self.cursor.open(b'}');
        while more {
            let name = self.cursor.name()?.plain()?;
            self.value(expect(definition, &name))?;
            more = self.cursor.more(b'}')?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn array(&mut self, expect: Expect) -> Result<(), Broken> {
        self.enter()?;
        let mut more = self.cursor.open(b']');
        while more {
            self.value(expect)?;
            more = self.cursor.more(b']')?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Broken> {
        if self.depth == DEPTH_MAX {
            return Err(Broken::TooDeep(self.cursor.at));
        }
        self.depth += 1;
        Ok(())
    }

    fn value(&mut self, expect: Expect) -> Result<(), Broken> {
        match (self.cursor.peek(), expect) {
            (Some(b'{'), Expect::Resource) => self.resource(),
            (Some(b'{'), Expect::Object(definition)) => self.object(definition),
            (Some(b'{'), _) => self.object(None),
            (Some(b'['), _) => self.array(expect),
            (Some(b'"'), _) => self.text(expect),
            _ => self.cursor.skip(self.depth),
        }
    }

    fn text(&mut self, expect: Expect) -> Result<(), Broken> {
        let at = self.cursor.at;
        let text = self.cursor.string()?;
        let words = match expect {
            Expect::Reference => (self.rename)(Link::Reference(&text.plain()?)),
            Expect::Address => (self.rename)(Link::Address(&text.plain()?)),
            Expect::Narrative => {
                self.narrative(text);
                None
            }
            _ => None,
        };
        if let Some(words) = words {
            self.found.push((at..self.cursor.at, json::string(&words)));
        }
        Ok(())
    }

    /// Looks for addresses of links and pictures in a part of HTML, as JSON has it.
    fn narrative(&mut self, text: Text<'_>) {
        let mut at = 0;
        while let Some((start, end)) = next_address(text.body, at) {
            if let Some(address) = text.body.get(start..end)
                && let Some(words) = (self.rename)(Link::Address(address))
            {
                let first = text.at + 1;
                let words = json::string(&words);
                let inner = words.get(1..words.len().saturating_sub(1));
                let words = inner.unwrap_or_default().to_vec();
                self.found.push((first + start..first + end, words));
            }
            at = end;
        }
    }
}

/// Finds where the next address begins and ends, between the quotation marks of either kind.
fn next_address(body: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = body.as_bytes();
    let mut at = from;
    loop {
        at += memchr::memchr(b'=', bytes.get(at..)?)? + 1;
        let (before, after) = bytes.split_at_checked(at)?;
        if !before.ends_with(b"href=") && !before.ends_with(b"src=") {
            continue;
        }
        let (mark, length): (&[u8], usize) = match after {
            [b'\\', b'"', ..] => (b"\\\"", 2),
            [b'\'', ..] => (b"'", 1),
            _ => continue,
        };
        let start = at + length;
        let end = start + memchr::memmem::find(bytes.get(start..)?, mark)?;
        return Some((start, end));
    }
}

/// Says what a member may hold; of an object that nothing is known of, only its references are.
fn expect(definition: Option<Definition>, name: &str) -> Expect {
    let Some(definition) = definition else {
        return match name {
            "reference" => Expect::Reference,
            _ => Expect::Object(None),
        };
    };
    if name.starts_with('_') {
        return Expect::Object(Definition::of("Element"));
    }
    if definition.name() == "Reference" && name == "reference" {
        return Expect::Reference;
    }
    match definition.element(name).map(Element::holds) {
        None => Expect::Object(None),
        Some(None) => Expect::Resource,
        Some(Some(Held::Type(held))) if held.is_resource() => Expect::Resource,
        Some(Some(Held::Type(held))) => Expect::Object(Some(held)),
        Some(Some(Held::Primitive(held))) => match held {
            Primitive::Uri | Primitive::Url | Primitive::Oid | Primitive::Uuid => Expect::Address,
            Primitive::Xhtml => Expect::Narrative,
            _ => Expect::Nothing,
        },
    }
}

#[cfg(test)]
mod tests;
