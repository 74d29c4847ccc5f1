//! The small functions that the outbound tables name: one element to one field or component.

use formats::hl7v2::Timestamp;

use super::carrier::{At, Carrier, Piece, Spot};
use super::grid::Content;
use super::issue::IssueCode;
use super::tree::Node;

/// How many digits of a second HL7 v2 allows after the point.
const FRACTION_DIGITS_MAX: usize = 4;

/// The start of the URIs of the systems of HL7 v2's own tables.
const V2_TABLE: &str = "http://terminology.hl7.org/CodeSystem/v2-";

impl<'c, 'a> Carrier<'c, 'a> {
    /// Writes an element by a function.
    pub(super) fn primitive(
        &self,
        name: &str,
        vocabulary: &str,
        spot: Spot<'c, 'a>,
        at: At,
    ) -> Piece<'c, 'a> {
        let mut piece = Piece::default();
        let node = spot.node;
        match name {
            "string" => {
                piece.text(at, node.text()).take(node);
            }
            "formatted" => {
                piece.put(at, Content::Formatted(node.text().to_owned()));
                piece.take(node);
            }
            "words" => {
                piece.text(at, &words(node)).take(node);
            }
            "code" => {
                if let Some(code) = self.tables.code(vocabulary, "", node.text()) {
                    piece.text(at, code).take(node);
                }
            }
            "said" => node.take(),
            "simple" => return self.simple(vocabulary, spot, at),
            "date-time" => {
                if let Some(time) = self.time(node.text(), spot) {
                    piece.text(at, &time).take(node);
                }
            }
            "coding-system" => {
                piece.text(at, &self.system_name(node.text())).take(node);
            }
            "authority" => self.authority(node, |number| at.part(number, None), &mut piece),
            "entity-authority" => {
                let after = |number| match at {
                    At::Field(_) => None,
                    At::Component(field, before) => Some(At::Component(field, before + number)),
                    At::Subcomponent(field, component, before) => {
                        Some(At::Subcomponent(field, component, before + number))
                    }
                };
                self.authority(node, after, &mut piece);
            }
            "location" => self.location(spot, at, &mut piece),
            "@value" => return self.value_of(spot),
            "@organizations" => return self.organizations(spot),
            "@attachment" => return self.attachment(node),
            "@range" => return self.range(spot, at),
            _ => {}
        }
        piece
    }

    /// Writes a time as HL7 v2 does, as precise as it is and with its offset.
    pub(super) fn time(&self, text: &str, spot: Spot<'c, 'a>) -> Option<String> {
        let (time, is_shortened) = hl7_time(text)?;
        if is_shortened {
            self.doubt(IssueCode::TimeShortened, spot.owner, "");
        }
        Some(time)
    }

