//! The service lines of a claim, and the services that other transactions name as they do.

use formats::fhir::json::{self, Object};
use formats::x12::{Element, Loop, Segment};

use super::super::page::Page;
use super::super::{DoubtCode, member, tables, value};
use super::health::Health;
use super::{Parts, care};

/// A service as a composite of qualifier, code and modifiers names it.
#[derive(Debug, Default)]
pub(in crate::x12) struct Service {
    pub(in crate::x12) code: Vec<u8>,
    pub(in crate::x12) modifiers: Vec<Vec<u8>>,
}

impl Service {
    /// Writes it.
    pub(in crate::x12) fn members(&self, object: &mut Object<'_>) {
        object.raw("productOrService", &self.code);
        object.array("modifier", |all| {
            for modifier in &self.modifiers {
                all.raw(modifier);
            }
        });
    }
}

/// Reads a service; one that is not split as ISA16 says is kept as words.
pub(in crate::x12) fn service(page: &mut Page<'_>, of: Element<'_>) -> Service {
    if of.is_empty() {
        return Service {
            code: value::concept("", "", "not stated"),
            modifiers: Vec::new(),
        };
    }
    let code = of.component(2);
    if code.is_empty() {
        page.doubt(DoubtCode::NotSplit, of.position());
        let words = page.take(of, "productOrService");
        return Service {
            code: value::concept("", "", &words),
            modifiers: Vec::new(),
        };
    }
    let code = page.take(code, "productOrService");
    let words = page.take(of.component(7), "productOrService.text");
    let qualifier = member::text_of(of.component(1));
    let system = product(page, of.component(1), &code);
    let mut modifiers = Vec::new();
    for number in 3..=6 {
        let modifier = page.take(of.component(number), "modifier");
        let kind = tables::product(&qualifier, &modifier);
        modifiers.push(value::concept(kind, &modifier, ""));
    }
    modifiers.retain(|modifier| !modifier.is_empty());
    let until = page.take(of.component(8), "productOrService.text");
    let words = match (words.as_str(), until.as_str()) {
        (words, "") => words.to_owned(),
        (words, until) => format!("{words} to {until}"),
    };
    Service {
        code: value::concept(system, &code, words.trim()),
        modifiers,
    }
}

/// Gives the system that a qualifier names; of one that names none, the qualifier stays to be kept.
fn product(page: &mut Page<'_>, qualifier: Element<'_>, code: &str) -> &'static str {
    let system = tables::product(&qualifier.text(), code);
    if !system.is_empty() {
        page.mark(qualifier, "productOrService");
    }
    system
}

/// Writes the service lines of a claim.
pub(super) fn items(
    page: &mut Page<'_>,
    claim: Loop<'_, '_, '_>,
    health: &Health,
    parts: &mut Parts,
) -> Vec<Vec<u8>> {
    let place = claim.first("CLM").map(|head| head.element(5));
    let is_place = place.is_some_and(|place| place.component(2).raw() != b"A");
    let place = place
        .filter(|_| is_place)
        .map(|place| member::text_of(place.component(1)));
    let lines = claim.below("2400").zip(1..);
    lines
        .map(|(line, number)| item(page, line, number, place.as_deref(), health, parts))
        .collect()
}

/// What a line's service segment says: SV1 professional, SV2 institutional, SV3 dental.
struct Said {
    service: Service,
    revenue: String,
    net: Vec<u8>,
    quantity: Vec<u8>,
    place: String,
    pointers: Vec<u64>,
}

fn item(
    page: &mut Page<'_>,
    line: Loop<'_, '_, '_>,
    number: u64,
    place: Option<&str>,
    health: &Health,
    parts: &mut Parts,
) -> Vec<u8> {
    let said = said(page, line, health.diagnoses.len());
    let mut about: Vec<usize> = Vec::new();
    let mut serviced = (Vec::new(), false);
    for segment in line.segments() {
        match segment.name() {
            b"LX" => {}
            b"SV1" | b"SV2" | b"SV3" => {
                if has_more(page, segment) {
                    about.push(parts.supporting.add(page, segment));
                }
            }
            b"DTP" if segment.element(1).raw() == b"472" => {
                page.mark_all(segment, "Claim.item.serviced");
                if let Some(span) = page.span(segment, "Claim.item.serviced") {
                    serviced = span.choice();
                } else {
                    about.push(parts.supporting.add(page, segment));
                }
            }
            _ => about.push(parts.supporting.add(page, segment)),
        }
    }
    let mut team: Vec<usize> = Vec::new();
    for provider in line.below("2420") {
        team.extend(care(page, provider, parts));
    }
    for other in line.below("2430").chain(line.below("2440")) {
        for segment in other.segments() {
            about.push(parts.supporting.add(page, segment));
        }
    }
    let details: Vec<Vec<u8>> = line
        .below("2410")
        .zip(1..)
        .map(|(drug, number)| detail(page, drug, number, &mut about, parts))
        .collect();
    let place = if said.place.is_empty() {
        place.unwrap_or_default()
    } else {
        &said.place
    };
    let wide = |all: &[usize]| all.iter().map(|one| *one as u64).collect::<Vec<_>>();
    json::object(|item| {
        item.integer("sequence", number);
        numbers(item, "careTeamSequence", &wide(&team));
        numbers(item, "diagnosisSequence", &said.pointers);
        numbers(item, "informationSequence", &wide(&about));
        let revenue = "https://www.nubc.org/CodeSystem/RevenueCodes";
        item.raw("revenue", &value::concept(revenue, &said.revenue, ""));
        said.service.members(item);
        let name = if serviced.1 {
            "servicedDate"
        } else {
            "servicedPeriod"
        };
        item.raw(name, &serviced.0)
            .raw("locationCodeableConcept", &place_of_service(place))
            .raw("quantity", &said.quantity)
            .raw("net", &said.net);
        item.raw("detail", &value::list(&details));
    })
}

