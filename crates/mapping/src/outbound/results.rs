//! ORU^R01: reports with their results, and results that no report lists, by patient and stay.

use super::carrier::{Carrier, Mode, Piece, Spot};
use super::grid::{Room, Segment};
use super::store::{Resource, Target};
use super::tree::Node;
use super::{Draft, patient, stay, value};

/// ORC-1 of results: observations follow (HL7 table 0119).
const RESULTS_FOLLOW: &str = "RE";

/// How deep results may be members of others.
const MEMBERS_DEPTH_MAX: usize = 8;

/// Gives a message for each patient and stay that has results.
pub(super) fn messages<'c, 'a>(carrier: &Carrier<'c, 'a>) -> Vec<Draft<'c, 'a>> {
    let mut orders = Orders {
        carrier,
        sent: Vec::new(),
    };
    let mut groups: Vec<([&str; 2], Draft<'c, 'a>)> = Vec::new();
    for resource in orders.roots() {
        let word = |name: &str| {
            resource
                .node
                .get(name)
                .map_or("", |to| to.word("reference"))
        };
        let key = ["subject", "encounter"].map(word);
        let place = groups.iter().position(|(known, _)| *known == key);
        let place = place.unwrap_or_else(|| {
            let mut segments = vec![patient(carrier, resource)];
            segments.extend(stay(carrier, resource));
            let about = Vec::new();
            let draft = Draft {
                kind: ["ORU", "R01"],
                segments,
                about,
            };
            groups.push((key, draft));
            groups.len() - 1
        });
        if let Some((_, draft)) = groups.get_mut(place) {
            orders.order(resource, draft);
        }
    }
    groups.into_iter().map(|(_, draft)| draft).collect()
}

/// Reports whether a report is nothing but its document.
pub(super) fn is_document(resource: &Resource<'_>) -> bool {
    resource.kind == "DiagnosticReport"
        && resource.node.get("result").is_none()
        && resource.node.get("presentedForm").is_some()
}

struct Orders<'o, 'c, 'a> {
    carrier: &'o Carrier<'c, 'a>,
    /// The Observations that are in a message.
    sent: Vec<*const Node<'a>>,
}

/// One OBR and what is under it.
struct Order<'c, 'a> {
    /// ORC, which is sent where it names the order.
    common: Segment,
    request: Segment,
    /// OBX segments, each with its notes.
    results: Vec<(Segment, Vec<Segment>)>,
    specimens: Vec<Segment>,
    /// How many results have parts.
    panels: usize,
    about: Vec<&'c Resource<'a>>,
}

