//! Which page an address names, and how it is made: whole, as a fragment, or as what a live stream sends.

use std::collections::BTreeMap;

use clinical::{AlertId, PatientKey, Permit};
use ui::{AlertState, Covered, Frame, Window};

use super::Control;
use super::audit::{self, AuditTopic};
use super::models::{
    alert, authorizations, care_gaps, codes, emergency, finding, message, overview, patient,
    quarantine, sources, workload,
};

/// A page, as its address names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Overview,
    /// By state; lists have the number of their page, counted from 1.
    Alerts(Option<AlertState>, u64),
    Alert(AlertId),
    Patients(u64),
    Authorizations,
    Emergency,
    Patient(patient::Asked),
    CareGaps(care_gaps::Wanted),
    Workloads,
    Workload(String),
    Finding(finding::Place),
    /// By reason and by source.
    Quarantine(Option<String>, Option<String>, u64),
    Sources,
    Quarantined(String),
    /// By source and by field.
    Codes(Option<String>, Option<String>, u64),
    Message(String, Option<Covered>),
    Kit,
}

/// How much of a page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Whole,
    Fragment,
    Live,
}

/// Why a page is not shown.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) what: &'static str,
}

impl Refused {
    pub(super) const fn missing(what: &'static str) -> Self {
        Self { status: 404, what }
    }

    pub(super) const fn unreadable() -> Self {
        Self {
            status: 503,
            what: "The journal cannot be read now. The log says why.",
        }
    }

    pub(super) const fn unaudited() -> Self {
        Self {
            status: 503,
            what: "The audit record could not be kept, so nothing is shown.",
        }
    }
}

impl Page {
    /// Reads an address.
    pub(super) fn parse(path: &str, query: &BTreeMap<String, String>) -> Option<Self> {
        let value = |name: &str| query.get(name).map(String::as_str);
        let number = value("page")
            .and_then(|page| page.parse().ok())
            .unwrap_or(1);
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        Some(match parts.as_slice() {
            [""] | ["overview"] => Self::Overview,
            ["alerts"] => Self::Alerts(value("state").and_then(AlertState::parse), number),
            ["alerts", id] => Self::Alert(AlertId::parse(id)?),
            ["patients"] => Self::Patients(number),
            ["authorizations"] => Self::Authorizations,
            ["ed"] => Self::Emergency,
            ["patients", id] => Self::Patient(patient::Asked {
                key: PatientKey::parse(id)?,
                window: value("window").and_then(Window::parse).unwrap_or_default(),
                known: value("known").map(str::to_owned),
            }),
            ["care-gaps"] => Self::CareGaps(care_gaps::Wanted::of(query)),
            ["workloads"] => Self::Workloads,
            ["workloads", name] => Self::Workload((*name).to_owned()),
            ["findings", place] => Self::Finding(finding::Place::parse(place)?),
            ["quarantine"] => Self::Quarantine(
                value("reason").or(value("code")).map(str::to_owned),
                value("source").map(str::to_owned),
                number,
            ),
            ["sources"] => Self::Sources,
            ["quarantine", id] => Self::Quarantined((*id).to_owned()),
            ["codes"] => Self::Codes(
                value("source").map(str::to_owned),
                value("field").map(str::to_owned),
                number,
            ),
            ["messages", id] => {
                Self::Message((*id).to_owned(), value("fields").and_then(Covered::parse))
            }
            ["ui", "kit"] => Self::Kit,
            _ => return None,
        })
    }

    /// The name of what a live stream sends of it: the id of the element that stays live.
    pub(super) const fn live_name(&self) -> Option<&'static str> {
        match self {
            Self::Overview => Some("overview"),
            Self::Alerts(..) => Some("alerts"),
            Self::Alert(_) => Some("alert"),
            Self::Patients(_) => Some("patients"),
            Self::Authorizations => Some("authorizations"),
            Self::Emergency => Some("emergency"),
            Self::Patient(asked) if asked.known.is_none() => Some("patient"),
            Self::CareGaps(_) => Some("care-gaps"),
            Self::Workloads => Some("workloads"),
            Self::Workload(_) => Some("workload"),
            Self::Quarantine(..) => Some("quarantine"),
            Self::Sources => Some("sources"),
            Self::Codes(..) => Some("codes"),
            Self::Patient(_)
            | Self::Quarantined(_)
            | Self::Message(..)
            | Self::Finding(_)
            | Self::Kit => None,
        }
    }
}

