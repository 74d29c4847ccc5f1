//! OBX-2, OBX-5 and OBX-6: a value by its FHIR type, and as text where HL7 v2 has no type that holds all of it.

use super::carrier::{At, Carrier, Piece, Spot};
use super::grid::{Content, Place};
use super::primitive::words;
use super::tables::Map;
use super::tree::Node;

/// The longest ST; what is longer is sent as TX. HL7 v2.5.1, chapter 2A.74.
const ST_CHARACTERS_MAX: usize = 199;

const TYPE: At = At::Field(2);
const VALUE: At = At::Field(5);

const fn component(number: usize) -> At {
    At::Component(5, number)
}

impl<'c, 'a> Carrier<'c, 'a> {
    /// Writes the value of an Observation or of one of its components.
    pub(super) fn value_of(&self, spot: Spot<'c, 'a>) -> Piece<'c, 'a> {
        let is_value = |name: &str| {
            let kind = name.strip_prefix("value");
            kind.is_some_and(|kind| kind.starts_with(|c: char| c.is_ascii_uppercase()))
        };
        let mut members = spot.node.members().iter();
        let Some((name, node)) = members.find(|(name, _)| is_value(name)) else {
            return Piece::default();
        };
        let kind = name.strip_prefix("value").unwrap_or_default();
        self.value(kind, Spot { node, ..spot })
    }

    /// Writes a value of a type.
    pub(super) fn value(&self, kind: &str, spot: Spot<'c, 'a>) -> Piece<'c, 'a> {
        let node = spot.node;
        let made = match kind {
            "Quantity" => self.quantity(node),
            "CodeableConcept" => self.concept("CWE.CodeableConcept", spot),
            "Coding" => self.concept("CWE.Coding", spot),
            "Integer" | "PositiveInt" | "UnsignedInt" | "Decimal" => Some(typed("NM", node)),
            "Boolean" => Some(boolean(node)),
            "DateTime" | "Instant" | "Date" | "Time" => self.moment(spot),
            "Period" => self.period(spot),
            "Range" => self.amounts(node, ["low", "high"]),
            "Ratio" => self.amounts(node, ["numerator", "denominator"]),
            "SampledData" => self.samples(node),
            "Attachment" => Some(self.attachment(node)),
            _ => None,
        };
        let made = made.filter(|piece| !piece.cells.is_empty());
        made.unwrap_or_else(|| text(node))
    }

    fn concept(&self, table: &str, spot: Spot<'c, 'a>) -> Option<Piece<'c, 'a>> {
        let mut piece = self.table(table, spot, VALUE);
        if piece.cells.is_empty() {
            return None;
        }
        piece.text(TYPE, "CWE");
        Some(piece)
    }

    fn quantity(&self, node: &'c Node<'a>) -> Option<Piece<'c, 'a>> {
        let digits = node.get("value").filter(|digits| is_plain(digits.text()))?;
        let mut piece = Piece::default();
        match node.get("comparator") {
            None => {
                piece.text(TYPE, "NM").text(VALUE, digits.text());
            }
            Some(comparator) => {
                piece.text(TYPE, "SN").text(component(1), comparator.text());
                piece.text(component(2), digits.text()).take(comparator);
            }
        }
        piece.take(digits);
        self.unit(node, &mut piece);
        Some(piece)
    }

    /// Writes OBX-6: the code first, which receivers look at, and the words where they are others.
    pub(super) fn unit(&self, node: &'c Node<'a>, piece: &mut Piece<'c, 'a>) {
        let (unit, code, system) = (node.word("unit"), node.word("code"), node.word("system"));
        let at = |number| At::Component(6, number);
        if code.is_empty() {
            piece.text(at(1), unit);
            piece.taken.extend(node.get("unit"));
            return;
        }
        piece.text(at(1), code);
        if unit != code {
            piece.text(at(2), unit);
        }
        piece.text(at(3), &self.system_name(system));
        for name in ["unit", "code", "system"] {
            piece.taken.extend(node.get(name));
        }
    }

