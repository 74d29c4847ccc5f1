//! View models to HTML and SVG.
//!
//! Each page is a function of a [`Frame`] and a model. `…_page` gives the whole page; `…_fragment` the element that holds what
//! changes, for a request of htmx; `…_live` what is inside that element, for the page's stream at `/live/…`, as an event named
//! by the element's id. It knows no HTTP: the caller serves [`assets()`], and answers the links and forms of the pages.
#![forbid(unsafe_code)]

mod frame;

mod alerts;
mod authorizations;
mod care_gaps;
mod codes;
mod emergency;
mod finding;
mod kit;
mod message;
mod overview;
mod patients;
mod quarantine;
mod refusal;
mod sources;
mod workloads;

mod chart;
mod mark;
mod number;
mod patient_charts;
mod raw;
mod shown;
mod stamp;

mod assets;

pub mod sample;

pub use alerts::{
    Alert, AlertForms, AlertList, AlertRow, DeliveryRow, EvidenceRow, HistoryRow, RevisionRow,
    WayStep, alert_fragment, alert_live, alert_page, alerts_fragment, alerts_live, alerts_page,
};
pub use assets::{Asset, assets};
pub use authorizations::{
    AuthorizationMetrics, AuthorizationRow, AuthorizationTable, authorizations_fragment,
    authorizations_live, authorizations_page,
};
pub use care_gaps::{
    CareGapList, CareGapRow, GapStatus, care_gaps_fragment, care_gaps_live, care_gaps_page,
};
pub use codes::{CodeRow, CodeTable, codes_fragment, codes_live, codes_page};
pub use emergency::{
    EmergencyBoard, EmergencyRow, EmergencyUnit, emergency_fragment, emergency_live, emergency_page,
};
pub use finding::{Finding, finding_page};
pub use frame::{Frame, Link, NOTICE, Theme};
pub use kit::kit_page;
pub use mark::{AlertState, Health, Severity};
pub use message::{Covered, CoveredField, CoveredSegment, Message, message_fragment, message_page};
pub use overview::{
    Disk, Overview, Source, Station, overview_fragment, overview_live, overview_page,
};
pub use patients::{
    Before, EncounterRow, FindingRow, Known, Patient, PatientList, PatientRow, PointKind,
    ResultRow, Score, ScorePoint, Vital, VitalPoint, Window, patient_fragment, patient_live,
    patient_page, patients_fragment, patients_live, patients_page,
};
pub use quarantine::{
    AttemptRow, ParsedField, ParsedSegment, QuarantineForms, QuarantineList, QuarantineRow,
    Quarantined, quarantine_fragment, quarantine_live, quarantine_page, quarantined_fragment,
    quarantined_page,
};
pub use refusal::{Refusal, refusal_page};
pub use shown::Shown;
pub use sources::{
    SignalRow, SourceRow, SourceTable, sources_fragment, sources_live, sources_page,
};
pub use workloads::{
    Drift, DriftRow, HourRow, LatestRow, PackCounts, PackStation, Runs, SettingRow, Workload,
    WorkloadRow, WorkloadTable, workload_fragment, workload_live, workload_page,
    workloads_fragment, workloads_live, workloads_page,
};
