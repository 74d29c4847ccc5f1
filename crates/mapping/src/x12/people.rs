//! Parties and persons: organizations, practitioners, places, the member and who the member depends on.

use formats::fhir::json;
use formats::x12::{Element, Loop, Segment};

use super::member;
use super::page::{Page, Resource};
use super::tables::{self, code};
use super::value;

/// Who a loop names.
#[derive(Clone, Debug, Default)]
pub(super) struct Party {
    /// How others refer to it.
    pub(super) reference: String,
    pub(super) kind: &'static str,
    /// Its number, else its name: what tells it from others.
    pub(super) name: String,
    /// Its role, NM101 or N101.
    pub(super) role: String,
    /// Its specialty, PRV03.
    pub(super) taxonomy: Vec<u8>,
}

/// Gives the organization or practitioner that a loop names; nothing where it names none.
pub(super) fn party(page: &mut Page<'_>, of: Loop<'_, '_, '_>) -> Option<Party> {
    of_loop(page, of, None)
}

/// Writes whom a loop names once, whoever asks for them.
fn of_loop(page: &mut Page<'_>, of: Loop<'_, '_, '_>, kind: Option<&'static str>) -> Option<Party> {
    let known = page.parties.get(&(of.number(), kind.is_some()));
    if let Some(known) = known {
        return known.clone();
    }
    let segments: Vec<&Segment<'_>> = of.segments().collect();
    let party = party_of(page, &segments, kind);
    page.parties
        .insert((of.number(), kind.is_some()), party.clone());
    party
}

/// Gives the one of a team that a loop names, with the specialty that it says.
pub(super) fn of_team(page: &mut Page<'_>, of: Loop<'_, '_, '_>) -> Option<Party> {
    of.first("NM1").or_else(|| of.first("N1"))?;
    let provider = of.first("PRV");
    let taxonomy = provider.map(|provider| taxonomy(page, provider));
    let party = party(page, of)?;
    Some(Party {
        taxonomy: taxonomy.unwrap_or_default(),
        ..party
    })
}

/// Gives the organization that a loop names, whatever it says it is: payers and places may be nothing else.
pub(super) fn organization(page: &mut Page<'_>, of: Loop<'_, '_, '_>) -> Option<Party> {
    of_loop(page, of, Some("Organization"))
}