    /// Writes a date, a moment or a time of day; the older versions call a moment TS.
    fn moment(&self, spot: Spot<'c, 'a>) -> Option<Piece<'c, 'a>> {
        let time = self.time(spot.node.text(), spot)?;
        let text = spot.node.text();
        let kind = match (text.contains('T'), text.contains(':')) {
            (false, true) => "TM",
            (false, false) => "DT",
            (true, _) if self.outbound.is_before_dtm() => "TS",
            (true, _) => "DTM",
        };
        let mut piece = Piece::default();
        piece.text(TYPE, kind).text(VALUE, &time).take(spot.node);
        Some(piece)
    }

    fn period(&self, spot: Spot<'c, 'a>) -> Option<Piece<'c, 'a>> {
        let mut piece = Piece::default();
        for (number, name) in [(1, "start"), (2, "end")] {
            let Some(end) = spot.node.get(name) else {
                continue;
            };
            let time = self.time(end.text(), Spot { node: end, ..spot })?;
            piece.text(component(number), &time).take(end);
        }
        piece.text(TYPE, "DR");
        Some(piece).filter(|piece| !piece.taken.is_empty())
    }

    /// Writes two amounts of one unit, as a range or as a ratio; two units have no place in HL7 v2.
    fn amounts(&self, node: &'c Node<'a>, names: [&str; 2]) -> Option<Piece<'c, 'a>> {
        let [first, second] = names.map(|name| node.get(name));
        let is_ratio = names.contains(&"numerator");
        let digits = |amount: Option<&'c Node<'a>>| amount.and_then(|amount| amount.get("value"));
        let all_plain = [first, second].into_iter().flatten().all(|amount| {
            let comparator = amount.word("comparator");
            is_plain(amount.word("value")) && (comparator.is_empty() || is_ratio)
        });
        if !all_plain || second.is_some_and(|second| second.get("comparator").is_some()) {
            return None;
        }
        let same = |name: &str| {
            let [one, other] = [first?, second?].map(|amount| amount.word(name));
            Some(one == other || (is_ratio && other.is_empty()))
        };
        let is_one_unit = ["unit", "code", "system"]
            .iter()
            .all(|name| same(name).unwrap_or(true));
        if !is_one_unit {
            return None;
        }
        let mut piece = Piece::default();
        match (digits(first), digits(second)) {
            (Some(low), Some(high)) => {
                let comparator = first.and_then(|first| first.get("comparator"));
                piece.text(TYPE, "SN");
                piece.text(component(1), comparator.map_or("", Node::text));
                piece.text(component(2), low.text());
                piece.text(component(3), if is_ratio { ":" } else { "-" });
                piece.text(component(4), high.text());
                piece.taken.extend(comparator);
            }
            (None, None) => return None,
            _ if is_ratio => return None,
            (low, high) => {
                piece.text(TYPE, "NR");
                piece.text(component(1), low.map_or("", Node::text));
                piece.text(component(2), high.map_or("", Node::text));
            }
        }
        piece
            .taken
            .extend([digits(first), digits(second)].into_iter().flatten());
        for amount in [first, second].into_iter().flatten() {
            let mut other = Piece::default();
            self.unit(amount, &mut other);
            piece.taken.append(&mut other.taken);
            if piece.cells.range(Place::field(6)..).next().is_none() {
                piece.cells.append(&mut other.cells);
            }
        }
        Some(piece)
    }