    /// Writes the code of a concept where the field needs no more to say it; the whole concept where the field's table has
    /// none of its codes, or where it says more than one code can.
    fn simple(&self, vocabulary: &str, spot: Spot<'c, 'a>, at: At) -> Piece<'c, 'a> {
        let node = spot.node;
        let codings = match node.get("coding") {
            Some(codings) => codings.items(),
            None if node.get("code").is_some() => std::slice::from_ref(node),
            None => &[],
        };
        let code = |coding: &'c Node<'a>| {
            let code = coding.word("code");
            self.tables.code(vocabulary, coding.word("system"), code)
        };
        let own = |coding: &&Node<'_>| coding.word("system").starts_with(V2_TABLE);
        let first = codings
            .iter()
            .find(|coding| own(coding) && code(coding).is_some())
            .or_else(|| codings.iter().find(|coding| code(coding).is_some()));
        let Some((first, chosen)) = first.and_then(|first| Some((first, code(first)?))) else {
            let table = match node.get("code") {
                Some(_) => "CWE.Coding",
                None => "CWE.CodeableConcept",
            };
            return self.table(table, spot, at);
        };
        let same = |coding: &&'c Node<'a>| code(coding) == Some(chosen);
        let text = node.get("text");
        let is_said = |text: &Node<'_>| {
            let same =
                |coding: &Node<'_>, name: &str| coding.word(name).eq_ignore_ascii_case(text.text());
            let is_same = |coding: &Node<'_>| same(coding, "display") || same(coding, "code");
            codings.iter().any(is_same)
        };
        let is_all = codings.iter().all(|coding| same(&coding)) && text.is_none_or(is_said);
        if !is_all
            && codings
                .first()
                .is_some_and(|first| first.word("code") == chosen)
        {
            return self.table("CWE.CodeableConcept", spot, at);
        }
        let mut piece = Piece::default();
        piece.text(at, chosen).take(first);
        for coding in codings.iter().filter(same) {
            piece.take(coding);
        }
        piece.taken.extend(text.filter(|text| is_said(text)));
        piece
    }

    /// Gives the name of a coding system: HL7's, else what its sender called it, else its URI, which nothing else has.
    pub(super) fn system_name(&self, uri: &str) -> String {
        if let Some(name) = self.tables.system(uri) {
            return name.to_owned();
        }
        if let Some(table) = uri.strip_prefix(V2_TABLE) {
            return format!("HL7{table}");
        }
        if let Some(oid) = uri.strip_prefix("urn:oid:") {
            return oid.to_owned();
        }
        if let Some(own) = uri.strip_prefix("urn:pulsewire:") {
            return own.rsplit(':').next().unwrap_or(own).to_owned();
        }
        uri.to_owned()
    }

    /// Writes the authority of an identifier: its name, its universal id and what kind that is.
    fn authority(
        &self,
        identifier: &'c Node<'a>,
        at: impl Fn(usize) -> Option<At>,
        piece: &mut Piece<'c, 'a>,
    ) {
        let system = identifier.get("system");
        let uri = system.map_or("", Node::text);
        let assigner = identifier
            .get("assigner")
            .and_then(|node| node.get("display"));
        let name = match (assigner, self.outbound.authorities.get(uri)) {
            (_, Some(known)) => known,
            (Some(display), None) => display.text(),
            (None, None) => match uri.strip_prefix("urn:pulsewire:") {
                Some(own) => own.rsplit(':').next().unwrap_or(own),
                None => "",
            },
        };
        let (id, kind) = if let Some(oid) = uri.strip_prefix("urn:oid:") {
            (oid, "ISO")
        } else if let Some(uuid) = uri.strip_prefix("urn:uuid:") {
            (uuid, "UUID")
        } else if uri.starts_with("urn:pulsewire:") {
            ("", "")
        } else {
            (uri, if uri.is_empty() { "" } else { "URI" })
        };
        for (number, text) in [(1, name), (2, id), (3, kind)] {
            if let Some(at) = at(number) {
                piece.text(at, text);
            }
        }
        piece.taken.extend(system);
        if assigner.is_some_and(|display| display.text() == name) {
            piece.taken.extend(assigner);
        }
    }

    /// Writes a place and the places that it is part of, each at its level.
    fn location(&self, spot: Spot<'c, 'a>, at: At, piece: &mut Piece<'c, 'a>) {
        let component = |number| at.part(number, None);
        let Some(mut found) = self.store.resolve(spot.owner, spot.node) else {
            if let (Some(at), Some(display)) = (component(DESCRIPTION), spot.node.get("display")) {
                piece.text(at, display.text()).take(spot.node);
            }
            return;
        };
        piece.take(spot.node);
        for _ in 0..LEVELS.len() {
            let node = found.node;
            let kind = node.get("physicalType").and_then(|kind| kind.get("coding"));
            let code = kind.and_then(|codings| codings.items().first());
            let code = code.map_or("", |coding| coding.word("code"));
            let level = LEVELS.iter().find(|(known, _)| *known == code);
            let level = level.map_or(POINT_OF_CARE, |(_, number)| *number);
            let name = node.get("name");
            if let (Some(at), Some(name)) = (component(level), name) {
                piece.text(at, name.text()).take(name);
            }
            if let (Some(at), Some(words)) = (component(DESCRIPTION), node.get("description")) {
                piece.text(at, words.text()).take(words);
            }
            for said in ["physicalType", "mode", "partOf"] {
                piece.taken.extend(node.get(said));
            }
            let identifiers = node.get("identifier").map_or(&[][..], Node::items);
            let named = name.map_or("", Node::text);
            piece
                .taken
                .extend(identifiers.iter().filter(|one| one.word("value") == named));
            let outer = node.get("partOf");
            let outer = outer.and_then(|outer| self.store.resolve(found.owner, outer));
            let Some(outer) = outer else { break };
            found = outer;
        }
    }
}

/// The components of a PL by the codes of FHIR's physical types.
const LEVELS: [(&str, usize); 6] = [
    ("bd", 3),
    ("ro", 2),
    ("wa", 1),
    ("lvl", 8),
    ("bu", 7),
    ("si", 4),
];
const POINT_OF_CARE: usize = 1;
const DESCRIPTION: usize = 9;

/// Writes several texts into one, with a space between.
pub(super) fn joined<'c, 'a>(nodes: &[&'c Node<'a>], at: At) -> Piece<'c, 'a> {
    let mut piece = Piece::default();
    let texts: Vec<_> = nodes.iter().map(|node| node.text()).collect();
    piece.text(at, &texts.join(" "));
    piece.taken.extend(nodes);
    piece
}

