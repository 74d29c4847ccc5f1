//! What FHIR R4 defines: types, their elements in order, what each may hold; read once from the files under `data/fhir`.

mod load;

mod index;

mod primitive;

use std::sync::LazyLock;

use index::Index;

pub use primitive::Primitive;

/// The definitions as built in.
static TABLES: LazyLock<Tables> =
    LazyLock::new(|| Tables::load().expect("a test loads the definitions that are built in"));

/// The release of FHIR that the definitions are of.
pub const FHIR_VERSION: &str = "4.0.1";

/// A type of FHIR R4, or a nested part of one such as `Observation.component`.
#[derive(Clone, Copy)]
pub struct Definition {
    tables: &'static Tables,
    part: &'static Part,
}

impl Definition {
    /// Finds a type by its name, or a nested part by its path.
    pub fn of(name: &str) -> Option<Self> {
        let tables = tables();
        let part = tables.part_named(name)?;
        Some(Self { tables, part })
    }

    /// Gives the type's name, or the nested part's path.
    pub const fn name(self) -> &'static str {
        self.part.name
    }

    /// Says whether it is a resource.
    pub fn is_resource(self) -> bool {
        self.part.kind == Kind::Resource
    }

    /// Gives its elements in the order that FHIR writes them; each form of a choice is one.
    pub fn elements(self) -> impl Iterator<Item = Element> {
        let tables = self.tables;
        let members = tables.members_of(self.part);
        members.iter().map(move |member| Element { tables, member })
    }

    /// Finds an element by its name in JSON, such as `valueQuantity`.
    pub fn element(self, name: &str) -> Option<Element> {
        let number = self.tables.find(self.part, name)?;
        let member = self.tables.members.get(usize::from(number))?;
        Some(Element {
            tables: self.tables,
            member,
        })
    }
}

/// An element of a type; one form of it, where it is a choice of types.
#[derive(Clone, Copy)]
pub struct Element {
    tables: &'static Tables,
    member: &'static Member,
}

impl Element {
    /// Gives its name in JSON.
    pub fn name(self) -> &'static str {
        self.member.name
    }

    /// Gives its place among the elements of its type; the forms of a choice share one.
    pub const fn order(self) -> usize {
        self.member.element as usize
    }

    /// Says whether it is an array in JSON.
    pub const fn repeats(self) -> bool {
        self.member.repeats
    }

    /// Says whether it must be there, in one form or another.
    pub const fn is_required(self) -> bool {
        self.member.required
    }

    /// Says whether it is one form of a choice of types.
    pub const fn is_choice(self) -> bool {
        self.member.choice
    }

    /// Gives the type of what it holds; nothing where that is any resource.
    pub fn holds(self) -> Option<Held> {
        match self.member.content {
            Content::Primitive(primitive) => Some(Held::Primitive(primitive)),
            Content::Part(number) => self.tables.part(number).map(|part| {
                Held::Type(Definition {
                    tables: self.tables,
                    part,
                })
            }),
            Content::Resource => None,
            Content::ResourceType => Some(Held::Primitive(Primitive::Code)),
        }
    }

    /// Gives the resources that it may refer to; none where it refers to any, or to nothing.
    pub fn targets(self) -> impl Iterator<Item = &'static str> {
        let tables = self.tables;
        let targets = tables.targets_of(self.member);
        targets
            .iter()
            .filter_map(|number| Some(tables.part(*number)?.name))
    }

    /// Gives the codes that its binding allows, where it is required and they are known.
    pub fn codes(self) -> Option<&'static [&'static str]> {
        self.tables
            .list(self.member.list)
            .map(|list| list.codes.as_slice())
    }
}

/// What an element holds.
#[derive(Clone, Copy)]
pub enum Held {
    /// A value of a primitive type.
    Primitive(Primitive),
    /// A data type, or a nested part.
    Type(Definition),
}

/// All definitions, in flat tables.
pub(super) struct Tables {
    parts: Vec<Part>,
    members: Vec<Member>,
    targets: Vec<u16>,
    lists: Vec<CodeList>,
    pub(super) rules: Vec<Rule>,
    /// The members, by part and name.
    index: Index,
    /// The parts, by name.
    names: Index,
}

/// Gives the definitions.
pub(super) fn tables() -> &'static Tables {
    &TABLES
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Resource,
    Type,
    Part,
}

/// A type or a nested part: one object in JSON.
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) number: u16,
    first_member: u16,
    members: u16,
    /// The elements that must be there, as bits.
    pub(super) required: u64,
    pub(super) first_rule: u16,
    pub(super) rules: u16,
}

/// An element in one form.
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) element: u8,
    pub(super) repeats: bool,
    pub(super) required: bool,
    pub(super) choice: bool,
    pub(super) content: Content,
    /// The number of its code list; [`NO_LIST`] where it has none.
    pub(super) list: u16,
    first_target: u16,
    targets: u16,
}

/// The number of no code list.
const NO_LIST: u16 = u16::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Primitive(Primitive),
    Part(u16),
    /// Any resource.
    Resource,
    /// The name of the resource it stands in.
    ResourceType,
}

/// The codes that a required binding allows.
pub(super) struct CodeList {
    pub(super) name: &'static str,
    /// The code system of concepts; empty for plain codes.
    pub(super) system: &'static str,
    /// The codes in byte order.
    pub(super) codes: Vec<&'static str>,
}

/// An invariant that only asks which elements are there: one of these, or not one of those.
pub(super) struct Rule {
    pub(super) key: &'static str,
    pub(super) advice: &'static str,
    pub(super) there: u64,
    pub(super) absent: u64,
}

impl Tables {
    /// Finds the member of a part with this name.
    #[inline]
    pub(super) fn find(&self, part: &Part, name: &str) -> Option<u16> {
        let own = part.first_member..part.first_member + part.members;
        self.index.find(part.number, name, |number| {
            let member = self.members.get(usize::from(number));
            own.contains(&number) && member.is_some_and(|member| member.name == name)
        })
    }

    pub(super) fn member(&self, number: u16) -> Option<&Member> {
        self.members.get(usize::from(number))
    }

    pub(super) fn part(&self, number: u16) -> Option<&Part> {
        self.parts.get(usize::from(number))
    }

    pub(super) fn part_named(&self, name: &str) -> Option<&Part> {
        let is = |number| self.part(number).is_some_and(|part| part.name == name);
        self.part(self.names.find(0, name, is)?)
    }

    /// Finds a resource by its name.
    pub(super) fn resource(&self, name: &str) -> Option<&Part> {
        self.part_named(name)
            .filter(|part| part.kind == Kind::Resource)
    }

    pub(super) fn members_of(&self, part: &Part) -> &[Member] {
        let first = usize::from(part.first_member);
        let members = self.members.get(first..first + usize::from(part.members));
        members.unwrap_or_default()
    }

    pub(super) fn targets_of(&self, member: &Member) -> &[u16] {
        let first = usize::from(member.first_target);
        let targets = self.targets.get(first..first + usize::from(member.targets));
        targets.unwrap_or_default()
    }

    pub(super) fn rules_of(&self, part: &Part) -> &[Rule] {
        let first = usize::from(part.first_rule);
        let rules = self.rules.get(first..first + usize::from(part.rules));
        rules.unwrap_or_default()
    }

    pub(super) fn list(&self, number: u16) -> Option<&CodeList> {
        self.lists.get(usize::from(number))
    }
}

impl CodeList {
    pub(super) fn holds(&self, code: &str) -> bool {
        self.codes.binary_search(&code).is_ok()
    }
}

#[cfg(test)]
mod tests;