impl<'c, 'a> Orders<'_, 'c, 'a> {
    /// Gives the reports, and the Observations that stand for themselves.
    fn roots(&self) -> Vec<&'c Resource<'a>> {
        let all = &self.carrier.store.resources;
        let mut members: Vec<*const Node<'a>> = Vec::new();
        for resource in all {
            let references = match resource.kind.as_str() {
                "DiagnosticReport" => references(&resource.node, "result"),
                "Observation" => references(&resource.node, "hasMember"),
                // What a notice is about goes with it.
                "Communication" => super::document::results(&resource.node),
                _ => continue,
            };
            let targets = references
                .into_iter()
                .filter_map(|reference| resolve(all, reference));
            // A result that is its own member would never be sent.
            let others = targets.filter(|target| !std::ptr::eq(*target, resource));
            members.extend(others.map(|target| std::ptr::from_ref(&target.node)));
        }
        let reports = all
            .iter()
            .filter(|one| one.kind == "DiagnosticReport" && !is_document(one));
        let loose = all.iter().filter(|one| {
            one.kind == "Observation" && !members.contains(&std::ptr::from_ref(&one.node))
        });
        reports.chain(loose).collect()
    }

    /// Writes a report, or a result that stands for itself.
    fn order(&mut self, resource: &'c Resource<'a>, draft: &mut Draft<'c, 'a>) {
        let carrier = self.carrier;
        let number = draft
            .segments
            .iter()
            .filter(|one| one.name == "OBR")
            .count()
            + 1;
        let spot = Spot {
            node: &resource.node,
            owner: resource,
        };
        let mut order = Order {
            common: Segment::new("ORC"),
            request: Segment::new("OBR"),
            results: Vec::new(),
            specimens: Vec::new(),
            panels: 0,
            about: vec![resource],
        };
        order.request.set(1, &number.to_string());
        order.common.set(1, RESULTS_FOLLOW);
        take_reference(carrier, resource, "subject");
        take_reference(carrier, resource, "encounter");
        let table = format!("OBR.{}", resource.kind);
        carrier.fill(&mut order.request, &table, spot, Mode::Fill);
        let table = format!("ORC.{}", resource.kind);
        carrier.fill(&mut order.common, &table, spot, Mode::Fill);
        self.requests(spot, &mut order);
        self.specimens(spot, &mut order);
        if resource.kind == "Observation" {
            self.result(resource, &mut order, None, 0);
        } else {
            for reference in resource.node.get("result").map_or(&[][..], Node::items) {
                self.member(resource, reference, &mut order, None, 0);
            }
            for form in resource
                .node
                .get("presentedForm")
                .map_or(&[][..], Node::items)
            {
                let mut segment = Segment::new("OBX");
                carrier.place(&mut segment, carrier.attachment(form), Room::Field, true);
                carrier.fill(&mut segment, "OBX.DiagnosticReport", spot, Mode::Fill);
                order.results.push((segment, Vec::new()));
            }
        }
        let notes = match resource.kind.as_str() {
            "Observation" => Vec::new(),
            _ => notes(carrier, &resource.kind, spot),
        };
        order.finish(notes, draft);
    }

    /// Fills ORC and OBR from what was ordered.
    fn requests(&self, spot: Spot<'c, 'a>, order: &mut Order<'c, 'a>) {
        for reference in spot.node.get("basedOn").map_or(&[][..], Node::items) {
            let Some(target) = self.carrier.store.resolve(spot.owner, reference) else {
                continue;
            };
            if target.node.word("resourceType") != "ServiceRequest" {
                continue;
            }
            reference.take();
            let inner = Spot {
                node: target.node,
                owner: target.owner,
            };
            take_same(self.carrier, spot.owner, target);
            for (segment, table) in [
                (&mut order.common, "ORC.ServiceRequest"),
                (&mut order.request, "OBR.ServiceRequest"),
            ] {
                self.carrier.fill(segment, table, inner, Mode::Fill);
            }
        }
    }

    /// Writes SPM for each specimen that is met first.
    fn specimens(&self, spot: Spot<'c, 'a>, order: &mut Order<'c, 'a>) {
        for reference in spot.node.get("specimen").map_or(&[][..], Node::items) {
            let Some(target) = self.carrier.store.resolve(spot.owner, reference) else {
                continue;
            };
            reference.take();
            let mut segment = Segment::new("SPM");
            let inner = Spot {
                node: target.node,
                owner: target.owner,
            };
            take_same(self.carrier, spot.owner, target);
            self.carrier
                .fill(&mut segment, "SPM.Specimen", inner, Mode::Fill);
            let is_known = order
                .specimens
                .iter()
                .any(|known| known.is_same_from(2, &segment));
            if !is_known {
                segment.set(1, &(order.specimens.len() + 1).to_string());
                order.specimens.push(segment);
            }
        }
    }

    fn member(
        &mut self,
        owner: &'c Resource<'a>,
        reference: &'c Node<'a>,
        order: &mut Order<'c, 'a>,
        sub_id: Option<&str>,
        depth: usize,
    ) {
        let Some(target) = self.carrier.store.resolve(owner, reference) else {
            return;
        };
        if target.node.word("resourceType") != "Observation" || depth > MEMBERS_DEPTH_MAX {
            return;
        }
        reference.take();
        if !std::ptr::eq(target.node, &target.owner.node) {
            take_same(self.carrier, owner, target);
            let spot = Spot {
                node: target.node,
                owner: target.owner,
            };
            self.one(spot, order, sub_id, depth);
        } else {
            self.result(target.owner, order, sub_id, depth);
        }
    }

    fn result(
        &mut self,
        resource: &'c Resource<'a>,
        order: &mut Order<'c, 'a>,
        sub_id: Option<&str>,
        depth: usize,
    ) {
        take_reference(self.carrier, resource, "subject");
        take_reference(self.carrier, resource, "encounter");
        if !order
            .about
            .iter()
            .any(|known| std::ptr::eq(*known, resource))
        {
            order.about.push(resource);
        }
        let spot = Spot {
            node: &resource.node,
            owner: resource,
        };
        self.one(spot, order, sub_id, depth);
    }

    /// Writes a result, its components and its members; a result that stands in two reports is sent in both.
    fn one(
        &mut self,
        spot: Spot<'c, 'a>,
        order: &mut Order<'c, 'a>,
        sub_id: Option<&str>,
        depth: usize,
    ) {
        let carrier = self.carrier;
        let address = std::ptr::from_ref(spot.node);
        if depth > 0 && self.sent.contains(&address) {
            return;
        }
        self.sent.push(address);
        let mut segment = Segment::new("OBX");
        carrier.fill(&mut segment, "OBX.Observation", spot, Mode::Fill);
        carrier.fill(&mut order.request, "OBR.Result", spot, Mode::Agree);
        self.requests(spot, order);
        self.specimens(spot, order);
        let components = spot.node.get("component").map_or(&[][..], Node::items);
        let members = spot.node.get("hasMember").map_or(&[][..], Node::items);
        let repeated = self.repeated(&mut segment, spot, components);
        let has_parts = !members.is_empty() || !(repeated || components.is_empty());
        if let Some(sub_id) = sub_id.filter(|_| !segment.has(4)) {
            segment.set(4, sub_id);
        } else if has_parts && !segment.has(4) {
            order.panels += 1;
            segment.set(4, &order.panels.to_string());
        }
        let sub_id = segment.text(4).to_owned();
        let notes = notes(carrier, "Observation", spot);
        order.results.push((segment, notes));
        if !repeated {
            for (number, component) in (1..).zip(components) {
                let mut part = Segment::new("OBX");
                let inner = Spot {
                    node: component,
                    ..spot
                };
                part.set(4, &format!("{sub_id}.{number}"));
                carrier.fill(&mut part, "OBX.Component", inner, Mode::Fill);
                carrier.fill(&mut part, "OBX.Context", spot, Mode::Fill);
                let notes = self::notes(carrier, "Component", inner);
                order.results.push((part, notes));
            }
        }
        for (number, reference) in (components.len() + 1..).zip(members) {
            let part = format!("{sub_id}.{number}");
            self.member(spot.owner, reference, order, Some(&part), depth + 1);
        }
    }

    /// Writes components that are no more than further values of the same code as repetitions of OBX-5.
    fn repeated(
        &self,
        segment: &mut Segment,
        spot: Spot<'c, 'a>,
        components: &'c [Node<'a>],
    ) -> bool {
        let code = spot.node.get("code");
        let is_plain = |part: &Node<'_>| {
            let is_own = part
                .members()
                .iter()
                .all(|(name, _)| *name == "code" || name.starts_with("value"));
            let same = code
                .zip(part.get("code"))
                .is_some_and(|(one, other)| one.is_like(other));
            is_own && same
        };
        if components.is_empty() || segment.has(5) || !components.iter().all(is_plain) {
            return false;
        }
        let pieces: Vec<_> = components
            .iter()
            .map(|node| {
                let mut piece = self.carrier.value_of(Spot { node, ..spot });
                // Repetitions of FT and TX would be read as lines of one text.
                value::make_plain(&mut piece);
                (node, piece)
            })
            .collect();
        let first = pieces.first().map(|(_, piece)| piece.around(5));
        let is_same =
            |piece: &Piece<'_, '_>| !piece.cells.is_empty() && Some(piece.around(5)) == first;
        if !pieces.iter().all(|(_, piece)| is_same(piece)) {
            return false;
        }
        for (repetition, (node, piece)) in (1..).zip(pieces) {
            segment.repeat(repetition, 5, piece.cells);
            for node in piece.taken {
                node.take();
            }
            if let Some(code) = node.get("code") {
                code.take();
            }
        }
        true
    }
}

