//! One transaction set being mapped: what of it was taken, what was doubtful, and the resources so far.

mod resource;

use std::collections::{BTreeMap, BTreeSet};

use clinical::{EventTime, PatientKey, ReceivedTime, RecordedTime};
use formats::fhir::json;
use formats::x12::{Element, Guide, Loop, LoopIssueCode, Segment, Set, Tree};

use super::people::Party;
use super::report::{Coverage, Mark};
use super::{DoubtCode, Issue, Refusal, tables, value};
use crate::draft::Draft;
use crate::map::link;
use crate::source::Source;
pub(super) use resource::Resource;
use resource::Told;

/// The URL of the extension that keeps a segment as it was sent, where FHIR has no element for it.
pub(super) const KEPT: &str = "urn:pulsewire:x12:segment";

/// So many segments of what stands above claims, answers or members are told with each of them; all are told with the first. No
/// level has so many that are known, and without an end a set could say n things of n claims each.
pub(super) const TOLD_WITH_EACH: usize = 32;

/// How much of what stands above is told: everything once, and with each other the beginning.
pub(super) const fn most_told(is_once: bool) -> usize {
    match is_once {
        true => usize::MAX,
        false => TOLD_WITH_EACH,
    }
}

/// How many marks back a segment's own may be: no segment has so many elements with components.
const RECENT_MARKS: usize = 200;

/// What a set is about; what it says beside them is kept with the one that it stands with.
const SUBJECTS: [&str; 9] = [
    "Claim",
    "ClaimResponse",
    "Coverage",
    "CoverageEligibilityRequest",
    "CoverageEligibilityResponse",
    "ExplanationOfBenefit",
    "Patient",
    "PaymentReconciliation",
    "Task",
];

/// The resources, what of the set they have, and what was doubtful.
type Finished = (Vec<Draft>, Coverage, Vec<Issue>);

