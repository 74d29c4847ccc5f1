//! Makes a tree of the elements that a mapping file names, in FHIR's order, and checks each against its type.

use std::collections::BTreeMap;

use formats::fhir::definition::{Definition, Element, Held, Primitive};

use super::Problem;
use super::columns::Columns;
use super::condition::Condition;
use super::moment::Format;
use super::plan::{Decimal, ElementPlan, Plan, ResourcePlan};
use super::value::{Codes, From, Kind, Leaf, Meaning, To, Unit};
use crate::source::Zone;

/// The highest index that a path may name.
const INDEX_MAX: usize = 63;

/// A resource that each row makes where its conditions hold.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) resource_type: Box<str>,
    /// The columns that name it; none where the row does.
    pub(super) id: Vec<usize>,
    pub(super) when: Vec<Condition>,
    pub(super) elements: Vec<Node>,
}

impl Made {
    pub(super) const fn is_named_by_row(&self) -> bool {
        self.id.is_empty()
    }
}

/// An element, and what is in it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) name: &'static str,
    pub(super) order: usize,
    pub(super) repeats: bool,
    /// One for each index that is named; a single one where it does not repeat.
    pub(super) items: Vec<Item>,
}

/// What an element, or one of a list, holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Item {
    /// The first one that applies to a row is written.
    pub(super) leaves: Vec<Leaf>,
    pub(super) members: Vec<Node>,
}

/// Makes the resources of a mapping file, on the columns of an extract.
pub(super) fn build(
    plan: &Plan,
    columns: &Columns<'_>,
    zone: &Zone,
) -> Result<Vec<Made>, Vec<Problem>> {
    let mut problems = Vec::new();
    if plan.resource.is_empty() {
        let hint = "add [[resource]] with its type and [[resource.element]] for each element";
        problems.push(Problem::new(
            "the mapping file",
            "it makes no resource",
            hint,
        ));
    }
    let codes = meanings(plan, &mut problems);
    let mut made = Vec::new();
    for (number, resource) in (1..).zip(&plan.resource) {
        let at = format!("resource {number} ({})", resource.kind);
        let building = Building {
            columns,
            codes: &codes,
            zone,
            decimal: plan.extract.decimal,
        };
        made.extend(building.resource(resource, &at, &mut problems));
    }
    if problems.is_empty() {
        Ok(made)
    } else {
        Err(problems)
    }
}

type AllCodes = BTreeMap<String, Codes>;

fn meanings(plan: &Plan, problems: &mut Vec<Problem>) -> AllCodes {
    let mut all = AllCodes::new();
    for (name, table) in &plan.codes {
        let mut codes = BTreeMap::new();
        for (from, to) in table {
            match Meaning::parse(to) {
                Some(meaning) => {
                    codes.insert(from.as_str().into(), meaning);
                }
                None => {
                    let at = format!("[codes.{name}] `{from}`");
                    let hint = "write the code alone, or system|code or system|code|display";
                    problems.push(Problem::new(&at, "it means nothing", hint));
                }
            }
        }
        all.insert(name.clone(), Codes::new(codes));
    }
    all
}

struct Building<'b> {
    columns: &'b Columns<'b>,
    codes: &'b AllCodes,
    zone: &'b Zone,
    decimal: Decimal,
}

