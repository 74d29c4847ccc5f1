//! Puts the elements that tables write into R4's order, and tells of those that R4 does not have.

use formats::fhir::definition::{Definition, Element, Held};

use super::plan::{Body, Bound, Item, Node, Row};

/// Stands for whichever form of `value[x]` the type of OBX-5 asks for.
const VALUE: &str = "value";

/// Writes the members of a data type into the object itself.
const SPLICE: &str = "*";

/// Puts nodes into order at all depths; gives the row and the element that R4 does not have.
pub(super) fn order(nodes: &mut [Node], definition: Definition) -> Result<(), (u32, String)> {
    for node in &mut *nodes {
        if node.name == SPLICE {
            continue;
        }
        let Some(element) = element(definition, node.name) else {
            let name = format!("{}.{}", definition.name(), node.name);
            return Err((first_row(&node.body).map_or(0, |row| row.id), name));
        };
        node.required = required(definition, node.name);
        node.bound = match (definition.name(), node.name) {
            ("Period", "start") | ("Range", "low") => Some(Bound::Lower),
            ("Period", "end") | ("Range", "high") => Some(Bound::Upper),
            ("Timing.repeat", "when") => Some(Bound::Events),
            ("Timing.repeat", "offset") => Some(Bound::Offset),
            ("Timing.repeat", "timeOfDay") => Some(Bound::Hours),
            _ => None,
        };
        node.stand_in = match (definition.name(), node.name) {
            ("DocumentReference", "content") => Some(UNKNOWN_CONTENT),
            _ => None,
        };
        let held = if node.name.starts_with('_') {
            Definition::of("Element")
        } else {
            match element.holds() {
                Some(Held::Type(inner)) => Some(inner),
                _ => None,
            }
        };
        if let Some(inner) = held {
            order_body(&mut node.body, inner)?;
        }
    }
    nodes.sort_by_key(|node| place(definition, node.name));
    Ok(())
}

/// What of which one must be there has one place: elements that R4 requires, both of a Ratio (rat-1), and who takes part in
/// an appointment or in which role (app-1).
fn required(definition: Definition, name: &'static str) -> Option<usize> {
    let place = |name: &str| definition.element(name).map(Element::order);
    match (definition.name(), name) {
        ("Ratio", "numerator" | "denominator") => place(name),
        ("Appointment.participant", "type" | "actor") => place("type"),
        _ => {
            let element = element(definition, name)?;
            element.is_required().then(|| element.order())
        }
    }
}

/// A document of which nothing was sent.
const UNKNOWN_CONTENT: &[u8] = br#"[{"attachment":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}}]"#;

/// Gives the forms of one choice that nodes write, for each choice of which they write several.
pub(super) fn choices(nodes: &[Node], definition: Definition) -> Vec<Vec<&'static str>> {
    let mut choices: Vec<(usize, Vec<&'static str>)> = Vec::new();
    for node in nodes {
        let Some(element) = definition.element(node.name).filter(|it| it.is_choice()) else {
            continue;
        };
        match choices
            .iter_mut()
            .find(|(order, _)| *order == element.order())
        {
            Some((_, names)) => names.push(node.name),
            None => choices.push((element.order(), vec![node.name])),
        }
    }
    let several = choices.into_iter().filter(|(_, names)| names.len() > 1);
    several.map(|(_, names)| names).collect()
}

fn order_body(body: &mut Body, definition: Definition) -> Result<(), (u32, String)> {
    match body {
        Body::Leaf(_) => Ok(()),
        Body::Object(nodes) => order(nodes, definition),
        Body::Array(items) => items
            .iter_mut()
            .try_for_each(|item: &mut Item| order_body(&mut item.body, definition)),
    }
}

/// An element's place in its type; what extends a primitive stands behind it.
fn place(definition: Definition, name: &'static str) -> (usize, bool) {
    // What is spliced comes first: rows beside it only add.
    let order = element(definition, name).map_or(0, |element| element.order() + 1);
    (order, name.starts_with('_'))
}

fn element(definition: Definition, name: &'static str) -> Option<Element> {
    let known = definition.element(name.strip_prefix('_').unwrap_or(name));
    known.or_else(|| (name == VALUE).then(|| definition.element("valueQuantity"))?)
}

fn first_row(body: &Body) -> Option<&Row> {
    match body {
        Body::Leaf(rows) => rows.first(),
        Body::Object(nodes) => nodes.iter().find_map(|node| first_row(&node.body)),
        Body::Array(items) => items.iter().find_map(|item| first_row(&item.body)),
    }
}