/// Gives the permit to open what a page shows, after it was written to the audit whose it is.
///
/// A page that shows nobody needs none.
pub(super) fn permit(control: &Control, page: &Page) -> Result<Option<Permit>, Refused> {
    let views = control.views.read();
    let (purpose, patient) = match page {
        Page::Overview
        | Page::Workloads
        | Page::Sources
        | Page::Quarantine(..)
        | Page::Codes(..)
        | Page::Kit => return Ok(None),
        Page::Finding(place) => ("view finding", Some(finding::patient(control, *place)?)),
        Page::Workload(_) => ("view findings of workload", None),
        Page::Message(id, _) => ("view message", message::patient(control, id)?),
        Page::Alerts(..) => ("view alert list", None),
        Page::Alert(id) => (
            "view alert",
            views.alerts.get(id).map(|view| view.alert.patient),
        ),
        Page::Patients(_) => ("view patient list", None),
        Page::Authorizations => ("view authorization list", None),
        Page::Emergency => ("view emergency board", None),
        Page::Patient(asked) => match asked.known {
            None => ("view patient", Some(asked.key)),
            Some(_) => ("view patient as it was known", Some(asked.key)),
        },
        Page::CareGaps(_) => ("view care gaps", None),
        Page::Quarantined(id) => {
            let found = views.quarantine.iter().find(|view| view.id() == *id);
            (
                "view quarantined record",
                found.and_then(|view| view.patient),
            )
        }
    };
    drop(views);
    let audit = AuditTopic {
        journal: &*control.journal,
        partitions: control.config.journal.partitions,
    };
    audit::permit(&audit, purpose, patient, control.clock.now())
        .map(Some)
        .map_err(|error| {
            tracing::error!(%error, "a page was not shown");
            Refused::unaudited()
        })
}

/// Makes a page.
pub(super) fn render(
    control: &Control,
    page: &Page,
    form: Form,
    frame: &Frame,
    permit: Option<&Permit>,
) -> Result<String, Refused> {
    let permit = || permit.ok_or(Refused::unaudited());
    let make = Maker { form, frame };
    Ok(match page {
        Page::Overview => make.of(
            &overview::model(control),
            [ui::overview_page, ui::overview_fragment, ui::overview_live],
        ),
        Page::Alerts(state, page) => make.of(
            &alert::list(control, *state, *page, permit()?),
            [ui::alerts_page, ui::alerts_fragment, ui::alerts_live],
        ),
        Page::Alert(id) => make.of(
            &alert::one(control, *id, permit()?)?,
            [ui::alert_page, ui::alert_fragment, ui::alert_live],
        ),
        Page::Patients(page) => make.of(
            &patient::list(control, *page, permit()?),
            [ui::patients_page, ui::patients_fragment, ui::patients_live],
        ),
        Page::Authorizations => make.of(
            &authorizations::table(control, frame.now_us, permit()?),
            authorizations::FORMS,
        ),
        Page::Emergency => make.of(
            &emergency::board(control, frame.now_us, permit()?),
            emergency::FORMS,
        ),
        Page::Patient(asked) => make.of(
            &patient::one(control, asked, frame, permit()?)?,
            [ui::patient_page, ui::patient_fragment, ui::patient_live],
        ),
        Page::CareGaps(wanted) => make.of(
            &care_gaps::list(control, wanted, permit()?),
            care_gaps::FORMS,
        ),
        Page::Workloads => make.of(&workload::table(control), workload::TABLE_FORMS),
        Page::Workload(name) => make.of(&workload::one(control, name, permit()?)?, workload::FORMS),
        Page::Finding(place) => ui::finding_page(frame, &finding::one(control, *place, permit()?)?),
        Page::Sources => make.of(
            &sources::table(control),
            [ui::sources_page, ui::sources_fragment, ui::sources_live],
        ),
        Page::Quarantine(reason, source, page) => make.of(
            &quarantine::list(control, reason.as_deref(), source.as_deref(), *page),
            [
                ui::quarantine_page,
                ui::quarantine_fragment,
                ui::quarantine_live,
            ],
        ),
        Page::Quarantined(id) => make.of(
            &quarantine::one(control, id, permit()?)?,
            [
                ui::quarantined_page,
                ui::quarantined_fragment,
                ui::quarantined_fragment,
            ],
        ),
        Page::Codes(source, field, page) => make.of(
            &codes::table(control, source.as_deref(), field.as_deref(), *page),
            [ui::codes_page, ui::codes_fragment, ui::codes_live],
        ),
        Page::Message(id, covered) => make.of(
            &message::one(control, id, *covered, permit()?)?,
            [ui::message_page, ui::message_fragment, ui::message_fragment],
        ),
        Page::Kit => ui::kit_page(frame),
    })
}

/// What makes a page of its model: whole, as a fragment, and as a live stream sends it.
pub(super) type Forms<M> = [fn(&Frame, &M) -> String; 3];

/// Makes one form of a page from its model.
struct Maker<'f> {
    form: Form,
    frame: &'f Frame,
}

impl Maker<'_> {
    fn of<M>(&self, model: &M, [whole, fragment, live]: Forms<M>) -> String {
        match self.form {
            Form::Whole => whole(self.frame, model),
            Form::Fragment => fragment(self.frame, model),
            Form::Live => live(self.frame, model),
        }
    }
}
