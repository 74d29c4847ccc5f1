//! Who gave each service of a claim, and under which specialty.

use clinical::payer::Link;
use formats::fhir::read::Raw;
use formats::fhir::reference::Target;

use super::line::sequence_of;
use super::part::{codes, each, member, text};
use crate::map::link;

/// The system of National Provider Identifiers.
const NPI: &str = "http://hl7.org/fhir/sid/us-npi";
/// The search for one.
const BY_NPI: &str = "identifier=http://hl7.org/fhir/sid/us-npi|";
/// Who is one person.
const PERSONS: [&str; 2] = ["Practitioner", "PractitionerRole"];
/// The system of the Health Care Provider Taxonomy.
const TAXONOMY: &str = "http://nucc.org/provider-taxonomy";
/// So long each of its codes is.
const CODE_LONG: usize = 10;
/// The roles of who gave a service: X12 element 98, and the words of CARIN and FHIR for the same.
const RENDERING: [&str; 4] = ["82", "performing", "rendering", "primary"];

/// Gives the link of the person who has a National Provider Identifier, whatever a claim came by.
pub fn practitioner(npi: &str) -> Link {
    let id = link::id(&[b"x12", b"Practitioner", b"number", b"XX", npi.as_bytes()]);
    clinical::payer::link(&format!("Practitioner/{id}"))
}

/// Those whom a claim names.
pub(super) struct Team {
    members: Vec<Member>,
    /// Who bills, where that is one person.
    billing: Link,
}

struct Member {
    sequence: u16,
    person: Link,
    specialty: Box<str>,
    is_rendering: bool,
    /// Whether a service names it: it then speaks of that service alone.
    is_of_service: bool,
}

impl Team {
    /// Reads it.
    pub(super) fn of(raw: Raw<'_>) -> Self {
        let items = || each(member(raw, "item"));
        let named: Vec<u16> = items().flat_map(sequences).collect();
        let members = each(member(raw, "careTeam")).map(|one| {
            let sequence = sequence_of(one, "sequence");
            let mut roles = codes(member(one, "role"));
            Member {
                sequence,
                person: person(member(one, "provider")),
                specialty: specialty(member(one, "qualification")),
                is_rendering: roles.any(|(_, role)| RENDERING.contains(&&*role)),
                is_of_service: named.contains(&sequence),
            }
        });
        Self {
            members: members.collect(),
            billing: person(member(raw, "provider")),
        }
    }

    /// Who gave a service, and under which specialty: whom the service names, or the claim, or who bills for it.
    pub(super) fn renderer(&self, item: Raw<'_>) -> (Link, Box<str>) {
        let of_item: Vec<u16> = sequences(item).collect();
        let rendering = || self.members.iter().filter(|one| one.is_rendering);
        let named = rendering()
            .find(|one| of_item.contains(&one.sequence))
            .or_else(|| rendering().find(|one| !one.is_of_service));
        let Some(named) = named else {
            return (self.billing, self.specialty_of(self.billing));
        };
        match named.specialty.is_empty() {
            true => (named.person, self.specialty_of(named.person)),
            false => (named.person, named.specialty.clone()),
        }
    }

    /// What another entry says of the same person.
    fn specialty_of(&self, person: Link) -> Box<str> {
        let mut same = self.members.iter().filter(|one| one.person == person);
        let said = same.find(|one| person != 0 && !one.specialty.is_empty());
        said.map(|one| one.specialty.clone()).unwrap_or_default()
    }
}

fn sequences(item: Raw<'_>) -> impl Iterator<Item = u16> {
    let numbers = each(member(item, "careTeamSequence"));
    numbers.filter_map(|raw| raw.number().ok()?.digits().parse().ok())
}

/// The one person whom a reference names, by their number where that is stated; nothing where it names a group or nobody.
fn person(raw: Option<Raw<'_>>) -> Link {
    let Some(to) = raw else {
        return 0;
    };
    let place = text(to, "reference");
    if text(to, "type") == "Organization" {
        return 0;
    }
    let identifier = member(to, "identifier").filter(|one| text(*one, "system") == NPI);
    let number = identifier.map(|identifier| text(identifier, "value"));
    if let Some(number) = number.filter(|number| !number.is_empty()) {
        return practitioner(&number);
    }
    // What has a meaning within its resource or bundle alone is not the same as what another one calls so.
    match Target::parse(&place) {
        Target::Relative { kind, id } if PERSONS.contains(&kind) => {
            clinical::payer::link(&format!("{kind}/{id}"))
        }
        Target::Absolute { base, kind, id } if PERSONS.contains(&kind) => {
            clinical::payer::link(&format!("{base}/{kind}/{id}"))
        }
        Target::Conditional { kind, query } if PERSONS.contains(&kind) => {
            let number = query
                .strip_prefix(BY_NPI)
                .filter(|number| !number.is_empty());
            number.map_or_else(|| clinical::payer::link(&place), practitioner)
        }
        Target::Relative { .. }
        | Target::Absolute { .. }
        | Target::Conditional { .. }
        | Target::Type { .. }
        | Target::Contained(_)
        | Target::Urn(_)
        | Target::Other(_) => 0,
    }
}

