//! Who is on a device by what resources say: an Encounter at a bed where devices stand, or a Device that names its patient.

use clinical::{EventTime, PatientKey};
use formats::device::Association;
use formats::fhir::read::Raw;
use mapping::fhir::{Subject, subject};

use super::beds::{LEFT_MAX, Left, Says, Span, Stay, Word};
use super::binding::PSEUDONYM;
use super::places::Places;
use super::state::{STAYS_MAX, State};

/// What an association says, and the source that the device is of.
pub(super) type Said = (Box<str>, Association);

/// When an Encounter was so, and which message said so when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    pub(super) at: i64,
    pub(super) said: i64,
    pub(super) message: u64,
    /// Whether it only says how a visit stood at an earlier time.
    pub(super) is_moment: bool,
    /// Whether it says that the last change of place never took place.
    pub(super) undoes: bool,
}

impl State {
    /// Takes in what an Encounter of a patient says, and gives what that changes of the devices at the beds that were left and
    /// taken.
    pub(super) fn lies(
        &mut self,
        patient: PatientKey,
        encounter: Raw<'_>,
        heard: Heard,
        places: &Places,
    ) -> Vec<Said> {
        let id = text(encounter, "id").filter(|_| !places.is_empty());
        let Some(id) = id else {
            return Vec::new();
        };
        let is_known = self.stays.contains_key(&id);
        if heard.is_moment && !is_known {
            // How it stands is not known: it may have ended long ago.
            return Vec::new();
        }
        let word = word(encounter, heard, places);
        if !is_known && self.stays.len() >= STAYS_MAX {
            let stays = self.stays.iter();
            let oldest = stays.min_by_key(|(_, stay)| (stay.is_at_devices(), stay.newest()));
            let oldest = oldest.map(|(id, _)| id.clone());
            oldest.and_then(|id| self.stays.remove(&id));
        }
        let stay: &mut Stay = self.stays.entry(id).or_default();
        let news = stay.take(word, places).into_iter();
        news.flat_map(|span| associations(patient, &span, places))
            .collect()
    }

    /// Forgets where a patient lies who is another one, and gives what was said of the devices there: it is the other's.
    pub(super) fn retire(&mut self, patient: PatientKey, places: &Places) -> Vec<Said> {
        let stays = std::mem::take(&mut self.stays);
        let spans = stays.into_values().flat_map(|stay| stay.told);
        let gone = spans.map(|span| Span {
            to: Some(span.from),
            ..span
        });
        gone.flat_map(|span| associations(patient, &span, places))
            .collect()
    }

    /// When the next visit is forgotten.
    pub(super) fn next_forgotten(&self, window: i64) -> Option<i64> {
        let stays = self.stays.values();
        stays.filter_map(|stay| stay.kept_until(window)).min()
    }

    /// Forgets the visits that ended long ago.
    pub(super) fn forget_stays(&mut self, now: i64, window: i64) {
        let is_kept = |stay: &Stay| stay.kept_until(window).is_none_or(|until| until > now);
        self.stays.retain(|_, stay| is_kept(stay));
    }
}

/// What a patient's time at a place says of the devices that stand there.
fn associations(patient: PatientKey, span: &Span, places: &Places) -> Vec<Said> {
    let standing = places.at(&span.place);
    let said = standing.map(|standing| {
        let association = Association {
            device: standing.device.clone(),
            authority: PSEUDONYM.into(),
            identifier: Some(patient.to_string().into()),
            from: span.from,
            to: span.to,
        };
        (standing.source.clone(), association)
    });
    said.collect()
}

fn word(encounter: Raw<'_>, heard: Heard, places: &Places) -> Word {
    let period = member(encounter, "period");
    let is_begin = period.and_then(|period| time(period, "start")) == Some(heard.at);
    let moved = match is_begin {
        true => heard.said.max(heard.at),
        false => heard.at,
    };
    let status = text(encounter, "status").unwrap_or_default();
    let (here, left) = stops(encounter, places);
    let says = match &*status {
        "cancelled" | "entered-in-error" | "planned" => Says::Never,
        "arrived" | "triaged" | "in-progress" | "onleave" => {
            let here = here.filter(|_| &*status != "onleave");
            let (place, from) = here.unwrap_or_default();
            Says::At { place, from }
        }
        _ => Says::Over(period.and_then(|at| time(at, "end")).unwrap_or(moved)),
    };
    Word {
        at: heard.at,
        said: heard.said,
        message: heard.message,
        is_begin,
        undoes: heard.undoes,
        says,
        left,
    }
}

/// What a Device says of who is on it; nothing where it does not say which device it is. Where it gives only an identifier of its
/// patient, its record has that patient's key.
pub(super) fn device(device: Raw<'_>, key: PatientKey, (at, source): (i64, &str)) -> Option<Said> {
    let identifier = first(device, "identifier").and_then(|one| text(one, "value"));
    let patient = member(device, "patient").and_then(|patient| text(patient, "reference"));
    let referred = patient
        .as_deref()
        .and_then(|reference| reference.strip_prefix("Patient/"));
    let patient: Option<Box<str>> = match (referred, subject(device)) {
        (Some(id), _) => Some(id.into()),
        (None, Subject::Identifier(_)) => Some(key.to_string().into()),
        (None, _) => None,
    };
    let is_in_use = text(device, "status").is_none_or(|status| &*status == "active");
    let association = Association {
        device: identifier.or_else(|| text(device, "id"))?,
        authority: PSEUDONYM.into(),
        identifier: patient.filter(|_| is_in_use),
        from: at,
        to: None,
    };
    Some((source.into(), association))
}

/// A place, and since when somebody is there.
type Here = (Box<str>, Option<i64>);

/// Where an Encounter is now, before all where devices stand, and the places that were left.
fn stops(encounter: Raw<'_>, places: &Places) -> (Option<Here>, Vec<Left>) {
    let all = member(encounter, "location")
        .into_iter()
        .flat_map(Raw::items);
    let (mut here, mut left): (Option<Here>, Vec<Left>) = (None, Vec::new());
    for one in all.map_while(Result::ok) {
        let Some(place) = place(one, places) else {
            continue;
        };
        let period = member(one, "period");
        let [from, to] = ["start", "end"].map(|name| period.and_then(|at| time(at, name)));
        let status = text(one, "status");
        match status.as_deref().unwrap_or("active") {
            "active" if to.is_none() || status.is_some() => {
                let is_better = here
                    .as_ref()
                    .is_none_or(|(known, _)| places.has(&place) && !places.has(known));
                if is_better {
                    here = Some((place, from));
                }
            }
            "planned" | "reserved" => {}
            _ if left.len() < LEFT_MAX => left.push(Left {
                place,
                time: from.zip(to),
            }),
            _ => {}
        }
    }
    (here, left)
}

/// The name of a place by which devices stand there, or else any.
fn place(stop: Raw<'_>, places: &Places) -> Option<Box<str>> {
    let location = member(stop, "location")?;
    let names = ["display", "reference"].map(|name| text(location, name));
    let mut known = names.iter().flatten();
    let known = known.find(|name| places.has(name)).cloned();
    known.or_else(|| names.into_iter().flatten().next())
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