    /// Writes samples that are true values; what has a factor, an origin or bounds would be read as other values.
    fn samples(&self, node: &'c Node<'a>) -> Option<Piece<'c, 'a>> {
        let origin = node.get("origin")?;
        let is_true = |name: &str, value: &str| {
            let digits = node.word(name);
            digits.is_empty() || is_same_number(digits, value)
        };
        let data = node.get("data")?;
        let zero = origin.word("value");
        let dimensions = node.word("dimensions");
        let samples: Vec<&str> = data.text().split_whitespace().collect();
        let all_plain = samples.iter().all(|one| *one == "E" || is_plain(one));
        if !is_true("factor", "1") || !(zero.is_empty() || is_same_number(zero, "0")) || !all_plain
        {
            return None;
        }
        if dimensions != "1" || node.get("lowerLimit").is_some() || node.get("upperLimit").is_some()
        {
            return None;
        }
        let mut piece = Piece::default();
        piece.text(TYPE, "NA");
        for (number, sample) in (1..).zip(&samples) {
            piece.text(component(number), if *sample == "E" { "" } else { sample });
        }
        self.unit(origin, &mut piece);
        piece.take(data);
        piece.taken.extend(origin.get("value"));
        piece.taken.extend(
            ["factor", "dimensions"]
                .into_iter()
                .filter_map(|name| node.get(name)),
        );
        Some(piece)
    }

    /// Writes a document: its bytes as ED, or where it is as RP.
    pub(super) fn attachment(&self, node: &'c Node<'a>) -> Piece<'c, 'a> {
        let content_type = node.word("contentType");
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let (kind, subtype) = essence.split_once('/').unwrap_or(("", essence));
        let (kind, subtype) = match kind {
            "image" => ("IM", subtype),
            "audio" => ("AU", subtype),
            "text" => ("TEXT", subtype),
            "multipart" => ("multipart", subtype),
            "application" | "" => ("AP", subtype),
            // HL7 table 0191 has no such type; the whole name stands in the subtype.
            _ => ("AP", essence),
        };
        let mut piece = Piece::default();
        let data = node.get("data").filter(|data| !data.text().is_empty());
        if let Some(data) = data {
            piece.text(TYPE, "ED").text(component(2), kind);
            piece
                .text(component(3), subtype)
                .text(component(4), "Base64");
            piece.text(component(5), data.text()).take(data);
        } else if let Some(url) = node.get("url") {
            piece
                .text(TYPE, "RP")
                .text(component(1), url.text())
                .take(url);
            if let Some(title) = node.get("title") {
                piece.text(component(2), title.text()).take(title);
            }
            if !essence.is_empty() {
                piece.text(component(3), kind).text(component(4), subtype);
            }
        } else {
            return piece;
        }
        if essence == content_type {
            piece.taken.extend(node.get("contentType"));
        }
        piece
    }

    /// Writes who performed it as OBX-23 and where that is as OBX-24; of several the first, who is responsible, as OBX-15.
    pub(super) fn organizations(&self, spot: Spot<'c, 'a>) -> Piece<'c, 'a> {
        let of = |data_type, node: &'c Node<'a>, field| {
            let target = "Organization";
            let map = Map::Reference { data_type, target };
            self.map(map, "", Spot { node, ..spot }, At::Field(field))
        };
        let performers = spot.node.get("performer").map_or(&[][..], Node::items);
        let is_one = |node: &&'c Node<'a>| !of("XON", node, 23).cells.is_empty();
        let all: Vec<_> = performers.iter().filter(is_one).collect();
        let mut whole = Piece::default();
        if let Some(last) = all.last() {
            whole.join(of("XON", last, 23));
            whole.join(of("XAD", last, 24));
        }
        if let [first, _, ..] = all.as_slice() {
            whole.join(of("CWE", first, 15));
        }
        whole
    }

