//! The one pass: resources, objects, members and values, each held against its definition as it goes by.

use std::borrow::Cow;

use super::super::definition::{CodeList, Content, Member, Part, Primitive, Tables, tables};
use super::super::read::Raw;
use super::cursor::{Broken, Cursor, Text};
use super::invariant::{CHECKS, Check};
use super::object::{Fit, Object, Resource, Span};
use super::reference::Seen;
use super::{DEPTH_MAX, Findings, IssueCode, Severity, primitive};

/// How many codes of a list are told.
const CODES_TOLD: usize = 12;

/// Walks through a resource and notes what is wrong with it.
pub(super) fn walk(text: &str, found: &mut Findings, seen: &mut Seen) {
    let mut walk = Walk {
        cursor: Cursor::new(text),
        tables: tables(),
        checks: &CHECKS,
        found,
        seen,
        depth: 0,
        bundles: 0,
    };
    if let Err(broken) = walk.document() {
        let (at, code, text) = match broken {
            Broken::Expected(what, at) => (
                at,
                IssueCode::Structure,
                format!(
                    "this is not JSON: {what} expected; what stands after it was not looked at"
                ),
            ),
            Broken::TooDeep(at) => (
                at,
                IssueCode::TooCostly,
                format!(
                    "this is nested deeper than {DEPTH_MAX} levels: no FHIR resource needs that"
                ),
            ),
        };
        found.note(at, "", Severity::Fatal, code, text.into());
    }
}

/// What is told of an element that is there twice.
const TWICE: &str = "the element is there twice: keep one, or put both into its array";

pub(super) struct Walk<'b, 's> {
    pub(super) cursor: Cursor<'b>,
    pub(super) tables: &'static Tables,
    pub(super) checks: &'static [Check],
    pub(super) found: &'s mut Findings,
    pub(super) seen: &'s mut Seen,
    depth: u32,
    /// How many bundles this stands in.
    pub(super) bundles: u32,
}

