//! What else the writer says of the value that is being compared, in schemas that apply to it beside the one at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::super::Policy;
use super::super::kind;
use super::object::{Content, Demand};
use super::{Walk, referred, weight};

/// The writer's schemas that apply to the value being compared.
#[derive(Clone)]
pub(super) struct Place<'s> {
    /// The outermost of them; all others are reached from it.
    root: &'s Value,
    /// Of combinations of which one part is being compared, which one.
    chosen: Vec<(&'s [Value], usize)>,
    named: Option<Rc<Named<'s>>>,
}

/// The properties that they name.
type Named<'s> = BTreeMap<&'s str, Property<'s>>;

/// The forms that a property has whenever it is written.
#[derive(Default)]
struct Property<'s> {
    always: Vec<&'s Value>,
}

impl<'s> Place<'s> {
    pub(super) const fn of(root: &'s Value) -> Self {
        Self {
            root,
            chosen: Vec::new(),
            named: None,
        }
    }

    /// The place when one of several alternatives is the one that was written.
    pub(super) fn choose(&mut self, members: &'s [Value], place: usize) {
        self.chosen
            .retain(|(other, _)| !std::ptr::eq(*other, members));
        self.chosen.push((members, place));
        self.named = None;
    }

    /// Whether a comparison of the same schemas has the same outcome in both places.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let mut both = self.chosen.iter().zip(&other.chosen);
        std::ptr::eq(self.root, other.root)
            && self.chosen.len() == other.chosen.len()
            && both.all(|(one, other)| std::ptr::eq(one.0, other.0) && one.1 == other.1)
    }
}

impl<'s> Walk<'s> {
    /// A lenient reader trusts that only what is named was written; what is named beside the schema at hand was, too.
    pub(super) fn named_beside(
        &mut self,
        written: &'s Map<String, Value>,
        read: &'s Map<String, Value>,
    ) {
        if self.policy == Policy::Strict {
            return;
        }
        let (writes, reads) = (Content::of(written), Content::of(read));
        let named = self.named();
        for (name, property) in &*named {
            if writes.names(name) || self.work.is_over() {
                continue;
            }
            let mut forms = property.always.clone();
            match self.demand(name, writes) {
                // The schema at hand does not let it be.
                Demand::Nothing => continue,
                Demand::Of(own) => forms.extend(own),
                Demand::Anything | Demand::Unknown => {}
            }
            if !self.taken(name, &forms, reads) {
                self.within("properties", |walk| {
                    walk.add_under(name, kind::CONSTRAINT_CHANGED, String::new());
                });
            }
        }
    }

    /// Whether the reader takes a property that is of all these forms at once.
    fn taken(&mut self, name: &str, forms: &[&'s Value], reads: Content<'s>) -> bool {
        match self.demand(name, reads) {
            Demand::Anything => true,
            Demand::Nothing | Demand::Unknown => false,
            Demand::Of(demands) => demands.into_iter().all(|demand| {
                super::is_anything(demand)
                    || forms
                        .iter()
                        .any(|form| self.attempt(|walk| walk.compare(form, demand)).0)
            }),
        }
    }

    fn named(&mut self) -> Rc<Named<'s>> {
        if let Some(named) = &self.place.named {
            return Rc::clone(named);
        }
        let mut named = Named::new();
        let mut seen = BTreeSet::new();
        let mut todo = vec![(self.place.root, true)];
        while let Some((schema, always)) = todo.pop() {
            let Some(keywords) = schema.as_object() else {
                continue;
            };
            if !seen.insert((std::ptr::from_ref(schema).addr(), always)) {
                continue;
            }
            if !self.charge(weight::of(schema)) {
                break;
            }
            for (name, form) in keywords
                .get("properties")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                let property: &mut Property<'s> = named.entry(name).or_default();
                if always {
                    property.always.push(form);
                }
            }
            self.beside(keywords, always, &mut todo);
        }
        let named = Rc::new(named);
        self.place.named = Some(Rc::clone(&named));
        named
    }

    /// The schemas in a schema that apply to the same value, and whether they always do.
    fn beside(
        &self,
        keywords: &'s Map<String, Value>,
        always: bool,
        todo: &mut Vec<(&'s Value, bool)>,
    ) {
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            let found = referred(self.roots.0, reference);
            todo.extend(found.map(|found| (found, always)));
        }
        let members = |keyword: &str| keywords.get(keyword).and_then(Value::as_array);
        todo.extend(
            members("allOf")
                .into_iter()
                .flatten()
                .map(|part| (part, always)),
        );
        for members in ["anyOf", "oneOf"].into_iter().filter_map(members) {
            let chosen = self.place.chosen.iter();
            let chosen = chosen
                .filter(|(combined, _)| std::ptr::eq(*combined, members.as_slice()))
                .filter_map(|(_, place)| members.get(*place))
                .next();
            match chosen {
                Some(part) => todo.push((part, always)),
                None => todo.extend(members.iter().map(|part| (part, false))),
            }
        }
        let single = ["not", "if", "then", "else"].into_iter();
        todo.extend(single.filter_map(|keyword| Some((keywords.get(keyword)?, false))));
        for keyword in ["dependencies", "dependentSchemas"] {
            let schemas = keywords.get(keyword).and_then(Value::as_object);
            todo.extend(
                schemas
                    .into_iter()
                    .flatten()
                    .map(|(_, schema)| (schema, false)),
            );
        }
    }
}
