//! Care gaps: where patients stand in quality measures; as JSON for scripts, and as the work list shows it.

use std::collections::BTreeMap;

use clinical::{CareGap, GapStatus, Permit};
use serde::{Deserialize, Serialize};
use ui::{CareGapList, CareGapRow, Link};

use super::alert::label;
use crate::control::Control;
use crate::control::page::Forms;

/// The forms of the page.
pub(in crate::control) const FORMS: Forms<CareGapList> = [
    ui::care_gaps_page,
    ui::care_gaps_fragment,
    ui::care_gaps_live,
];
/// So many stand on the page.
const LISTED: usize = 500;
/// So many are told to scripts; whoever wants more asks for one measure or status, or reads the topic.
const TOLD: usize = 10_000;
/// So much of what a gap rests on stands in its row.
const EVIDENCE_SHOWN: usize = 4;

/// What is asked for; nothing for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::control) struct Wanted {
    pub(in crate::control) measure: Option<String>,
    pub(in crate::control) status: Option<GapStatus>,
}

/// Where patients stand.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CareGapsTold {
    pub(crate) now: String,
    /// Whether the site looks at any measure.
    pub(crate) is_enabled: bool,
    pub(crate) gaps: Vec<Gap>,
    /// How many more there are.
    pub(crate) more: u64,
}

/// Where a patient stands in a measure and year.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Gap {
    /// The pseudonym.
    pub(crate) patient: String,
    pub(crate) measure: String,
    pub(crate) title: String,
    pub(crate) rule: String,
    pub(crate) year: i16,
    pub(crate) status: String,
    pub(crate) due: String,
    pub(crate) known_at: String,
    pub(crate) revision: u32,
    pub(crate) finding: String,
    pub(crate) evidence: Vec<Evidence>,
}

/// What it rests on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Evidence {
    pub(crate) what: String,
    pub(crate) value: String,
    pub(crate) at: String,
    pub(crate) event: String,
}

impl Wanted {
    /// Reads a query.
    pub(in crate::control) fn of(query: &BTreeMap<String, String>) -> Self {
        Self {
            measure: query.get("measure").cloned(),
            status: query.get("status").and_then(|word| GapStatus::parse(word)),
        }
    }

    fn is_of(&self, gap: &CareGap) -> bool {
        let is_measure = self
            .measure
            .as_deref()
            .is_none_or(|wanted| wanted == &*gap.measure);
        is_measure && self.status.is_none_or(|wanted| wanted == gap.status)
    }
}

/// What there is to do first: what is open, by when it is due, what was closed before it.
fn order(gap: &CareGap) -> impl Ord + use<> {
    let place = match gap.status {
        GapStatus::Reopened => 0,
        GapStatus::Open => 1,
        GapStatus::Counted => 2,
        GapStatus::ProvisionallyClosed => 3,
        GapStatus::Closed => 4,
        GapStatus::Excluded => 5,
        GapStatus::NotEligible => 6,
    };
    (!gap.status.is_open(), gap.due, place, gap.finding.known_at)
}

fn chosen<'v>(gaps: impl Iterator<Item = &'v CareGap>, wanted: &Wanted) -> Vec<&'v CareGap> {
    let mut chosen: Vec<&CareGap> = gaps.filter(|gap| wanted.is_of(gap)).collect();
    chosen.sort_by_cached_key(|gap| order(gap));
    chosen
}

/// What there is to tell now.
pub(in crate::control) fn told(control: &Control, wanted: &Wanted) -> CareGapsTold {
    let views = control.views.read();
    let chosen = chosen(views.care_gaps.all(), wanted);
    CareGapsTold {
        now: control.clock.now().to_string(),
        is_enabled: control.config.care_gaps.is_some(),
        more: chosen.len().saturating_sub(TOLD) as u64,
        gaps: chosen.into_iter().take(TOLD).map(gap).collect(),
    }
}

fn gap(gap: &CareGap) -> Gap {
    let finding = &gap.finding;
    let evidence = finding.evidence.iter().map(|proof| Evidence {
        what: proof.what.to_string(),
        value: proof.value.to_string(),
        at: proof.at.to_string(),
        event: proof.event.to_string(),
    });
    Gap {
        patient: finding.patient.to_string(),
        measure: gap.measure.to_string(),
        title: gap.title.to_string(),
        rule: finding.rule.to_string(),
        year: gap.year,
        status: gap.status.word().to_owned(),
        due: gap.due.to_string(),
        known_at: finding.known_at.to_string(),
        revision: finding.revision,
        finding: finding.id.to_string(),
        evidence: evidence.collect(),
    }
}

/// The same as the work list shows it.
pub(in crate::control) fn list(control: &Control, wanted: &Wanted, permit: &Permit) -> CareGapList {
    let views = control.views.read();
    let all = || views.care_gaps.all();
    let by_status = Wanted {
        status: None,
        ..wanted.clone()
    };
    let by_measure = Wanted {
        measure: None,
        ..wanted.clone()
    };
    let mut measures: BTreeMap<String, u64> = BTreeMap::new();
    for gap in all().filter(|gap| by_measure.is_of(gap)) {
        *measures.entry(gap.measure.to_string()).or_default() += 1;
    }
    let chosen = chosen(all(), wanted);
    let rows = chosen.iter().take(LISTED).map(|gap| {
        let patient = gap.finding.patient;
        CareGapRow {
            patient: Link::to(
                label(&views, patient, permit),
                format!("/patients/{patient}"),
            ),
            ..row(gap)
        }
    });
    let in_status = |wanted: ui::GapStatus| {
        let of = all().filter(|gap| by_status.is_of(gap) && status(gap.status) == wanted);
        (wanted, of.count() as u64)
    };
    CareGapList {
        measures: measures.into_iter().collect(),
        statuses: ui::GapStatus::ALL.map(in_status).into(),
        measure: wanted.measure.clone(),
        status: wanted.status.map(status),
        is_enabled: control.config.care_gaps.is_some(),
        more: chosen.len().saturating_sub(LISTED) as u64,
        rows: rows.collect(),
    }
}

/// A status as the page shows it; what is no longer asked for is on no list.
const fn status(status: GapStatus) -> ui::GapStatus {
    match status {
        GapStatus::Reopened => ui::GapStatus::Reopened,
        GapStatus::Open => ui::GapStatus::Open,
        GapStatus::Counted => ui::GapStatus::Counted,
        GapStatus::ProvisionallyClosed => ui::GapStatus::ProvisionallyClosed,
        GapStatus::Closed => ui::GapStatus::Closed,
        GapStatus::Excluded | GapStatus::NotEligible => ui::GapStatus::Excluded,
    }
}

fn row(gap: &CareGap) -> CareGapRow {
    let finding = &gap.finding;
    let shown = finding.evidence.iter().take(EVIDENCE_SHOWN);
    CareGapRow {
        id: finding.id.to_string(),
        patient: Link::words(""),
        measure: gap.measure.to_string(),
        title: gap.title.to_string(),
        rule: finding.rule.to_string(),
        year: gap.year,
        status: status(gap.status),
        due_us: gap.status.is_open().then(|| gap.due.micros()),
        known_us: finding.known_at.micros(),
        revision: finding.revision,
        evidence: shown
            .map(|proof| (format!("{} {}", proof.what, proof.value), proof.at.micros()))
            .collect(),
        more_evidence: finding.evidence.len().saturating_sub(EVIDENCE_SHOWN) as u64,
    }
}