/// A transaction set being mapped.
pub(super) struct Page<'p> {
    pub(super) source: &'p Source,
    pub(super) key: PatientKey,
    /// When the set was made, as FHIR writes it.
    pub(super) created: String,
    /// Whether it answers: who the member is was said by whoever asked.
    is_answer: bool,
    /// When it was true, unless a resource knows better.
    pub(super) time: EventTime,
    /// When the sender made it, where the set says so.
    recorded: Option<RecordedTime>,
    marks: Vec<Mark>,
    issues: Vec<Issue>,
    drafts: Vec<Told>,
    /// Where each resource's draft is.
    places: BTreeMap<(&'static str, Box<str>), usize>,
    /// The resources that the set is about: where what each says begins, and where its draft is.
    subjects: Vec<(usize, usize)>,
    /// How many marks were made when the last of them ended.
    marked: usize,
    /// Up to where they reach.
    reached: usize,
    /// How many resources of one name there are so far.
    turns: BTreeMap<(&'static str, String), u64>,
    /// The loops of which all was told with what stands below them.
    told: BTreeSet<usize>,
    /// Whom a loop names, by its number: several claims stand below one.
    pub(super) parties: BTreeMap<(usize, bool), Option<Party>>,
    /// The Coverage that a level makes, by its number.
    pub(super) coverages: BTreeMap<usize, String>,
}

impl<'p> Page<'p> {
    /// Begins with the time at which the set says that it was made, or was received.
    pub(super) fn new(
        source: &'p Source,
        key: PatientKey,
        (set, tree): (&Set<'_, '_>, &Tree<'_, '_>),
        received: ReceivedTime,
    ) -> Self {
        let mut page = Self {
            source,
            key,
            is_answer: is_answer(tree),
            created: value::day_of(received.micros()),
            time: EventTime::from_micros(received.micros()),
            recorded: None,
            marks: Vec::new(),
            issues: Vec::new(),
            drafts: Vec::new(),
            places: BTreeMap::new(),
            subjects: Vec::new(),
            marked: 0,
            reached: 0,
            turns: BTreeMap::new(),
            told: BTreeSet::new(),
            parties: BTreeMap::new(),
            coverages: BTreeMap::new(),
        };
        page.made(set, tree);
        for issue in tree.issues() {
            let is_kept = matches!(
                issue.code,
                LoopIssueCode::SegmentUnknown | LoopIssueCode::SegmentMisplaced
            );
            if let Some(segment) = tree.segment(issue.place).filter(|_| is_kept) {
                page.doubt(DoubtCode::SegmentKept, segment.position());
            }
        }
        page
    }

    /// Takes the time at which the set says that it was made: BHT, BGN or the day of production, else that of its group. The day
    /// of a payment is none: it may be yet to come.
    fn made(&mut self, set: &Set<'_, '_>, tree: &Tree<'_, '_>) {
        let root = tree.root();
        let mut days = root.each("DTM");
        let produced = days.find(|day| day.element(1).raw() == b"405");
        let said = [
            (root.first("BHT"), 4, 5),
            (root.first("BGN"), 3, 4),
            (produced, 2, 3),
            (set.group_header(), 4, 5),
        ];
        for (segment, date, time) in said {
            let Some(segment) = segment else { continue };
            let (date, time) = (segment.element(date), segment.element(time));
            if let Some(at) = value::moment(&date.text(), &time.text(), &self.source.zone) {
                self.created = at.text;
                self.time = at.time;
                self.recorded = Some(RecordedTime::from_micros(at.time.micros()));
                self.mark(date, "created");
                if self.created.len() > value::DAY_BYTES {
                    self.mark(time, "created");
                }
                return;
            }
        }
    }

    /// Whether it answers a request, a question or a claim.
    pub(super) const fn is_answer(&self) -> bool {
        self.is_answer
    }

    /// Gives the member's reference.
    pub(super) fn patient(&self) -> String {
        format!("Patient/{}", link::hex(self.key.as_bytes()))
    }

    /// Begins a resource whose id derives from what names it, with what tells it from others of that name, and from its turn
    /// where nothing does.
    pub(super) fn each_of(
        &mut self,
        kind: &'static str,
        names: &[&str],
        apart: &[String],
    ) -> Resource {
        let apart = apart.iter().map(String::as_str);
        let names: &[&str] = &names.iter().copied().chain(apart).collect::<Vec<_>>();
        let first = Resource::new(kind, names);
        let turn = self.turns.entry((kind, first.id.clone())).or_default();
        *turn += 1;
        if *turn == 1 {
            return first;
        }
        let turn = turn.to_string();
        Resource::new(kind, &[names, &[&turn]].concat())
    }

    /// What a level says, for one of those that stand below it: everything for the first, and the beginning for others.
    pub(super) fn told<'f, 'b>(&mut self, of: Loop<'_, 'f, 'b>) -> Vec<&'f Segment<'b>> {
        let most = most_told(self.told.insert(of.number()));
        of.segments().take(most).collect()
    }

    /// Notes that an element went into a resource, and gives its text.
    pub(super) fn take(&mut self, element: Element<'_>, target: &'static str) -> String {
        self.mark(element, target);
        element.text().into_owned()
    }

    /// Notes that an element went into a resource.
    pub(super) fn mark(&mut self, element: Element<'_>, target: &'static str) {
        if !element.is_empty() {
            self.marks.push(Mark {
                start: element.position(),
                end: element.position() + element.raw().len(),
                target,
            });
        }
    }

    /// Notes that elements went into a resource.
    pub(super) fn mark_each(
        &mut self,
        segment: &Segment<'_>,
        elements: impl IntoIterator<Item = usize>,
        target: &'static str,
    ) {
        for element in elements {
            self.mark(segment.element(element), target);
        }
    }

    /// Gives the code of a table for an element; where the table has only one for any other, the element stays to be kept.
    pub(super) fn coded(
        &mut self,
        table: &str,
        element: Element<'_>,
        target: &'static str,
    ) -> &'static str {
        let said = element.text();
        if tables::has(table, &said) {
            self.mark(element, target);
        }
        tables::code(table, &said)
    }

    /// Notes that a whole segment went into a resource.
    pub(super) fn mark_all(&mut self, segment: &Segment<'_>, target: &'static str) {
        self.marks.push(Mark {
            start: segment.position(),
            end: segment.position() + segment.raw().len(),
            target,
        });
    }

    /// Whether something of an element went into a resource, or all of it where it has components.
    pub(super) fn has(&self, element: Element<'_>) -> bool {
        let mut parts = element.components().filter(|part| !part.is_empty());
        parts.all(|part| {
            let (start, end) = (part.position(), part.position() + part.raw().len());
            let recent = self.marks.iter().rev().take(RECENT_MARKS);
            recent
                .into_iter()
                .any(|mark| mark.start <= start && end <= mark.end)
        })
    }

    /// Whether something of a segment went into no resource, and no table says why.
    pub(super) fn has_left(&self, segment: &Segment<'_>) -> bool {
        let qualifier = segment.element(1).text();
        let mut elements = segment.elements().zip(1..);
        elements.any(|(element, number)| {
            !element.is_empty()
                && !self.has(element)
                && tables::ignored(segment.name(), &qualifier, number).is_none()
        })
    }

    /// Notes a doubt.
    pub(super) fn doubt(&mut self, code: DoubtCode, position: usize) {
        self.issues.push(Issue { code, position });
    }

    /// Gives an amount of money; nothing, and a doubt, where it is not a number.
    pub(super) fn money(&mut self, element: Element<'_>, target: &'static str) -> Vec<u8> {
        let number = self.number(element, target);
        value::money(&number)
    }

    /// Gives the digits of a number as FHIR writes them; nothing, and a doubt, where it is none.
    pub(super) fn number(&mut self, element: Element<'_>, target: &'static str) -> String {
        if element.is_empty() {
            return String::new();
        }
        match value::number(&element.text()) {
            Some(digits) => {
                self.mark(element, target);
                digits.into_owned()
            }
            None => {
                self.doubt(DoubtCode::NotANumber, element.position());
                String::new()
            }
        }
    }

    /// Gives a day as FHIR writes it; nothing, and a doubt, where it is none.
    pub(super) fn day(&mut self, element: Element<'_>, target: &'static str) -> String {
        if element.is_empty() {
            return String::new();
        }
        let found = value::moment(&element.text(), "", &self.source.zone);
        match found {
            Some(at) => {
                self.mark(element, target);
                at.text
            }
            None => {
                self.doubt(DoubtCode::NotATime, element.position());
                String::new()
            }
        }
    }

    /// Gives the time or the span that a DTP segment says; nothing, and a doubt, where it says none.
    pub(super) fn span(
        &mut self,
        segment: &Segment<'_>,
        target: &'static str,
    ) -> Option<value::Span> {
        let said = segment.element(3);
        let span = value::span(&segment.element(2).text(), &said.text(), &self.source.zone);
        if span.is_some() {
            self.mark_all(segment, target);
        } else if !said.is_empty() && !value::is_clock(&segment.element(2).text(), &said.text()) {
            self.doubt(DoubtCode::NotATime, said.position());
        }
        span
    }

    /// Keeps a segment as it stands in an extension of a resource.
    pub(super) fn keep(&mut self, resource: &mut Resource, segment: &Segment<'_>) {
        self.mark_all(segment, "extension");
        let text = String::from_utf8_lossy(segment.raw()).into_owned();
        resource.kept.push(text);
    }

    /// Keeps those segments of a resource's own of which something is left.
    pub(super) fn keep_left(&mut self, resource: &mut Resource, segments: &[&Segment<'_>]) {
        for segment in segments {
            if self.has_left(segment) {
                self.keep(resource, segment);
            }
        }
    }

    /// Ends a resource; a second that says more of the same adds to it. Gives how others refer to it.
    pub(super) fn push(&mut self, resource: Resource) -> String {
        let reference = resource.reference();
        let kind = resource.kind;
        let name = (kind, resource.id.as_str().into());
        let known = self.places.get(&name).copied();
        match known.and_then(|place| self.drafts.get_mut(place)) {
            Some(known) => known.add(resource),
            None => {
                let place = self.drafts.len();
                if SUBJECTS.contains(&kind) {
                    let begun = self.begun();
                    self.subjects.push((begun, place));
                }
                self.places.insert(name, place);
                // What is said of days to come was true when it was said.
                let time = resource.time.map_or(self.time, |time| time.min(self.time));
                self.drafts.push(Told::of(resource, time));
            }
        }
        reference
    }

    /// The first resource that the set is about, a member or a coverage only where there is no other.
    fn head(&self) -> Option<usize> {
        let places = || self.subjects.iter().map(|(_, place)| *place);
        let is_more = |place: &usize| {
            let draft = self.drafts.get(*place);
            draft.is_some_and(|draft| !matches!(draft.kind, "Patient" | "Coverage"))
        };
        places().find(is_more).or_else(|| places().next())
    }

    /// Where what was marked since the last resource that the set is about begins, behind all that was marked before.
    fn begun(&mut self) -> usize {
        let since = self.marks.get(self.marked..).unwrap_or_default();
        let reached = self.reached;
        let starts = since.iter().map(|mark| mark.start);
        let begun = starts.filter(|start| *start >= reached).min();
        let ends = since.iter().map(|mark| mark.end);
        self.reached = ends.max().map_or(reached, |end| end.max(reached));
        self.marked = self.marks.len();
        begun.unwrap_or(reached)
    }

    /// Ends the page: what went into no resource is kept as it stands, in the one that it stands with.
    pub(super) fn finish(mut self, set: &Set<'_, '_>) -> Result<Finished, Refusal> {
        let mut coverage = Coverage::new(std::mem::take(&mut self.marks));
        let left: Vec<&Segment<'_>> = coverage.left(set).collect();
        let recorded = self.recorded;
        let all = self.drafts.iter().map(|told| told.draft(recorded));
        let mut drafts: Vec<Draft> = all.collect();
        if !left.is_empty() {
            let mut kept: BTreeMap<usize, Vec<&Segment<'_>>> = BTreeMap::new();
            for segment in &left {
                let begun = |(start, _): &(usize, usize)| *start <= segment.position();
                let before = self.subjects.partition_point(begun);
                let of = before
                    .checked_sub(1)
                    .and_then(|last| self.subjects.get(last));
                let place = of.map(|(_, place)| *place).or_else(|| self.head());
                let place = place.ok_or(Refusal::NothingMapped)?;
                kept.entry(place).or_default().push(segment);
            }
            for (place, segments) in kept {
                if let Some(draft) = drafts.get_mut(place) {
                    let texts = segments
                        .iter()
                        .map(|one| String::from_utf8_lossy(one.raw()));
                    draft.keep(&as_kept(texts));
                }
            }
            coverage = coverage.with(&left, "extension");
        }
        Ok((drafts, coverage, self.issues))
    }
}

/// The purpose of a response (X12 element 353); of a request for review any other.
const RESPONSE: &[u8] = b"11";

/// Whether a set answers what was sent before.
fn is_answer(tree: &Tree<'_, '_>) -> bool {
    match tree.guide() {
        Guide::EligibilityResponse
        | Guide::StatusResponse
        | Guide::ClaimAcknowledgement
        | Guide::Remittance => true,
        Guide::ServicesReview => {
            let head = tree.root().first("BHT");
            head.is_some_and(|head| head.element(2).raw() == RESPONSE)
        }
        _ => false,
    }
}

/// Writes segments as they were sent.
pub(super) fn as_kept<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Vec<u8> {
    json::array(|entries| {
        for text in texts {
            entries.object(|entry| {
                entry
                    .string("url", KEPT)
                    .string("valueString", text.as_ref());
            });
        }
    })
}