impl<'b> Walk<'b, '_> {
    fn document(&mut self) -> Result<(), Broken> {
        match self.cursor.peek() {
            Some(b'{') => self.resource(false)?,
            _ => return Err(self.cursor.expected("an object")),
        };
        match self.cursor.peek() {
            None => Ok(()),
            Some(_) => Err(self.cursor.expected("the end")),
        }
    }

    /// Reads a resource, which may stand in another.
    fn resource(&mut self, contained: bool) -> Result<Option<Resource>, Broken> {
        let Some(part) = self.resource_type()? else {
            self.cursor.skip(self.depth)?;
            return Ok(None);
        };
        let marks = self.seen.marks();
        let is_bundle = part.name == "Bundle";
        self.bundles += u32::from(is_bundle);
        let object = self.object(part)?;
        let [_, _, meta, id] = object.kept;
        let resource = Resource {
            part: part.number,
            id,
            meta,
        };
        if contained {
            self.end_contained(&object, &resource, &marks);
        } else {
            self.end_resource(&marks);
        }
        if is_bundle {
            self.end_bundle(&object, &marks);
            self.bundles -= 1;
        }
        Ok(Some(resource))
    }

    /// Finds the definition of the resource that begins here.
    fn resource_type(&mut self) -> Result<Option<&'static Part>, Broken> {
        let at = self.cursor.at;
        let mut ahead = self.cursor.clone();
        let first =
            ahead.open(b'}') && ahead.name()?.body == "resourceType" && ahead.peek() == Some(b'"');
        let named = if first {
            ahead.string()?.plain()?
        } else {
            let raw = Raw::begin(self.cursor.text.get(at..).unwrap_or_default());
            match raw.get("resourceType").ok().flatten().map(Raw::text) {
                Some(Ok(name)) => name,
                _ => {
                    let text = "a resource says its resourceType: add it".to_owned();
                    self.found.miss(at, "resourceType", text);
                    return Ok(None);
                }
            }
        };
        let part = self.tables.resource(&named);
        if part.is_none() {
            let text = "the resourceType is none of FHIR R4: look for its right name";
            self.found.add(at, IssueCode::NotSupported, text);
        }
        Ok(part)
    }

    /// Reads an object of a type.
    pub(super) fn object(&mut self, part: &'static Part) -> Result<Object, Broken> {
        let mut object = Object::new(part, self.cursor.at);
        self.enter()?;
        let check = self.checks.get(usize::from(part.number));
        let mut more = self.cursor.open(b'}');
        if !more {
            let text = "the object is empty: leave it out";
            self.found.add(object.at, IssueCode::Invariant, text);
        }
        let filled = more;
        while more {
            let name = self.cursor.name()?;
            self.cursor.peek();
            let at = self.cursor.at;
            let element = self.member(&mut object, name)?;
            if let (Some(check), Some(element)) = (check, element)
                && check.keeps & 1 << element != 0
            {
                check.keep(&mut object, element, Span::new(at, self.cursor.at));
            }
            more = self.cursor.more(b'}')?;
        }
        object.end = self.cursor.at;
        self.depth -= 1;
        if filled {
            self.judge(&object, check);
        }
        Ok(object)
    }

    fn enter(&mut self) -> Result<(), Broken> {
        if self.depth == DEPTH_MAX {
            return Err(Broken::TooDeep(self.cursor.at));
        }
        self.depth += 1;
        Ok(())
    }

    /// Reads a member's value; gives its element where it is a value.
    fn member(&mut self, object: &mut Object, name: Text<'b>) -> Result<Option<u8>, Broken> {
        let plain = name.plain()?;
        let (label, shadow) = match plain.as_bytes().first() {
            Some(b'_') => (plain.get(1..).unwrap_or_default(), true),
            _ => (&*plain, false),
        };
        let number = self.tables.find(object.part, label);
        let known = number.and_then(|number| Some((number, self.tables.member(number)?)));
        let known =
            known.filter(|(_, member)| !shadow || matches!(member.content, Content::Primitive(_)));
        let Some((number, member)) = known else {
            let what = format!(
                "{} has no such element: remove it or look for its right name",
                object.part.name
            );
            self.found.add(self.cursor.at, IssueCode::Structure, what);
            self.cursor.skip(self.depth)?;
            return Ok(None);
        };
        match object.note(member, shadow) {
            Fit::Well => {}
            Fit::Again => self.found.add(self.cursor.at, IssueCode::Structure, TWICE),
            Fit::Unclear => self.judge_choice(object, member, &plain),
        }
        if shadow {
            self.shadow(member)?;
            return Ok(None);
        }
        self.value(object, number, member)?;
        Ok(Some(member.element))
    }

    /// A choice is there for the second time: beside its own sibling, in another type, or twice.
    fn judge_choice(&mut self, object: &Object, member: &Member, name: &str) {
        let begun = self.cursor.text.get(object.at..self.cursor.at);
        let members = Raw::begin(begun.unwrap_or_default()).members();
        // The last member has no value yet, and is the one that stands here.
        for (before, _) in members.map_while(Result::ok) {
            let label = before.strip_prefix('_').unwrap_or(before);
            let number = self.tables.find(object.part, label);
            let other = number.and_then(|number| self.tables.member(number));
            if before == name {
                self.found.add(self.cursor.at, IssueCode::Structure, TWICE);
                return;
            }
            if label != member.name && other.is_some_and(|other| other.element == member.element) {
                let text = "the element is there in another type already: keep one";
                self.found.add(self.cursor.at, IssueCode::Structure, text);
                return;
            }
        }
    }

    /// Reads the sibling of a value that holds its id and extensions.
    fn shadow(&mut self, member: &Member) -> Result<(), Broken> {
        match self.cursor.peek() {
            Some(b'{') if !member.repeats => self.shadow_object(),
            Some(b'[') if member.repeats => self.items(|walk| match walk.cursor.peek() {
                Some(b'n') => walk.cursor.word("null"),
                Some(b'{') => walk.shadow_object(),
                _ => walk
                    .unfit("ids and extensions stand in an object, or null where there are none"),
            }),
            _ => self.unfit(
                "ids and extensions are written as their element: in an array where it is one",
            ),
        }
    }

    fn shadow_object(&mut self) -> Result<(), Broken> {
        match self.tables.part_named("Element") {
            Some(element) => self.object(element).map(drop),
            None => self.cursor.skip(self.depth),
        }
    }

    fn value(
        &mut self,
        object: &mut Object,
        number: u16,
        member: &'static Member,
    ) -> Result<(), Broken> {
        match self.cursor.peek() {
            Some(b'[') if member.repeats => self.items(|walk| match walk.cursor.peek() {
                Some(b'n') if matches!(member.content, Content::Primitive(_)) => {
                    object.nulls = true;
                    walk.cursor.word("null")
                }
                _ => walk.item(object, number, member),
            }),
            Some(b'[') => self.unfit("one value is allowed: take it out of the array"),
            Some(b'n') => self.unfit("null is no value: leave the element out"),
            _ if member.repeats => {
                let text = "the element repeats: put it into an array";
                self.found.add(self.cursor.at, IssueCode::Structure, text);
                self.item(object, number, member)
            }
            _ => self.item(object, number, member),
        }
    }

    /// Reads an array.
    fn items(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        let at = self.cursor.at;
        self.enter()?;
        let mut more = self.cursor.open(b']');
        if !more {
            let text = "the array is empty: leave it out";
            self.found.add(at, IssueCode::Structure, text);
        }
        while more {
            item(self)?;
            more = self.cursor.more(b']')?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads one value of an element.
    fn item(
        &mut self,
        object: &mut Object,
        number: u16,
        member: &'static Member,
    ) -> Result<(), Broken> {
        let first = self.cursor.peek();
        match member.content {
            Content::Primitive(primitive) => self.primitive(primitive, member),
            Content::ResourceType => self.cursor.skip(self.depth),
            _ if first != Some(b'{') => self.unfit("an object is expected"),
            Content::Resource => {
                object.inner = self.resource(member.name == "contained")?;
                Ok(())
            }
            Content::Part(part) => {
                let tables = self.tables;
                let Some(part) = tables.part(part) else {
                    return self.cursor.skip(self.depth);
                };
                if part.kind == super::super::definition::Kind::Resource {
                    return self.resource(false).map(drop);
                }
                let value = self.object(part)?;
                self.used(&value, number, member);
                Ok(())
            }
        }
    }

    /// Holds what an element holds against what only the element knows: its targets and codes.
    fn used(&mut self, value: &Object, number: u16, member: &'static Member) {
        let check = self.checks.get(usize::from(value.part.number));
        if check.is_some_and(Check::is_reference) {
            self.refer(value, number, member);
        } else if check.is_some_and(Check::is_entry) {
            self.seen.entry(value);
        } else if let Some(list) = self.tables.list(member.list) {
            self.concept(value, list);
        }
    }

    fn primitive(&mut self, primitive: Primitive, member: &Member) -> Result<(), Broken> {
        let at = self.cursor.at;
        let problem = match self.cursor.peek() {
            Some(b'"') => {
                let text = self.cursor.string()?.plain()?;
                if primitive::may_be_local(primitive) && text.starts_with('#') {
                    self.seen.name_local(Span::new(at, self.cursor.at));
                }
                if let Some(list) = self.tables.list(member.list)
                    && !list.holds(&text)
                {
                    self.found.add(at, IssueCode::CodeInvalid, strange(list));
                    return Ok(());
                }
                match text {
                    Cow::Borrowed(text) => primitive::problem_of_plain(primitive, text),
                    Cow::Owned(text) => primitive::problem_of_text(primitive, &text),
                }
            }
            Some(b'-' | b'0'..=b'9') => {
                let digits = self.cursor.number()?;
                primitive::problem_of_number(primitive, digits)
            }
            Some(b't' | b'f') => {
                let word = if self.cursor.peek() == Some(b't') {
                    "true"
                } else {
                    "false"
                };
                self.cursor.word(word)?;
                let fits = primitive == Primitive::Boolean;
                (!fits).then_some(primitive::kind_of(primitive))
            }
            _ => {
                let text = primitive::kind_of(primitive);
                return self.unfit(text);
            }
        };
        if let Some(problem) = problem {
            self.found.add(at, IssueCode::Value, problem);
        }
        Ok(())
    }

    /// A concept with a required binding has one of its codes, whatever others it has.
    fn concept(&mut self, value: &Object, list: &CodeList) {
        let concept = Span::new(value.at, value.end)
            .of(self.cursor.text)
            .map(Raw::begin);
        let codings = concept.and_then(|concept| concept.get("coding").ok().flatten());
        let is_one = |coding: Raw<'_>| {
            let member = |name| {
                coding
                    .get(name)
                    .ok()
                    .flatten()
                    .and_then(|raw| raw.text().ok())
            };
            member("code").is_some_and(|code| list.holds(&code))
                && member("system").is_some_and(|system| system == list.system)
        };
        let mut codings = codings.into_iter().flat_map(Raw::items);
        if !codings.any(|coding| coding.is_ok_and(is_one)) {
            self.found
                .add(value.at, IssueCode::CodeInvalid, strange(list));
        }
    }

    /// Notes that a value is of a wrong shape and steps over it.
    fn unfit(&mut self, text: &'static str) -> Result<(), Broken> {
        self.found.add(self.cursor.at, IssueCode::Structure, text);
        self.cursor.skip(self.depth)
    }
}

/// Says which codes are allowed.
fn strange(list: &CodeList) -> String {
    let told = list
        .codes
        .get(..CODES_TOLD.min(list.codes.len()))
        .unwrap_or_default();
    let more = if list.codes.len() > CODES_TOLD {
        ", …"
    } else {
        ""
    };
    let of = match list.system {
        "" => String::new(),
        system => format!(" of {system}"),
    };
    format!(
        "write one of the codes of {}{of}: {}{more}",
        list.name,
        told.join(", ")
    )
}
