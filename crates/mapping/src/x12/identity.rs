//! What tells things of one name from each other: what each says of itself, so that it has one id in whatever file and order it comes.

use std::collections::BTreeMap;

use formats::x12::{Guide, Loop, Segment};

use super::member::{self, text};
use super::value;
use crate::source::Zone;

/// The frequencies of a claim that stands in place of an earlier one or calls it off (CLM05-3).
const OF_EARLIER: [&str; 2] = ["7", "8"];
/// The frequency of a claim that is sent for the first time.
const ORIGINAL: &str = "1";

/// What tells each of several of one name from the others, said only in such a set; of one that is alone, nothing.
///
/// Each has its name, and what else it says of itself.
pub(super) fn apart(all: Vec<[Vec<String>; 2]>) -> Vec<Vec<String>> {
    let mut counts: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for [name, _] in &all {
        *counts.entry(name.clone()).or_default() += 1;
    }
    let is_alone = |name: &Vec<String>| counts.get(name) == Some(&1);
    all.into_iter()
        .map(|[name, more]| match is_alone(&name) {
            true => Vec::new(),
            false => more,
        })
        .collect()
}

/// Says a word of a thing, unless it is nothing.
fn part(what: &str, said: &str) -> Option<String> {
    (!said.is_empty()).then(|| format!("{what}={said}"))
}

/// What a claim is beside its number: a new one by its first day of service, one that changes or calls off another by what it
/// changes. The number alone may be that of the patient's account (837, CLM01).
pub(super) fn of_claim(claim: Loop<'_, '_, '_>, zone: &Zone) -> Vec<String> {
    let head = claim.first("CLM");
    let frequency = head.map(|head| head.element(5).component(3).text().into_owned());
    let frequency = frequency.filter(|frequency| frequency != ORIGINAL);
    let frequency = frequency.unwrap_or_default();
    let original = member::reference(claim, "F8").filter(|_| OF_EARLIER.contains(&&*frequency));
    let last = match original {
        Some(number) => part("original", &number),
        None => part("day", &served(claim, zone)),
    };
    part("frequency", &frequency)
        .into_iter()
        .chain(last)
        .collect()
}

/// What each claim of a set says beside its name, where others have the same one.
pub(super) fn of_claims(claims: &[Loop<'_, '_, '_>], zone: &Zone) -> Vec<Vec<String>> {
    let party = |of: Option<Loop<'_, '_, '_>>, id: &str| {
        let found = of.and_then(|of| of.below(id).next());
        found
            .and_then(|of| of.first("NM1"))
            .map(|name| [3, 9].map(|one| text(name, one)))
    };
    let all = claims.iter().map(|claim| {
        let holder = claim.parent().map(member::subscriber);
        let billing = holder.and_then(Loop::parent);
        let parties = [party(holder, "2010BB"), party(billing, "2010AA")];
        let mut name: Vec<String> = parties.into_iter().flatten().flatten().collect();
        name.push(said(*claim, "CLM", 1));
        name.extend(of_claim(*claim, zone));
        let services = claim.below("2400").flat_map(|line| {
            let is_service = |one: &&Segment<'_>| matches!(one.name(), b"SV1" | b"SV2" | b"SV3");
            line.segments().filter(is_service)
        });
        let more = part("charge", &said(*claim, "CLM", 2));
        [name, more.into_iter().chain(raw(services)).collect()]
    });
    apart(all.collect())
}

/// The first day on which a service of a claim was given: that of its statement or its own, else of its lines.
fn served(claim: Loop<'_, '_, '_>, zone: &Zone) -> String {
    let own = ["434", "472"].map(|kind| day(claim, "DTP", kind, zone));
    let lines = claim
        .below("2400")
        .map(|line| day(line, "DTP", "472", zone));
    let first = own.into_iter().find(|day| !day.is_empty());
    let of_lines = lines.filter(|day| !day.is_empty()).min();
    first.or(of_lines).unwrap_or_default()
}