fn numbers(object: &mut Object<'_>, name: &str, all: &[u64]) {
    object.array(name, |array| {
        for one in all {
            array.raw(one.to_string().as_bytes());
        }
    });
}

/// Places of service have two digits (CMS, Place of Service Code Set); what has not is told in words alone.
fn place_of_service(place: &str) -> Vec<u8> {
    let is_code = place.len() == 2 && place.bytes().all(|digit| digit.is_ascii_digit());
    match is_code {
        true => value::concept(PLACES, place, ""),
        false => value::concept("", "", place),
    }
}

const PLACES: &str =
    "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set";

fn said(page: &mut Page<'_>, line: Loop<'_, '_, '_>, diagnoses: usize) -> Said {
    let find = |name: &str| line.first(name);
    let (segment, [service_at, net, unit, count, place, pointer]) =
        match (find("SV1"), find("SV2"), find("SV3")) {
            (Some(one), ..) => (one, [1, 2, 3, 4, 5, 7]),
            (_, Some(one), _) => (one, [2, 3, 4, 5, 0, 0]),
            (_, _, Some(one)) => (one, [1, 2, 0, 6, 3, 11]),
            _ => {
                return Said {
                    service: Service {
                        code: value::concept("", "", "not stated"),
                        modifiers: Vec::new(),
                    },
                    revenue: String::new(),
                    net: Vec::new(),
                    quantity: Vec::new(),
                    place: String::new(),
                    pointers: Vec::new(),
                };
            }
        };
    let is_institutional = segment.name() == b"SV2";
    let revenue = if is_institutional {
        page.take(segment.element(1), "Claim.item.revenue")
    } else {
        String::new()
    };
    let service = match segment.element(service_at) {
        none if none.is_empty() && !revenue.is_empty() => Service {
            code: value::concept("https://www.nubc.org/CodeSystem/RevenueCodes", &revenue, ""),
            modifiers: Vec::new(),
        },
        of => service(page, of),
    };
    let net = page.money(segment.element(net), "Claim.item.net");
    let unit = page.take(segment.element(unit), "Claim.item.quantity");
    let count = page.number(segment.element(count), "Claim.item.quantity");
    let place = page.take(segment.element(place), "Claim.item.location");
    let pointed = segment.element(pointer);
    let mut pointers = Vec::new();
    for pointer in pointed.components().filter(|one| !one.is_empty()) {
        let digits = value::number(&pointer.text()).map(|digits| digits.into_owned());
        let whole = digits.and_then(|digits| whole(&digits));
        if let Some(number) = whole.filter(|number| (1..=diagnoses as u64).contains(number)) {
            page.mark(pointer, "Claim.item.diagnosisSequence");
            pointers.push(number);
        }
    }
    Said {
        service,
        revenue,
        net,
        quantity: value::quantity(&count, &unit),
        place,
        pointers,
    }
}

/// Gives a whole number, of one that may have zeros behind its point.
fn whole(digits: &str) -> Option<u64> {
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    part.bytes().all(|byte| byte == b'0').then_some(())?;
    whole.parse().ok()
}

/// Whether a service segment says more than an item has elements for; what it says there is kept beside the item.
fn has_more(page: &Page<'_>, segment: &Segment<'_>) -> bool {
    let mut elements = segment.elements().filter(|element| !element.is_empty());
    elements.any(|element| !page.has(element))
}

/// Writes a drug of a line.
fn detail(
    page: &mut Page<'_>,
    drug: Loop<'_, '_, '_>,
    number: u64,
    about: &mut Vec<usize>,
    parts: &mut Parts,
) -> Vec<u8> {
    let (mut code, mut quantity) = (value::concept("", "", "not stated"), Vec::new());
    for segment in drug.segments() {
        match segment.name() {
            b"LIN" => {
                let drug = page.take(segment.element(3), "Claim.item.detail.productOrService");
                code = value::concept(product(page, segment.element(2), &drug), &drug, "");
            }
            b"CTP" => {
                let count = page.number(segment.element(4), "Claim.item.detail.quantity");
                let unit = page.take(segment.element(5), "Claim.item.detail.quantity");
                quantity = value::quantity(&count, &unit);
            }
            _ => about.push(parts.supporting.add(page, segment)),
        }
    }
    json::object(|detail| {
        detail
            .integer("sequence", number)
            .raw("productOrService", &code)
            .raw("quantity", &quantity);
    })
}
