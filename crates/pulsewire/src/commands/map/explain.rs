//! `map --explain`: of each element of each resource, the field it came from, the row that says so, and why.

use std::collections::BTreeMap;
use std::io::Write;

use mapping::explain::{Decision, Explained, How};

use super::super::Failure;

/// How far the columns reach; what is longer moves the rest of its line on.
const ELEMENT_WIDTH: usize = 44;
const FROM_WIDTH: usize = 22;
/// So many characters of a value are shown.
const VALUE_SHOWN: usize = 60;

/// Writes one JSON object for each element, one a line.
pub(super) fn json(all: &[Explained], out: &mut dyn Write) -> Result<(), Failure> {
    for element in all {
        out.write_all(&element.to_json())?;
        writeln!(out)?;
    }
    Ok(())
}

/// Writes it for people: resource by resource, then the decisions that were met, each with its reason.
pub(super) fn print(all: &[Explained], out: &mut dyn Write) -> Result<(), Failure> {
    let mut resource = "";
    let mut decisions: BTreeMap<&str, Decision> = BTreeMap::new();
    for element in all {
        if element.resource != resource {
            resource = &element.resource;
            writeln!(out, "\n{resource}")?;
        }
        writeln!(out, "  {}", line(element))?;
        let decision = element.origin.as_ref().and_then(|origin| origin.decision);
        decisions.extend(decision.map(|decision| (decision.key, decision)));
    }
    if !decisions.is_empty() {
        writeln!(out, "\nwhere we decided")?;
    }
    for (key, decision) in decisions {
        writeln!(
            out,
            "  ours:{key}\n    the guide says  {}\n    we do           {}\n    why             {}",
            decision.guide, decision.ours, decision.why
        )?;
    }
    Ok(())
}

fn line(element: &Explained) -> String {
    let value: String = element.value.chars().take(VALUE_SHOWN).collect();
    let dots = if value.len() < element.value.len() {
        "…"
    } else {
        ""
    };
    let from = match element.how {
        How::Field => element.from.join(" "),
        How::Text => "(text of the table)".to_owned(),
        How::Default => "(nothing was sent)".to_owned(),
        How::Link => "(link)".to_owned(),
        How::Rule => "(rule)".to_owned(),
    };
    let row = element.origin.as_ref().map_or_else(
        || "no row".to_owned(),
        |origin| {
            let guide = origin.guide_row.map(|row| format!(" guide:{row}"));
            let ours = origin.decision.map(|one| format!(" ours:{}", one.key));
            [
                &origin.table,
                guide.as_deref().unwrap_or_default(),
                ours.as_deref().unwrap_or_default(),
            ]
            .concat()
        },
    );
    format!(
        "{:<ELEMENT_WIDTH$} {from:<FROM_WIDTH$} {row}  = {}{dots}",
        element.element,
        value.replace(['\r', '\n'], " ")
    )
}