    /// Writes OBX-7: the words for the range, else its bounds.
    pub(super) fn range(&self, spot: Spot<'c, 'a>, at: At) -> Piece<'c, 'a> {
        let node = spot.node;
        let mut piece = Piece::default();
        if let Some(text) = node.get("text") {
            piece.text(at, text.text()).take(text);
        }
        let bounds = ["low", "high"].map(|name| node.get(name));
        let digits = bounds.map(|bound| bound.map_or("", |bound| bound.word("value")));
        let is_said = |digits: &str| node.word("text").contains(digits);
        match digits {
            ["", ""] => return piece,
            _ if node.get("text").is_some() && !digits.into_iter().all(is_said) => return piece,
            _ if node.get("text").is_some() => {}
            [low, ""] => {
                piece.text(at, &format!(">={low}"));
            }
            ["", high] => {
                piece.text(at, &format!("<={high}"));
            }
            [low, high] => {
                let is_signed = low.starts_with('-') || high.starts_with('-');
                let between = if is_signed { " - " } else { "-" };
                piece.text(at, &format!("{low}{between}{high}"));
            }
        }
        for bound in bounds.into_iter().flatten() {
            piece.taken.extend(bound.get("value"));
            if has_unit(&spot.owner.node, bound) {
                let unit = ["unit", "code", "system"];
                piece
                    .taken
                    .extend(unit.into_iter().filter_map(|name| bound.get(name)));
            }
        }
        piece
    }
}

/// Reports whether a value of the Observation says the unit, which then need not stand in the range.
fn has_unit(observation: &Node<'_>, bound: &Node<'_>) -> bool {
    let parts = observation.get("component").map_or(&[][..], Node::items);
    let values = std::iter::once(observation).chain(parts);
    let mut values = values.filter_map(|part| part.get("valueQuantity"));
    values.any(|value| {
        let same = |name: &str| value.word(name) == bound.word(name);
        (!bound.word("code").is_empty() && same("code")) || (same("unit") && same("code"))
    })
}

fn typed<'c, 'a>(kind: &str, node: &'c Node<'a>) -> Piece<'c, 'a> {
    let mut piece = Piece::default();
    piece.text(TYPE, kind).text(VALUE, node.text()).take(node);
    piece
}

fn boolean<'c, 'a>(node: &'c Node<'a>) -> Piece<'c, 'a> {
    let (code, display) = match node.text() {
        "true" => ("Y", "Yes"),
        _ => ("N", "No"),
    };
    let mut piece = Piece::default();
    piece.text(TYPE, "CWE").text(component(1), code);
    piece
        .text(component(2), display)
        .text(component(3), "HL70136")
        .take(node);
    piece
}

/// Writes what is left of the types as text: several lines as FT, what is too long for ST as TX.
pub(super) fn text<'c, 'a>(node: &'c Node<'a>) -> Piece<'c, 'a> {
    let mut piece = text_of(&words(node));
    if !piece.cells.is_empty() {
        piece.take(node);
    }
    piece
}

/// Writes a text that is nowhere as it stands.
pub(super) fn text_of<'c, 'a>(words: &str) -> Piece<'c, 'a> {
    let mut piece = Piece::default();
    if words.is_empty() {
        return piece;
    }
    let kind = if words.contains('\n') {
        "FT"
    } else if words.chars().count() > ST_CHARACTERS_MAX {
        "TX"
    } else {
        "ST"
    };
    let content = match kind {
        "FT" => Content::Formatted(words.to_owned()),
        _ => Content::Text(words.to_owned()),
    };
    piece.text(TYPE, kind).put(VALUE, content);
    piece
}

/// Makes a text of any kind an ST.
pub(super) fn make_plain(piece: &mut Piece<'_, '_>) {
    let kind = piece.cells.get_mut(&Place::field(2));
    let Some(kind) =
        kind.filter(|kind| matches!(kind, Content::Text(kind) if kind == "FT" || kind == "TX"))
    else {
        return;
    };
    *kind = Content::Text("ST".to_owned());
    if let Some(content) = piece.cells.get_mut(&Place::field(5))
        && let Content::Formatted(text) = content
    {
        *content = Content::Text(std::mem::take(text));
    }
}

/// Reports whether digits are a number as HL7 v2 writes it, which has no exponent.
fn is_plain(digits: &str) -> bool {
    !digits.is_empty()
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
}

/// Compares with a whole number of one digit, whatever zeros stand behind the point.
fn is_same_number(digits: &str, whole: &str) -> bool {
    match digits.split_once('.') {
        None => digits == whole,
        Some((found, zeros)) => found == whole && zeros.bytes().all(|byte| byte == b'0'),
    }
}