/// What each claim of a remittance says beside its name, where others have the same one.
pub(super) fn of_paid(claims: &[Loop<'_, '_, '_>], zone: &Zone) -> Vec<Vec<String>> {
    let all = claims.iter().map(|claim| {
        let name = [7, 1, 2].map(|element| said(*claim, "CLP", element));
        let services = claim.below("2110").flat_map(|line| line.each("SVC"));
        let more = [
            part("day", &day(*claim, "DTM", "232", zone)),
            part("charge", &said(*claim, "CLP", 3)),
            part("paid", &said(*claim, "CLP", 4)),
        ];
        let more = more.into_iter().flatten().chain(raw(services));
        [name.to_vec(), more.collect()]
    });
    apart(all.collect())
}

/// What the answer to a claim is beside the claim's number: a 277CA names a claim by that and its first day.
pub(super) fn of_status(guide: Guide, trace: Loop<'_, '_, '_>, zone: &Zone) -> Vec<String> {
    let day = match guide {
        Guide::ClaimAcknowledgement => part("day", &day(trace, "DTP", "472", zone)),
        _ => None,
    };
    day.into_iter().collect()
}

/// What each question or answer of a set says beside its name, where others have the same one.
pub(super) fn of_statuses(
    guide: Guide,
    traces: &[Loop<'_, '_, '_>],
    zone: &Zone,
) -> Vec<Vec<String>> {
    let all = traces.iter().map(|trace| {
        let mut name = vec![said(*trace, "TRN", 2)];
        name.extend(of_status(guide, *trace, zone));
        let number = |kind: &str| member::reference(*trace, kind).unwrap_or_default();
        let more = [
            part("day", &day(*trace, "DTP", "472", zone)),
            part("claim", &number("1K")),
            part("account", &number("EJ")),
        ];
        [name, more.into_iter().flatten().collect()]
    });
    apart(all.collect())
}

/// What a coverage is beside its product: the day on which it begins, and at which level. What names no such day, as an end
/// may, is said of the product.
pub(super) fn of_product(product: Option<Loop<'_, '_, '_>>, zone: &Zone) -> Vec<String> {
    let Some(product) = product else {
        return Vec::new();
    };
    let Some(begins) = part("day", &day(product, "DTP", "348", zone)) else {
        return Vec::new();
    };
    let level = part("level", &said(product, "HD", 5));
    std::iter::once(begins).chain(level).collect()
}

/// What each coverage of a set says beside its name, where others have the same one.
pub(super) fn of_products(
    all: &[(Loop<'_, '_, '_>, Option<Loop<'_, '_, '_>>)],
    zone: &Zone,
) -> Vec<Vec<String>> {
    let mut last: Option<(usize, String)> = None;
    let all = all.iter().map(|(member, product)| {
        let known = last.take().filter(|(of, _)| *of == member.number());
        let (_, number) = last.insert(known.unwrap_or_else(|| {
            let number = member::reference(*member, "0F").unwrap_or_default();
            (member.number(), number)
        }));
        let of = |element: usize| {
            let product = product.as_ref();
            product
                .map(|product| said(*product, "HD", element))
                .unwrap_or_default()
        };
        let mut name = vec![number.clone(), of(3), of(4)];
        name.extend(of_product(*product, zone));
        let ends = product.map(|product| day(product, "DTP", "349", zone));
        let more = [
            part("level", &of(5)),
            part("change", &of(1)),
            part("membership", &said(*member, "INS", 3)),
            part("end", &ends.unwrap_or_default()),
        ];
        [name, more.into_iter().flatten().collect()]
    });
    apart(all.collect())
}

/// The text of an element of a loop's first segment of a name.
fn said(of: Loop<'_, '_, '_>, segment: &str, element: usize) -> String {
    let found = of.first(segment).map(|one| text(one, element));
    found.unwrap_or_default()
}

/// Segments as they were sent.
fn raw<'s, 'b: 's>(segments: impl Iterator<Item = &'s Segment<'b>>) -> Vec<String> {
    segments
        .map(|one| String::from_utf8_lossy(one.raw()).into_owned())
        .collect()
}

/// The first day that a segment of a kind says; DTP says by which format, DTM has one.
fn day(of: Loop<'_, '_, '_>, name: &str, kind: &str, zone: &Zone) -> String {
    let found = of.each(name).find(|one| text(one, 1) == kind);
    let start = found.and_then(|one| match name {
        "DTP" => value::span(&text(one, 2), &text(one, 3), zone).map(|span| span.start),
        _ => value::moment(&text(one, 2), "", zone),
    });
    let day = start.and_then(|start| start.text.get(..value::DAY_BYTES).map(str::to_owned));
    day.unwrap_or_default()
}