impl<'c, 'a> Order<'c, 'a> {
    /// Puts the segments behind each other and counts them.
    fn finish(mut self, notes: Vec<Segment>, draft: &mut Draft<'c, 'a>) {
        self.tell_apart();
        if (2..=4).any(|field| self.common.has(field)) {
            draft.segments.push(self.common);
        }
        draft.segments.push(self.request);
        draft.segments.extend(notes);
        for (number, (mut segment, notes)) in (1..).zip(self.results) {
            segment.set(1, &number.to_string());
            draft.segments.push(segment);
            draft.segments.extend(notes);
        }
        draft.segments.extend(self.specimens);
        for resource in self.about {
            if !draft
                .about
                .iter()
                .any(|known| std::ptr::eq(*known, resource))
            {
                draft.about.push(resource);
            }
        }
    }

    /// Several results of one code in one order need a sub-id (HL7 v2.5.1, chapter 7.4.2.4).
    fn tell_apart(&mut self) {
        let keys: Vec<_> = self
            .results
            .iter()
            .map(|(segment, _)| format!("{:?}{:?}", segment.contents(3), segment.contents(4)))
            .collect();
        for (place, (segment, _)) in self.results.iter_mut().enumerate() {
            let key = keys.get(place);
            let same = |other: &&String| Some(*other) == key;
            if !segment.has(4) && keys.iter().filter(same).count() > 1 {
                let number = keys.iter().take(place + 1).filter(same).count();
                segment.set(4, &number.to_string());
            }
        }
    }
}