/// Gives the party that segments name, of a kind, or of the kind that they say.
pub(super) fn party_of(
    page: &mut Page<'_>,
    segments: &[&Segment<'_>],
    kind: Option<&'static str>,
) -> Option<Party> {
    let find = |name: &[u8]| segments.iter().copied().find(|one| one.name() == name);
    let name = find(b"NM1").or_else(|| find(b"N1"))?;
    let is_short = name.name() == b"N1";
    let is_person = !is_short && name.element(2).raw() == b"1";
    let kind = kind.unwrap_or(if is_person {
        "Practitioner"
    } else {
        "Organization"
    });
    let (qualifier, number) = if is_short { (3, 4) } else { (8, 9) };
    let words = if is_short {
        page.take(name.element(2), "Organization.name")
    } else {
        full_name(name)
    };
    let number = name.element(number);
    let named_by = number.text();
    if named_by.is_empty() && words.is_empty() {
        return None;
    }
    let source = page.source.name.clone();
    let mut resource = if named_by.is_empty() {
        Resource::new(kind, &[&source, "name", &words])
    } else {
        let qualifier = member::text(name, qualifier);
        Resource::new(kind, &["number", &qualifier, &named_by])
    };
    let role = page.take(name.element(1), "role");
    let own = identifier(page, "66", name.element(qualifier), number, "identifier");
    identifiers(page, &mut resource, own, segments);
    if kind == "Practitioner" {
        resource.list("name", &[human_name(page, name)]);
    } else {
        if !is_short {
            page.mark_each(name, 3..=5, "Organization.name");
        }
        resource.text("name", &words);
        if let Some(more) = find(b"N2") {
            let alias = page.take(more.element(1), "Organization.alias");
            resource.list("alias", &[json::string(&alias)]);
        }
    }
    reached(page, &mut resource, kind, segments);
    let says_more = |one: &&Segment<'_>| matches!(one.name(), b"N3" | b"PER" | b"REF");
    if !segments.iter().any(says_more) {
        resource.mention();
    }
    let name = if named_by.is_empty() {
        words
    } else {
        named_by.into_owned()
    };
    Some(Party {
        reference: page.push(resource),
        kind,
        name,
        role,
        taxonomy: Vec::new(),
    })
}

/// Writes the identifiers: the one that names a party, and those of REF.
fn identifiers(
    page: &mut Page<'_>,
    resource: &mut Resource,
    own: Vec<u8>,
    segments: &[&Segment<'_>],
) {
    let mut all = vec![own];
    for reference in segments.iter().filter(|one| one.name() == b"REF") {
        let (kind, value) = (reference.element(1), reference.element(2));
        all.push(identifier(page, "128", kind, value, "identifier"));
    }
    all.retain(|one| !one.is_empty());
    resource.list("identifier", &all);
}

/// Writes how a party is reached; what else is said of it is kept as it stands.
fn reached(page: &mut Page<'_>, resource: &mut Resource, kind: &str, segments: &[&Segment<'_>]) {
    let (telecoms, contact) = contacts(page, segments);
    resource.list("telecom", &telecoms);
    resource.list("address", &[address_of(page, segments)]);
    if kind == "Organization" {
        let contact = json::object(|one| {
            one.object("name", |name| {
                name.string("text", &contact);
            });
        });
        resource.list("contact", &[contact]);
    } else if !contact.is_empty() {
        keep_contacts(page, resource, segments);
    }
    for other in segments.iter().filter(|one| !is_known(one.name())) {
        page.keep(resource, other);
    }
    keep_left(page, resource, segments);
}

/// Keeps what of a name, an address, a number and the like went into no element.
fn keep_left(page: &mut Page<'_>, resource: &mut Resource, segments: &[&Segment<'_>]) {
    let own: Vec<&Segment<'_>> = segments
        .iter()
        .copied()
        .filter(|one| is_own(one.name()))
        .collect();
    page.keep_left(resource, &own);
}

/// What says who someone is and how they are reached.
fn is_own(name: &[u8]) -> bool {
    matches!(
        name,
        b"NM1" | b"N1" | b"N2" | b"N3" | b"N4" | b"REF" | b"PER" | b"PRV" | b"DMG"
    )
}

/// Keeps the name and the role of whom nothing else names.
pub(super) fn keep_name(page: &mut Page<'_>, of: Loop<'_, '_, '_>, resource: &mut Resource) {
    for name in of.each("NM1").chain(of.each("N1")) {
        page.keep(resource, name);
    }
}

/// Keeps who is to be asked for, where a resource has no element for that.
fn keep_contacts(page: &mut Page<'_>, resource: &mut Resource, segments: &[&Segment<'_>]) {
    for person in segments.iter().filter(|one| one.name() == b"PER") {
        page.keep(resource, person);
    }
}

/// What a party's own segments are; others are kept as they stand.
fn is_known(name: &[u8]) -> bool {
    (is_own(name) && name != b"DMG") || matches!(name, b"HL" | b"LX" | b"LS" | b"LE" | b"AAA")
}

/// Gives the specialty that a PRV segment names.
pub(super) fn taxonomy(page: &mut Page<'_>, provider: &Segment<'_>) -> Vec<u8> {
    // Element 128 names other numbers, too.
    if !matches!(provider.element(2).raw(), b"PXC" | b"ZZ") {
        return Vec::new();
    }
    page.mark(provider.element(2), "careTeam.qualification");
    let code = page.take(provider.element(3), "careTeam.qualification");
    value::concept("http://nucc.org/provider-taxonomy", &code, "")
}

/// Gives the words of a name: family or whole, given, middle.
fn full_name(name: &Segment<'_>) -> String {
    let parts = [4, 5, 3].map(|part| member::text(name, part));
    let filled: Vec<&str> = parts
        .iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    filled.join(" ")
}