impl Building<'_> {
    fn resource(&self, plan: &ResourcePlan, at: &str, problems: &mut Vec<Problem>) -> Option<Made> {
        let Some(definition) = Definition::of(&plan.kind).filter(|found| found.is_resource())
        else {
            let hint = "give its type as FHIR R4 writes it, such as Observation";
            problems.push(Problem::new(at, "it is no resource", hint));
            return None;
        };
        let mut note = |found: Result<usize, Problem>| match found {
            Ok(column) => Some(column),
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        let id = plan
            .id
            .iter()
            .filter_map(|name| note(self.columns.find(name, at)))
            .collect();
        let mut when = Vec::new();
        for condition in &plan.when {
            match Condition::new(condition, self.columns, self.decimal, at) {
                Ok(condition) => when.push(condition),
                Err(problem) => problems.push(problem),
            }
        }
        let mut root = Item::default();
        for element in &plan.element {
            let at = format!("{at}, {}", element.path);
            if let Err(problem) = self.element(&mut root, definition, element, &at) {
                problems.push(problem);
            }
        }
        missing(definition, &root, at, problems);
        Some(Made {
            resource_type: definition.name().into(),
            id,
            when,
            elements: root.members,
        })
    }

    /// Puts an element into its place in the tree.
    fn element(
        &self,
        root: &mut Item,
        definition: Definition,
        plan: &ElementPlan,
        at: &str,
    ) -> Result<(), Problem> {
        let mut steps = plan.path.split('.').peekable();
        let (mut item, mut within) = (root, definition);
        while let Some(step) = steps.next() {
            let (name, index) = indexed(step, at)?;
            let element = element_of(within, name, at)?;
            if index > 0 && !element.repeats() {
                let what = format!("{name} is no list");
                return Err(Problem::new(at, what, "leave its number out"));
            }
            item = place(item, element, index);
            let is_last = steps.peek().is_none();
            if if is_last {
                !item.members.is_empty()
            } else {
                !item.leaves.is_empty()
            } {
                let what = format!("{name} is written as a whole and by its elements");
                return Err(Problem::new(at, what, "do one of the two"));
            }
            if !is_last {
                let Some(Held::Type(inner)) = element.holds() else {
                    let what = format!("{name} has no elements");
                    return Err(Problem::new(at, what, "end the path there"));
                };
                within = inner;
                continue;
            }
            let leaf = self.leaf(plan, element, at)?;
            item.leaves.push(leaf);
        }
        Ok(())
    }

    fn leaf(&self, plan: &ElementPlan, element: Element, at: &str) -> Result<Leaf, Problem> {
        let kind = self.kind(plan, element, at)?;
        let from = match (&plan.column, &plan.fixed, plan.columns.as_slice()) {
            (Some(column), None, []) => From::Column(self.columns.find(column, at)?),
            (None, Some(fixed), []) if !fixed.is_empty() => From::Fixed(fixed.as_str().into()),
            (None, None, [_, ..]) if matches!(kind, Kind::Reference(_)) => {
                let columns = plan.columns.iter().map(|name| self.columns.find(name, at));
                From::Columns(columns.collect::<Result<_, _>>()?)
            }
            _ => {
                let what = "it does not say where it comes from";
                let hint = "give one of column and fixed, or columns for a reference";
                return Err(Problem::new(at, what, hint));
            }
        };
        let codes = match &plan.codes {
            None => None,
            Some(name) => Some(self.table(name, at)?),
        };
        let when = plan
            .when
            .iter()
            .map(|one| Condition::new(one, self.columns, self.decimal, at));
        let display = plan
            .display
            .as_deref()
            .map(|name| self.columns.find(name, at));
        let leaf = Leaf {
            from,
            kind,
            codes,
            unknown: plan.unknown,
            system: plan.system.as_deref().unwrap_or_default().into(),
            display: display.transpose()?,
            required: plan.required,
            allowed: element.codes(),
            when: when.collect::<Result<_, _>>()?,
            // What the mapping file itself says is written as TOML and FHIR do.
            decimal: match plan.fixed {
                Some(_) => Decimal::Point,
                None => self.decimal,
            },
        };
        if let From::Fixed(fixed) = &leaf.from
            && let Err(hint) = leaf.can_be_fixed(fixed)
        {
            return Err(Problem::new(at, format!("it cannot be `{fixed}`"), hint));
        }
        Ok(leaf)
    }

    fn kind(&self, plan: &ElementPlan, element: Element, at: &str) -> Result<Kind, Problem> {
        let only = |is: bool, name: &str, what: &str| match is {
            true => Err(Problem::new(
                at,
                format!("{name} is only for {what}"),
                "leave it out here",
            )),
            false => Ok(()),
        };
        let kind = match element.holds() {
            Some(Held::Primitive(primitive)) => match primitive {
                Primitive::Date | Primitive::DateTime | Primitive::Instant => {
                    let (format, anchor) = (plan.format.as_deref(), plan.anchor.as_deref());
                    let format = Format::new(format, anchor, self.zone, at)?;
                    Kind::Moment(primitive, format, self.zone.clone())
                }
                other => Kind::Primitive(other),
            },
            Some(Held::Type(definition)) => match definition.name() {
                "Coding" => Kind::Coding,
                "CodeableConcept" => Kind::Concept,
                "Quantity" | "SimpleQuantity" | "Age" | "Duration" | "Count" | "Distance" => {
                    Kind::Quantity(self.unit(plan, at)?)
                }
                "Reference" => Kind::Reference(self.reference(plan, element, at)?),
                "Identifier" => Kind::Identifier,
                other => {
                    let what = format!("it is a {other}");
                    let hint = "name one of its elements, as in name[0].family";
                    return Err(Problem::new(at, what, hint));
                }
            },
            None => {
                return Err(Problem::new(
                    at,
                    "it holds a resource",
                    "make that a [[resource]] of its own",
                ));
            }
        };
        let has_date = plan.format.is_some() || plan.anchor.is_some();
        only(
            has_date && !matches!(kind, Kind::Moment(..)),
            "format",
            "dates",
        )?;
        let has_unit = plan.unit.is_some() || plan.fixed_unit.is_some() || plan.units.is_some();
        only(
            has_unit && !matches!(kind, Kind::Quantity(_)),
            "unit",
            "quantities",
        )?;
        only(
            plan.to.is_some() && !matches!(kind, Kind::Reference(_)),
            "to",
            "references",
        )?;
        let is_coded = matches!(kind, Kind::Coding | Kind::Concept | Kind::Primitive(_));
        only(
            plan.codes.is_some() && !is_coded,
            "codes",
            "codes and words",
        )?;
        if matches!(kind, Kind::Primitive(_) | Kind::Moment(..)) {
            plain(plan, at)?;
        }
        Ok(kind)
    }

    fn unit(&self, plan: &ElementPlan, at: &str) -> Result<Unit, Problem> {
        let column = plan.unit.as_deref().map(|name| self.columns.find(name, at));
        let codes = plan.units.as_deref().map(|name| self.table(name, at));
        Ok(Unit {
            column: column.transpose()?,
            fixed: plan.fixed_unit.as_deref().map(Into::into),
            codes: codes.transpose()?,
        })
    }

    fn reference(&self, plan: &ElementPlan, element: Element, at: &str) -> Result<To, Problem> {
        let Some(to) = plan.to.as_deref() else {
            let hint = "give to = \"Patient\", or whatever it refers to";
            return Err(Problem::new(at, "it does not say to what it refers", hint));
        };
        let is_resource = Definition::of(to).is_some_and(Definition::is_resource);
        let mut targets = element.targets().peekable();
        let is_target = targets.peek().is_none() || targets.any(|target| target == to);
        if !is_resource || !is_target {
            let what = format!("it cannot refer to `{to}`");
            return Err(Problem::new(
                at,
                what,
                "name a type that FHIR R4 allows there",
            ));
        }
        Ok(To {
            kind: to.into(),
            by_identifier: plan.system.is_some(),
        })
    }

    fn table(&self, name: &str, at: &str) -> Result<Codes, Problem> {
        self.codes.get(name).cloned().ok_or_else(|| {
            let what = format!("there is no table `{name}`");
            Problem::new(at, what, "add [codes.NAME], or its file under [code_files]")
        })
    }
}