fn specialty(concept: Option<Raw<'_>>) -> Box<str> {
    let mut all = codes(concept);
    // It is told of, so it must be a code and no words.
    let is_code =
        |code: &str| code.len() == CODE_LONG && code.bytes().all(|one| one.is_ascii_alphanumeric());
    let found = all.find(|(system, code)| system == TAXONOMY && is_code(code));
    found.map(|(_, code)| code.into()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clinical::payer::link;
    use serde_json::{Value, json};

    use super::super::document;
    use super::practitioner;

    const NPI: &str = "1234567893";

    fn role(code: &str) -> Value {
        json!({"coding": [{"code": code}]})
    }

    /// Who gave each service, and under which specialty.
    fn given(claim: &Value) -> Vec<(u64, String)> {
        let document = document(claim.to_string().as_bytes()).unwrap().unwrap();
        let lines = document.lines.into_iter();
        lines
            .map(|line| (line.renderer, line.specialty.into()))
            .collect()
    }

    fn claim(provider: &Value, team: &Value, items: &Value) -> Value {
        json!({"resourceType": "Claim", "id": "1", "use": "claim", "status": "active", "provider": provider,
            "careTeam": team, "item": items})
    }

    #[test]
    fn a_service_is_of_whom_it_names_or_the_claim_or_of_who_bills() {
        let qualified = |code: &str| json!({"coding": [{"system": super::TAXONOMY, "code": code}]});
        let biller = json!({"reference": "Practitioner/a"});
        let team = json!([
            {"sequence": 1, "provider": {"reference": "Practitioner/a"}, "role": role("BI"), "qualification": qualified("207Q00000X")},
            {"sequence": 2, "provider": {"reference": "https://a.example/Practitioner/b"}, "role": role("82")},
            {"sequence": 3, "provider": {"reference": "Practitioner/c"}, "role": role("82"), "qualification": qualified("208D00000X")},
            {"sequence": 4, "provider": {"reference": "Practitioner/d"}, "role": role("DN")},
        ]);
        let items = json!([{"sequence": 1}, {"sequence": 2, "careTeamSequence": [3]}, {"sequence": 3, "careTeamSequence": [4]}]);
        let (of_claim, of_item) = (
            link("https://a.example/Practitioner/b"),
            link("Practitioner/c"),
        );
        let none = String::new;
        assert_eq!(
            given(&claim(&biller, &team, &items)),
            [
                (of_claim, none()),
                (of_item, "208D00000X".to_owned()),
                (of_claim, none())
            ]
        );
        let team = json!([team[0]]);
        let billing = (link("Practitioner/a"), "207Q00000X".to_owned());
        assert_eq!(
            given(&claim(&biller, &team, &json!([{"sequence": 1}]))),
            [billing]
        );
    }

    #[test]
    fn what_only_its_resource_or_bundle_knows_is_nobody() {
        let by = |reference: &str| {
            let provider = json!({"reference": reference});
            given(&claim(&provider, &json!([]), &json!([{"sequence": 1}])))[0].0
        };
        for nobody in [
            "#provider-1",
            "urn:uuid:6f1b6d5c-0000-4000-8000-000000000001",
            "Organization/1",
            "https://a.example/Organization/1",
            "Organization?identifier=https://a.example/ids|1",
            "Practitioner",
        ] {
            assert_eq!(by(nobody), 0, "{nobody}");
        }
        assert_eq!(by("Practitioner/1/_history/1"), by("Practitioner/1"));
        assert_ne!(
            by("Practitioner/1/_history/1"),
            by("Practitioner/2/_history/1")
        );
        assert_ne!(
            by("https://a.example/Practitioner/1"),
            by("https://b.example/Practitioner/1")
        );
        let numbered = format!("Practitioner?identifier={}|{NPI}", super::NPI);
        assert_eq!(by(&numbered), practitioner(NPI));
    }

    #[test]
    fn a_group_is_nobody_and_a_number_is_the_same_person_everywhere() {
        let items = json!([{"sequence": 1}]);
        let group = json!({"reference": "Organization/a"});
        assert_eq!(
            given(&claim(&group, &json!([]), &items)),
            [(0, String::new())]
        );
        let words = json!({"display": "Dr Ito"});
        assert_eq!(
            given(&claim(&words, &json!([]), &items)),
            [(0, String::new())]
        );
        let system = super::NPI;
        let numbered =
            json!({"reference": "Practitioner/x", "identifier": {"system": system, "value": NPI}});
        assert_eq!(
            given(&claim(&numbered, &json!([]), &items)),
            [(practitioner(NPI), String::new())]
        );
        let typed = json!({"type": "Organization", "identifier": {"system": system, "value": NPI}});
        assert_eq!(
            given(&claim(&typed, &json!([]), &items)),
            [(0, String::new())]
        );
    }

    #[test]
    fn units_may_be_minutes_and_a_service_may_go_on_for_days() {
        let claim = json!({"resourceType": "Claim", "id": "1", "use": "claim", "status": "active", "item": [
            {"sequence": 1, "quantity": {"value": 90, "unit": "MJ"}, "servicedDate": "2026-03-02"},
            {"sequence": 2, "quantity": {"value": 2, "unit": "UN"}, "servicedPeriod": {"start": "2026-03-02", "end": "2026-03-04"}}]});
        let document = document(claim.to_string().as_bytes()).unwrap().unwrap();
        let [one, other] = &document.lines[..] else {
            panic!("there are two");
        };
        assert_eq!((one.is_minutes, one.until), (true, None));
        assert_eq!(
            (other.is_minutes, other.until.unwrap() - other.day.unwrap()),
            (false, 2)
        );
    }
}