/// Gives the name of a person.
pub(super) fn human_name(page: &mut Page<'_>, name: &Segment<'_>) -> Vec<u8> {
    let mut part = |number: usize, target| page.take(name.element(number), target);
    let family = part(3, "name.family");
    let given = [part(4, "name.given"), part(5, "name.given")];
    let (prefix, suffix) = (part(6, "name.prefix"), part(7, "name.suffix"));
    json::object(|object| {
        object.string("family", &family);
        object.array("given", |names| {
            for name in &given {
                names.string(name);
            }
        });
        object.array("prefix", |names| {
            names.string(&prefix);
        });
        object.array("suffix", |names| {
            names.string(&suffix);
        });
    })
}

/// Gives an identifier with what its qualifier says of it.
pub(super) fn identifier(
    page: &mut Page<'_>,
    element: &str,
    qualifier: Element<'_>,
    number: Element<'_>,
    target: &'static str,
) -> Vec<u8> {
    let number = page.take(number, target);
    if number.is_empty() {
        return Vec::new();
    }
    let qualifier = page.take(qualifier, target);
    let kind = tables::identifier(element, &qualifier);
    let system = value::system(element);
    json::object(|object| {
        object.object("type", |concept| {
            concept.array("coding", |codings| {
                if let Some(kind) = kind.as_ref().filter(|kind| !kind.code.is_empty()) {
                    codings.object(|coding| {
                        coding
                            .string("system", "http://terminology.hl7.org/CodeSystem/v2-0203")
                            .string("code", kind.code);
                    });
                }
                if !qualifier.is_empty() {
                    codings.object(|coding| {
                        coding.string("system", &system).string("code", &qualifier);
                    });
                }
            });
        });
        let system = kind.as_ref().map_or("", |kind| kind.system);
        object.string("system", system).string("value", &number);
    })
}

/// Gives telephone numbers and the like, and whom to ask for.
fn contacts(page: &mut Page<'_>, segments: &[&Segment<'_>]) -> (Vec<Vec<u8>>, String) {
    let (mut telecoms, mut contact) = (Vec::new(), String::new());
    for person in segments.iter().filter(|one| one.name() == b"PER") {
        // One name has room; another stays to be kept.
        if contact.is_empty() || *contact == *person.element(2).text() {
            contact = page.take(person.element(2), "contact.name");
        }
        for number in [3, 5, 7] {
            let text = page.take(person.element(number + 1), "telecom.value");
            if text.is_empty() {
                continue;
            }
            let system = page.coded("telecom", person.element(number), "telecom.system");
            let kind = member::text(person, number);
            telecoms.push(json::object(|point| {
                let words = if kind == "EX" {
                    format!("ext. {text}")
                } else {
                    text
                };
                point
                    .string("system", system)
                    .string("value", &words)
                    .string("use", code("telecom-use", &kind));
            }));
        }
    }
    (telecoms, contact)
}

/// Gives the address that N3 and N4 say.
pub(super) fn address_of(page: &mut Page<'_>, segments: &[&Segment<'_>]) -> Vec<u8> {
    let find = |name: &[u8]| segments.iter().copied().find(|one| one.name() == name);
    let lines = find(b"N3")
        .map(|street| [1, 2].map(|number| page.take(street.element(number), "address.line")));
    let place = find(b"N4").map(|place| {
        let mut part = |number: usize, target| page.take(place.element(number), target);
        let parts = [
            part(1, "address.city"),
            part(2, "address.state"),
            part(3, "address.postalCode"),
            part(4, "address.country"),
        ];
        let is_county = place.element(5).raw() == b"CY";
        let county = if is_county {
            page.mark(place.element(5), "address.district");
            page.take(place.element(6), "address.district")
        } else {
            String::new()
        };
        (parts, county)
    });
    json::object(|address| {
        address.array("line", |all| {
            for line in lines.iter().flatten() {
                all.string(line);
            }
        });
        if let Some(([city, state, code, country], county)) = &place {
            address
                .string("city", city)
                .string("district", county)
                .string("state", state)
                .string("postalCode", code)
                .string("country", country);
        }
    })
}