/// Gives a FHIR date, dateTime, instant or time as HL7 v2 writes it, and whether digits after the point were cut.
pub(super) fn hl7_time(text: &str) -> Option<(String, bool)> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, time),
        None if text.contains(':') => ("", text),
        None => (text, ""),
    };
    let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at(zone);
    let (whole, fraction) = time.split_once('.').unwrap_or((time, ""));
    let kept = fraction.get(..FRACTION_DIGITS_MAX).unwrap_or(fraction);
    let is_shortened = fraction
        .get(kept.len()..)
        .is_some_and(|rest| rest.contains(|c| c != '0'));
    let mut out: String = date.chars().filter(|c| *c != '-').collect();
    out.extend(whole.chars().filter(|c| *c != ':'));
    if !kept.is_empty() {
        out.push('.');
        out.push_str(kept);
    }
    match zone {
        "Z" => out.push_str("+0000"),
        zone => out.extend(zone.chars().filter(|c| *c != ':')),
    }
    // A time of day is a time without its date: any day tells whether it is one.
    let day = if date.is_empty() { "20000101" } else { "" };
    Timestamp::parse(format!("{day}{out}").as_bytes()).ok()?;
    Some((out, is_shortened))
}

/// Says in words what an element holds, for notes.
pub(super) fn words(node: &Node<'_>) -> String {
    if !node.text().is_empty() {
        return node.text().to_owned();
    }
    let spaced = |parts: &[&str]| {
        let parts: Vec<_> = parts
            .iter()
            .copied()
            .filter(|part| !part.is_empty())
            .collect();
        parts.join(" ")
    };
    if node.get("code").is_some() && node.get("value").is_none() {
        let (code, system) = (node.word("code"), node.word("system"));
        return spaced(&[
            node.word("display"),
            &format!("[{}]", spaced(&[code, system])),
        ]);
    }
    if node.get("value").is_some() {
        let (unit, code) = (node.word("unit"), node.word("code"));
        let value = format!("{}{}", node.word("comparator"), node.word("value"));
        let code = if unit == code { "" } else { code };
        return spaced(&[&value, unit, code]);
    }
    if let Some(display) = node
        .get("display")
        .filter(|_| node.get("reference").is_some())
    {
        return words(display);
    }
    if let [("text" | "display", text)] = node.members() {
        return words(text);
    }
    if let Some(codings) = node.get("coding") {
        let codings = codings.items().iter().map(words);
        let parts: Vec<_> = node
            .get("text")
            .map(words)
            .into_iter()
            .chain(codings)
            .collect();
        return parts.join(", ");
    }
    let parts: Vec<String> = match node.members() {
        [] => {
            let is_array = !matches!(node.items(), [one] if std::ptr::eq(one, node));
            let items = if is_array { node.items() } else { &[] };
            items.iter().map(words).collect()
        }
        members => {
            let said = members.iter().map(|(name, member)| (name, words(member)));
            said.filter(|(_, words)| !words.is_empty())
                .map(|(name, words)| format!("{name} {words}"))
                .collect()
        }
    };
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "expect![] is passed as it is made"
    )]
    fn check(text: &str, expected: Expect) {
        expected.assert_eq(&format!("{:?}", hl7_time(text)));
    }

    #[test]
    fn a_time_keeps_its_precision_and_its_offset() {
        check("2026", expect![[r#"Some(("2026", false))"#]]);
        check("2026-03", expect![[r#"Some(("202603", false))"#]]);
        check("2026-03-01", expect![[r#"Some(("20260301", false))"#]]);
        check(
            "2026-03-01T10:11:12Z",
            expect![[r#"Some(("20260301101112+0000", false))"#]],
        );
        check(
            "2026-03-01T10:11:12.500-03:30",
            expect![[r#"Some(("20260301101112.500-0330", false))"#]],
        );
        check(
            "2026-03-01T10:11:12.1234567+01:00",
            expect![[r#"Some(("20260301101112.1234+0100", true))"#]],
        );
        check("10:11:12", expect![[r#"Some(("101112", false))"#]]);
        check("2026-02-30", expect!["None"]);
        check("yesterday", expect!["None"]);
    }

    #[test]
    fn words_say_all_that_is_there() {
        let concept = br#"{"coding":[{"system":"http://loinc.org","code":"1-8","display":"A"},{"code":"x"}],"text":"B"}"#;
        let all = words(&Node::read(concept).unwrap());
        expect!["B, A [1-8 http://loinc.org], [x]"].assert_eq(&all);
        let range =
            br#"{"low":{"value":3.50,"unit":"mmol/L"},"high":{"comparator":"<","value":5}}"#;
        expect!["low 3.50 mmol/L, high <5"].assert_eq(&words(&Node::read(range).unwrap()));
    }
}
