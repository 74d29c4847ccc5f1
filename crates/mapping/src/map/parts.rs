//! Elements whose parts come from several fields: one part can be said or deleted without the others.

use formats::fhir::read::Raw;

use super::fit::Fit;
use super::write::{Frame, Mapper};
use crate::draft::{Elements, Part, Says, Stated};
use crate::tables::plan::{Item, Node};

impl<'m> Mapper<'m> {
    /// Writes an object; a part that the sender deletes goes alone, and the others stay as they were.
    pub(super) fn in_parts(
        &mut self,
        node: &'static Node,
        parts: &'static [Node],
        frame: &Frame<'_, 'm>,
        elements: &mut Elements,
    ) {
        let mut content = false;
        let mut gone: Vec<&'static str> = Vec::new();
        self.met_value = false;
        let (before, marked) = (self.out.mark(), self.marks.len());
        let mut fit = Fit::default();
        self.out.key_raw(&node.key);
        let start = self.out.mark();
        self.out.begin_object();
        for part in parts {
            self.met_null = false;
            let is_there = self.members(std::slice::from_ref(part), frame, &mut fit);
            content |= is_there;
            if self.met_null && !is_there {
                gone.push(part.name);
            }
        }
        let mut is_written = self.out.end_object_unless_empty(before);
        if is_written && content && fit.lacks() {
            self.withdraw(marked);
            is_written = false;
        }
        let can_be_named = |part: &&str| *part != "*";
        self.met_null = !gone.is_empty();
        if is_written && (content || node.constant) {
            let value = start..self.out.mark();
            let says = match self.notes_fields && content && !self.met_value {
                true => Says::Default,
                false => Says::Set,
            };
            elements.push(Stated::new(node.name, says, value));
        } else {
            self.out.rollback(before);
            if !gone.iter().all(can_be_named) {
                elements.push(Stated::clear(node.name));
                return;
            }
        }
        for part in gone.into_iter().filter(can_be_named) {
            elements.push(Stated::clear(format!("{}.{part}", node.name)));
        }
    }

    /// Writes a list, and takes note of which fields its entries come from.
    pub(super) fn by_fields(
        &mut self,
        node: &'static Node,
        items: &'static [Item],
        frame: &Frame<'_, 'm>,
        elements: &mut Elements,
    ) {
        let (mut content, mut met_null) = (false, false);
        let mut parts: Vec<Part> = Vec::new();
        let before = self.out.mark();
        self.out.key_raw(&node.key);
        let start = self.out.mark();
        self.out.begin_array();
        for (at, item) in items.iter().enumerate() {
            self.met_null = false;
            let here = self.out.mark();
            content |= self.items(std::slice::from_ref(item), frame);
            let count = entries(self.out.since(here));
            met_null |= self.met_null;
            if count > 0 || self.met_null {
                parts.push(Part {
                    at: u8::try_from(at).unwrap_or(u8::MAX),
                    field: item.field(at),
                    count,
                });
            }
        }
        self.out.end_array_unless_empty(start);
        self.met_null = met_null;
        let end = self.out.mark();
        if (content || node.constant) && start < end {
            elements.push(Stated::new(node.name, Says::Set, start..end).of(parts));
            return;
        }
        self.out.rollback(before);
        if met_null && node.stand_in.is_none() {
            parts.retain(|part| part.count == 0);
            elements.push(Stated::clear(node.name).of(parts));
        }
        self.stand_in(node, elements);
    }
}

/// Counts the entries of a list that were written in a row.
fn entries(json: &[u8]) -> usize {
    let json = json.strip_prefix(b",").unwrap_or(json);
    let list = [b"[", json, b"]"].concat();
    Raw::read(&list).map_or(0, |list| list.items().flatten().count())
}

#[cfg(test)]
mod tests {
    use clinical::{ReceivedTime, SiteKey};
    use expect_test::{Expect, expect};
    use formats::hl7v2;

    use crate::draft::Element;
    use crate::map::map;
    use crate::source::Source;

    /// Shows what PV1-44 and PV1-45 say of the stay's period.
    fn check(begin: &str, end: &str, expected: Expect) {
        let text = format!(
            "MSH|^~\\&|A|B|||20260301||ADT^A08|1|P|2.5\rPID|||1\rPV1||I|||||||||||||||||V1{}{begin}|{end}",
            "|".repeat(25)
        );
        let (source, site) = (Source::new("adt1"), SiteKey::new([7; 32]));
        let message = hl7v2::parse(text.as_bytes());
        let mapped = map(&message, &source, &site, ReceivedTime::from_micros(0));
        let mut out = String::new();
        for draft in mapped
            .drafts
            .iter()
            .filter(|draft| draft.resource_type == "Encounter")
        {
            let said = draft.elements();
            for (name, element) in said.filter(|(name, _)| name.starts_with("period")) {
                out += &match element {
                    Element::Set(json) => format!("{name}={} ", String::from_utf8_lossy(json)),
                    Element::Default(_) => format!("{name}? "),
                    Element::Clear => format!("{name}- "),
                };
            }
        }
        expected.assert_eq(&out);
    }

    #[test]
    fn a_part_is_deleted_alone() {
        check(
            "20260301",
            "20260302",
            expect![[r#"period={"start":"2026-03-01","end":"2026-03-02"} "#]],
        );
        check(
            "20260301",
            "\"\"",
            expect![[r#"period={"start":"2026-03-01"} period.end- "#]],
        );
        check("", "\"\"", expect!["period.end- "]);
        check("\"\"", "\"\"", expect!["period.start- period.end- "]);
        check("", "", expect![[""]]);
    }
}