/// Writes notes: what a resource has as such, and what has no field but must not be lost.
pub(super) fn notes<'c, 'a>(
    carrier: &Carrier<'c, 'a>,
    resource: &str,
    spot: Spot<'c, 'a>,
) -> Vec<Segment> {
    let mut notes: Vec<Segment> = Vec::new();
    for row in carrier.tables.notes(resource) {
        for node in row.path.find(spot.node) {
            if !node.has_left() {
                continue;
            }
            let mut segment = Segment::new("NTE");
            segment.set(1, &(notes.len() + 1).to_string());
            let inner = Spot { node, ..spot };
            if row.words.is_empty() && node.text().is_empty() {
                carrier.fill(&mut segment, "NTE.Annotation", inner, Mode::Fill);
            } else {
                let mut piece = Piece::default();
                let words = match row.words {
                    "" => node.text().to_owned(),
                    before => format!("{before}: {}", super::primitive::words(node)),
                };
                let content = super::grid::Content::Formatted(words);
                piece.put(super::carrier::At::Field(3), content).take(node);
                carrier.place(&mut segment, piece, Room::Field, true);
            }
            if segment.has(3) {
                notes.push(segment);
            }
        }
    }
    notes
}

/// Says that a reference is carried, where what it leads to is.
pub(super) fn take_reference<'c, 'a>(
    carrier: &Carrier<'c, 'a>,
    owner: &'c Resource<'a>,
    name: &str,
) {
    if let Some(reference) = owner.node.get(name)
        && carrier.store.resolve(owner, reference).is_some()
    {
        reference.take();
    }
}

/// Says that whom and which stay something is about is carried, where that is what the message is about.
fn take_same<'c, 'a>(carrier: &Carrier<'c, 'a>, owner: &'c Resource<'a>, other: Target<'c, 'a>) {
    for name in ["subject", "encounter"] {
        let (Some(about), Some(reference)) = (owner.node.get(name), other.node.get(name)) else {
            continue;
        };
        let to = |owner, reference| {
            let target = carrier.store.resolve(owner, reference)?;
            Some(std::ptr::from_ref(target.node))
        };
        let found = to(other.owner, reference);
        if about.is_like(reference) || (found.is_some() && found == to(owner, about)) {
            reference.take();
        }
    }
}

fn references<'c, 'a>(node: &'c Node<'a>, name: &str) -> Vec<&'c Node<'a>> {
    node.get(name).map_or(&[][..], Node::items).iter().collect()
}

fn resolve<'c, 'a>(all: &'c [Resource<'a>], reference: &Node<'_>) -> Option<&'c Resource<'a>> {
    all.iter()
        .find(|one| one.is_at(reference.word("reference")))
}