/// Checks that nothing is said of a string or a date that it cannot hold: it would be left out without a word.
fn plain(plan: &ElementPlan, at: &str) -> Result<(), Problem> {
    let has = |setting: &Option<String>| setting.as_deref().is_some_and(|text| !text.is_empty());
    let said = [("system", &plan.system), ("display", &plan.display)];
    let Some((name, _)) = said.into_iter().find(|(_, setting)| has(setting)) else {
        return Ok(());
    };
    let hint = match (name, plan.path.rsplit_once('.')) {
        ("system", Some((whole, "value" | "code"))) | (_, Some((whole, "code"))) => {
            format!(
                "write path = \"{whole}\", which takes both, or {whole}.{name} as an element of its own"
            )
        }
        _ => "leave it out here".to_owned(),
    };
    let what = format!("{name} is only for codes, identifiers, quantities and references");
    Err(Problem::new(at, what, hint))
}

/// Tells which elements that FHIR asks for no row of the mapping names.
fn missing(definition: Definition, root: &Item, at: &str, problems: &mut Vec<Problem>) {
    let required = definition
        .elements()
        .filter(|element| element.is_required());
    let mut told = None;
    for element in required {
        let has = root
            .members
            .iter()
            .any(|node| node.order == element.order());
        if !has && told != Some(element.order()) {
            told = Some(element.order());
            let what = format!("FHIR asks for {}", element.name());
            problems.push(Problem::new(at, what, "add a [[resource.element]] for it"));
        }
    }
}

fn element_of(within: Definition, name: &str, at: &str) -> Result<Element, Problem> {
    if matches!(name, "id" | "resourceType") {
        let hint = "it is derived from the columns named in `id` of the resource";
        return Err(Problem::new(
            at,
            format!("{name} is not written by hand"),
            hint,
        ));
    }
    within.element(name).ok_or_else(|| {
        let what = format!("{} has no element `{name}`", within.name());
        Problem::new(
            at,
            what,
            "write it as FHIR R4 does in JSON, such as valueQuantity for value[x]",
        )
    })
}

/// Takes a step of a path apart: `name[1]`.
fn indexed<'s>(step: &'s str, at: &str) -> Result<(&'s str, usize), Problem> {
    let Some((name, rest)) = step.split_once('[') else {
        return Ok((step, 0));
    };
    let index = rest
        .strip_suffix(']')
        .and_then(|digits| digits.parse().ok());
    match index.filter(|index| *index <= INDEX_MAX) {
        Some(index) => Ok((name, index)),
        None => {
            let what = format!("`{step}` has no number from 0 to {INDEX_MAX}");
            Err(Problem::new(at, what, "write it as in name[0].family"))
        }
    }
}

/// Finds the place of an element in the tree, and makes it where there is none.
fn place(item: &mut Item, element: Element, index: usize) -> &mut Item {
    let found = item
        .members
        .iter()
        .position(|node| node.name == element.name());
    let at = found.unwrap_or_else(|| {
        let order = element.order();
        let at = item.members.partition_point(|node| node.order <= order);
        let node = Node {
            name: element.name(),
            order,
            repeats: element.repeats(),
            items: Vec::new(),
        };
        item.members.insert(at, node);
        at
    });
    let node = item
        .members
        .get_mut(at)
        .expect("it was found or made just above");
    if node.items.len() <= index {
        node.items.resize_with(index + 1, Item::default);
    }
    node.items
        .get_mut(index)
        .expect("there are as many as the index asks for")
}
