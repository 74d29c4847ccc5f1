//! What is refused before anything else is done with received bytes: in one pass, in time in proportion to their length.

use std::borrow::Cow;

use super::refused::Refused;
use super::validate::cursor::{Broken, Cursor, Text};
use super::validate::{IssueCode, place};

pub use super::validate::{DEPTH_MAX, RESOURCE_BYTES_MAX};

/// How many members all objects may have together: a bundle of 5,000 resources of 100 members each.
pub const MEMBERS_MAX: usize = 500_000;

/// How many bytes a number may have: more than any measurement has digits.
pub const NUMBER_BYTES_MAX: usize = 64;

/// How large an exponent may be, whatever its sign: FHIR's own examples go so far, and with all the digits there may be, the
/// number is still one of 64 bits.
pub const EXPONENT_MAX: u32 = 245;

/// How many members are compared each with each; those of larger objects are sorted.
const COMPARED_MAX: usize = 16;

/// Refuses bytes that are not one JSON object in UTF-8 that means the same to everyone who reads it.
///
/// # Errors
/// When they are not JSON to the last byte, an object has a member twice, a text has half a surrogate pair or the character of number 0, or one of the
/// limits is passed.
pub fn check(bytes: &[u8]) -> Result<(), Refused> {
    if bytes.len() > RESOURCE_BYTES_MAX {
        let text = "it is longer than 64 MiB: send it in parts";
        return Err(Refused::new(IssueCode::TooLong, "Resource", text));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let text = format!("it is not UTF-8 at byte {at}: send it in UTF-8, as FHIR asks");
        Refused::new(IssueCode::Structure, "Resource", text)
    })?;
    if text.starts_with('\u{feff}') {
        let text = "it begins with a byte order mark: leave it out, as JSON asks";
        return Err(Refused::new(IssueCode::Structure, "Resource", text));
    }
    let mut pass = Pass {
        cursor: Cursor::new(text),
        names: Vec::new(),
        members: 0,
    };
    pass.document().map_err(|stop| stop.refused(text))
}

/// Why the pass ends, and at which byte.
struct Stop {
    at: usize,
    code: IssueCode,
    text: Cow<'static, str>,
}

impl Stop {
    fn new(at: usize, code: IssueCode, text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        Self { at, code, text }
    }

    fn refused(self, text: &str) -> Refused {
        let mut path = place::paths(text, std::iter::once(self.at));
        Refused::new(self.code, path.pop().unwrap_or_default(), self.text)
    }
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Expected(what, at) => {
                let text = format!("this is not JSON: {what} expected at byte {at}");
                Self::new(at, IssueCode::Structure, text)
            }
            Broken::TooDeep(at) => {
                let text = format!(
                    "this is nested deeper than {DEPTH_MAX} levels: no resource needs that"
                );
                Self::new(at, IssueCode::TooCostly, text)
            }
        }
    }
}

/// A member's name, and where its value begins.
type Name<'b> = (Cow<'b, str>, usize);

struct Pass<'b> {
    cursor: Cursor<'b>,
    /// The names of the objects that are open, one after the other.
    names: Vec<Name<'b>>,
    members: usize,
}

impl Pass<'_> {
    fn document(&mut self) -> Result<(), Stop> {
        if self.cursor.peek() != Some(b'{') {
            return Err(self.cursor.expected("an object").into());
        }
        self.value(0)?;
        match self.cursor.peek() {
            None => Ok(()),
            Some(_) => Err(self.cursor.expected("the end").into()),
        }
    }

    fn value(&mut self, depth: u32) -> Result<(), Stop> {
        match self.cursor.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'"') => {
                let at = self.cursor.at;
                let text = self.cursor.string().and_then(Text::plain)?;
                no_null(at, &text)
            }
            _ => Ok(self.cursor.skip(depth)?),
        }
    }

    fn array(&mut self, depth: u32) -> Result<(), Stop> {
        self.enter(depth)?;
        let mut more = self.cursor.open(b']');
        while more {
            self.value(depth + 1)?;
            more = self.cursor.more(b']')?;
        }
        Ok(())
    }

    fn object(&mut self, depth: u32) -> Result<(), Stop> {
        self.enter(depth)?;
        let first = self.names.len();
        let mut more = self.cursor.open(b'}');
        while more {
            let name = self.cursor.name()?.plain()?;
            self.cursor.peek();
            let at = self.cursor.at;
            no_null(at, &name)?;
            self.members += 1;
            if self.members > MEMBERS_MAX {
                let text = format!(
                    "it has more than {MEMBERS_MAX} members in all: send its parts one by one"
                );
                return Err(Stop::new(at, IssueCode::TooCostly, text));
            }
            self.names.push((name, at));
            self.value(depth + 1)?;
            more = self.cursor.more(b'}')?;
        }
        let twice = twice(self.names.get_mut(first..).unwrap_or_default());
        self.names.truncate(first);
        match twice {
            None => Ok(()),
            Some(at) => {
                let text = "the member is there twice, and readers differ in which one they take: keep one";
                Err(Stop::new(at, IssueCode::Structure, text))
            }
        }
    }

    fn enter(&self, depth: u32) -> Result<(), Stop> {
        if depth == DEPTH_MAX {
            return Err(Broken::TooDeep(self.cursor.at).into());
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Stop> {
        let at = self.cursor.at;
        let digits = self.cursor.number()?;
        if digits.len() > NUMBER_BYTES_MAX {
            let text = format!(
                "the number has more than {NUMBER_BYTES_MAX} digits: round it or leave it out"
            );
            return Err(Stop::new(at, IssueCode::TooLong, text));
        }
        let exponent = digits.split_once(['e', 'E']).map(|(_, exponent)| exponent);
        let size = exponent.map(|exponent| exponent.trim_start_matches(['+', '-']).parse());
        match size {
            None => Ok(()),
            Some(Ok(0..=EXPONENT_MAX)) => Ok(()),
            Some(_) => {
                let text = format!(
                    "the number's exponent is over {EXPONENT_MAX}: nothing that is measured is so large or small"
                );
                Err(Stop::new(at, IssueCode::Value, text))
            }
        }
    }
}

/// Refuses a text with the character of number 0, at which many who read it would end it.
fn no_null(at: usize, text: &str) -> Result<(), Stop> {
    if !text.contains('\0') {
        return Ok(());
    }
    let text = "the text has the character U+0000, which FHIR does not allow and not everybody can keep: take it out";
    Err(Stop::new(at, IssueCode::Value, text))
}

/// Finds a name that is there twice, and gives where the value of the second begins.
fn twice(names: &mut [Name<'_>]) -> Option<usize> {
    if names.len() <= COMPARED_MAX {
        let mut rest: &[Name<'_>] = names;
        while let Some(((name, _), after)) = rest.split_first() {
            if let Some((_, at)) = after.iter().find(|(other, _)| other == name) {
                return Some(*at);
            }
            rest = after;
        }
        return None;
    }
    names.sort_unstable();
    let pairs = names.windows(2).filter_map(|pair| match pair {
        [first, second] if first.0 == second.0 => Some(second.1),
        _ => None,
    });
    pairs.min()
}

#[cfg(test)]
mod tests;
