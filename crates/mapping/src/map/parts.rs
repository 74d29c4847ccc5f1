//! Elements whose parts come from several fields: one part can be deleted without the others.

use formats::fhir::json;

use super::write::{Frame, Mapper};
use crate::draft::Element;
use crate::tables::plan::Node;

impl<'m> Mapper<'m> {
    /// Writes an object; a part that the sender deletes goes alone, and the others stay as they were.
    pub(super) fn in_parts(
        &mut self,
        node: &'static Node,
        parts: &'static [Node],
        frame: &Frame<'_, 'm>,
        elements: &mut Vec<(Box<str>, Element)>,
    ) {
        let mut content = false;
        let mut gone: Vec<&'static str> = Vec::new();
        let bytes = json::object(|object| {
            for part in parts {
                self.met_null = false;
                let is_there = self.members(object, std::slice::from_ref(part), frame);
                content |= is_there;
                if self.met_null && !is_there {
                    gone.push(part.name);
                }
            }
        });
        let can_be_named = |part: &&str| *part != "*";
        self.met_null = !gone.is_empty();
        if content || (node.constant && !bytes.is_empty()) {
            elements.push((node.name.into(), Element::Set(bytes.into())));
        } else if !gone.iter().all(can_be_named) {
            elements.push((node.name.into(), Element::Clear));
            return;
        }
        for part in gone.into_iter().filter(can_be_named) {
            let name = format!("{}.{part}", node.name);
            elements.push((name.into(), Element::Clear));
        }
    }
}

#[cfg(test)]
mod tests {
    use clinical::{ReceivedTime, SiteKey};
    use expect_test::{Expect, expect};
    use formats::hl7v2;

    use super::*;
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
            for (name, element) in draft
                .elements
                .iter()
                .filter(|(name, _)| name.starts_with("period"))
            {
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
