//! Who is on a device by what resources say: an Encounter at a bed where devices stand, or a Device that names its patient.

use clinical::{EventTime, PatientKey};
use formats::device::Association;
use formats::fhir::read::Raw;

use super::binding::PSEUDONYM;
use super::places::Places;
use super::state::{STAYS_MAX, State};

/// What an association says, and the source that the device is of.
pub(super) type Said = (Box<str>, Association);

/// Where somebody lies, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stay {
    pub(super) place: Box<str>,
    pub(super) from: i64,
}

impl State {
    /// Takes in a patient's Encounter as it now is, and gives what it says of the devices at the bed that was left and at the
    /// one that was taken.
    pub(super) fn lies(
        &mut self,
        patient: PatientKey,
        encounter: Raw<'_>,
        at: i64,
        places: &Places,
    ) -> Vec<Said> {
        let Some(id) = text(encounter, "id") else {
            return Vec::new();
        };
        let status = text(encounter, "status").unwrap_or_default();
        let now = matches!(&*status, "arrived" | "triaged" | "in-progress")
            .then(|| place(encounter, places))
            .flatten();
        let before = self.stays.get(&*id).cloned();
        let is_same =
            before.as_ref().map(|stay| &stay.place) == now.as_ref().map(|(place, _)| place);
        if is_same {
            return Vec::new();
        }
        let mut said = Vec::new();
        let mut of = |stay: &Stay, to: Option<i64>| {
            for standing in places.at(&stay.place) {
                let association = Association {
                    device: standing.device.clone(),
                    authority: PSEUDONYM.into(),
                    identifier: Some(patient.to_string().into()),
                    from: stay.from,
                    to,
                };
                said.push((standing.source.clone(), association));
            }
        };
        if let Some(stay) = &before {
            // What was never so ended when it began.
            let was = !matches!(&*status, "cancelled" | "entered-in-error" | "planned");
            let ended = match was {
                true => ended(encounter).unwrap_or(at),
                false => stay.from,
            };
            of(stay, Some(ended.max(stay.from)));
            self.stays.remove(&*id);
        }
        if let Some((place, from)) = now {
            let from = from.unwrap_or(at);
            let stay = Stay { place, from };
            of(&stay, None);
            if self.stays.len() >= STAYS_MAX {
                self.stays.pop_first();
            }
            self.stays.insert(id, stay);
        }
        said
    }
}

/// What a Device says of who is on it; nothing where it does not say which device it is.
pub(super) fn device(device: Raw<'_>, at: i64, source: &str) -> Option<Said> {
    let identifier = first(device, "identifier").and_then(|one| text(one, "value"));
    let patient = member(device, "patient").and_then(|patient| text(patient, "reference"));
    let patient = patient
        .as_deref()
        .and_then(|reference| reference.strip_prefix("Patient/"));
    let is_in_use = text(device, "status").is_none_or(|status| &*status == "active");
    let association = Association {
        device: identifier.or_else(|| text(device, "id"))?,
        authority: PSEUDONYM.into(),
        identifier: patient.filter(|_| is_in_use).map(Into::into),
        from: at,
        to: None,
    };
    Some((source.into(), association))
}

/// Where an Encounter is now, if devices stand there, and since when if it says so.
fn place(encounter: Raw<'_>, places: &Places) -> Option<(Box<str>, Option<i64>)> {
    let all = member(encounter, "location")?.items().map_while(Result::ok);
    let mut now = all.filter(|one| text(*one, "status").is_none_or(|status| &*status == "active"));
    now.find_map(|one| {
        let location = member(one, "location")?;
        let names = ["display", "reference"].map(|name| text(location, name));
        let place = names.into_iter().flatten().find(|name| places.has(name))?;
        let period = member(one, "period");
        Some((place, period.and_then(|period| time(period, "start"))))
    })
}

fn ended(encounter: Raw<'_>) -> Option<i64> {
    time(member(encounter, "period")?, "end")
}

fn member<'a>(of: Raw<'a>, name: &str) -> Option<Raw<'a>> {
    of.get(name).ok().flatten()
}

fn first<'a>(of: Raw<'a>, name: &str) -> Option<Raw<'a>> {
    member(of, name)?.items().next()?.ok()
}

fn text(of: Raw<'_>, name: &str) -> Option<Box<str>> {
    Some(member(of, name)?.text().ok()?.into())
}

fn time(of: Raw<'_>, name: &str) -> Option<i64> {
    Some(EventTime::parse(&text(of, name)?)?.micros())
}