/// Writes the person that a loop names into a resource: a Patient, or a RelatedPerson.
fn person(page: &mut Page<'_>, resource: &mut Resource, segments: &[&Segment<'_>]) {
    let find = |name: &[u8]| segments.iter().copied().find(|one| one.name() == name);
    let own = find(b"NM1").map(|name| {
        page.mark(name.element(1), "role");
        identifier(page, "66", name.element(8), name.element(9), "identifier")
    });
    identifiers(page, resource, own.unwrap_or_default(), segments);
    if let Some(name) = find(b"NM1") {
        resource.list("name", &[human_name(page, name)]);
    }
    let (telecoms, contact) = contacts(page, segments);
    resource.list("telecom", &telecoms);
    let known = find(b"DMG");
    if let Some(known) = known {
        let gender = page.coded("gender", known.element(3), "gender");
        if !known.element(3).is_empty() {
            resource.text("gender", gender);
        }
        let born = page.day(known.element(2), "birthDate");
        resource.text("birthDate", &born);
    }
    resource.list("address", &[address_of(page, segments)]);
    if !contact.is_empty() {
        keep_contacts(page, resource, segments);
    }
    keep_left(page, resource, segments);
}

/// Writes the member; what has no element of its own is kept as it stands.
pub(super) fn patient(page: &mut Page<'_>, segments: &[&Segment<'_>]) {
    let reference = page.patient();
    let id = reference
        .strip_prefix("Patient/")
        .unwrap_or_default()
        .to_owned();
    let mut resource = Resource::with_id("Patient", id);
    if page.is_answer() {
        resource.mention();
    }
    person(page, &mut resource, segments);
    for other in segments {
        let is_written = is_known(other.name())
            || matches!(
                other.name(),
                b"DMG" | b"INS" | b"DTP" | b"PAT" | b"SBR" | b"TRN"
            );
        if !is_written {
            page.keep(&mut resource, other);
        }
    }
    page.push(resource);
}

/// Writes the subscriber whom the member depends on; gives how others refer to them.
pub(super) fn subscriber(page: &mut Page<'_>, of: Loop<'_, '_, '_>) -> String {
    let segments: Vec<&Segment<'_>> = of.segments().collect();
    let patient = page.patient();
    let number = member::number(of);
    let mut resource = Resource::new("RelatedPerson", &[&patient, "subscriber", &number]);
    resource.set("patient", value::reference(&patient));
    person(page, &mut resource, &segments);
    for other in segments
        .iter()
        .filter(|one| !is_known(one.name()) && one.name() != b"DMG")
    {
        page.keep(&mut resource, other);
    }
    page.push(resource)
}

/// Writes the place that a loop names; gives how others refer to it.
pub(super) fn location(page: &mut Page<'_>, of: Loop<'_, '_, '_>) -> Option<String> {
    let segments: Vec<&Segment<'_>> = of.segments().collect();
    let name = of.first("NM1")?;
    let (words, number) = (full_name(name), member::number(of));
    let street = of.first("N3").map(|line| member::text(line, 1));
    let street = street.unwrap_or_default();
    if words.is_empty() && number.is_empty() && street.is_empty() {
        return None;
    }
    let source = page.source.name.clone();
    let role = page.take(name.element(1), "role");
    let mut resource = Resource::new("Location", &[&source, &role, &number, &words, &street]);
    let own = identifier(page, "66", name.element(8), name.element(9), "identifier");
    identifiers(page, &mut resource, own, &segments);
    page.mark_each(name, 3..=5, "Location.name");
    resource.text("name", &words);
    let (telecoms, contact) = contacts(page, &segments);
    if !contact.is_empty() {
        resource.text("description", &contact);
    }
    resource.list("telecom", &telecoms);
    resource.set("address", address_of(page, &segments));
    for other in segments.iter().filter(|one| !is_known(one.name())) {
        page.keep(&mut resource, other);
    }
    keep_left(page, &mut resource, &segments);
    Some(page.push(resource))
}
