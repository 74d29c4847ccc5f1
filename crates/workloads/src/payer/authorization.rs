//! Prior authorizations: how each request stands, until when it must be decided, and whether it was.

mod round;
mod services;

use clinical::payer::DocumentKind;
use clinical::{EventTime, FindingId, PatientKey, ReceivedTime, Severity};

use super::case::{Case, cases};
use super::rule::{Concluded, Conclusion, View};
use round::{Round, rounds};

/// At these shares of its time, in percent, an open request is told of, and how much that matters.
const TOLD_AT: [(i64, Severity); 3] = [
    (50, Severity::Low),
    (80, Severity::Medium),
    (100, Severity::High),
];

/// How a request for authorization stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It is asked for, and nothing was answered.
    Requested,
    /// It could not be looked at as it was sent.
    Error,
    /// The decision was put off.
    Pended,
    /// All of it is approved.
    Approved,
    /// It is approved with changes.
    Modified,
    /// A part of it is approved.
    Partial,
    /// Nothing of it is approved.
    Denied,
    /// It needs no authorization.
    NotRequired,
    /// It was called off.
    Cancelled,
    /// It is no longer told of under this name: what it rested on was taken back, or belongs to another.
    Withdrawn,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Requested,
        Self::Error,
        Self::Pended,
        Self::Approved,
        Self::Modified,
        Self::Partial,
        Self::Denied,
        Self::NotRequired,
        Self::Cancelled,
        Self::Withdrawn,
    ];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Error => "error",
            Self::Pended => "pended",
            Self::Approved => "approved",
            Self::Modified => "modified",
            Self::Partial => "partial",
            Self::Denied => "denied",
            Self::NotRequired => "not-required",
            Self::Cancelled => "cancelled",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }

    /// Says whether that is a decision.
    pub const fn is_decided(self) -> bool {
        !matches!(
            self,
            Self::Requested | Self::Error | Self::Pended | Self::Withdrawn
        )
    }
}

/// Who said what when about an authorization, as Da Vinci PAS counts exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeKind {
    /// The first request.
    Initial,
    /// Another request before the decision.
    Subsequent,
    /// A request after a decision.
    Update,
    /// The request is called off.
    Cancel,
    /// An answer of the payer.
    Response,
}

impl ExchangeKind {
    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Subsequent => "subsequent",
            Self::Update => "update",
            Self::Cancel => "cancel",
            Self::Response => "response",
        }
    }
}

/// One request or answer of an authorization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What it is.
    pub kind: ExchangeKind,
    /// When it was made.
    pub at: EventTime,
    /// What was decided of each service, by its number; 0 is the whole.
    pub results: Vec<(u16, Outcome)>,
}

/// How an authorization stands: what is published of it, and what is reported each year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// Its name, which no document has.
    pub case: String,
    /// Whose it is.
    pub patient: PatientKey,
    /// The finding that says so.
    pub finding: FindingId,
    /// That finding's revision.
    pub revision: u32,
    /// When this could be known.
    pub known_at: ReceivedTime,
    /// By whose rules the clock goes.
    pub payer_kind: Box<str>,
    /// Whether it is for a drug.
    pub is_drug: bool,
    /// Whether it is urgent.
    pub is_expedited: bool,
    /// How it stands.
    pub outcome: Outcome,
    /// When the payer received the request that is looked at now; nothing where only answers are known.
    pub received_at: Option<EventTime>,
    /// When the very first request was received.
    pub first_received_at: Option<EventTime>,
    /// Until when it must be decided; nothing where no rule is known.
    pub due: Option<EventTime>,
    /// When it was decided.
    pub decided_at: Option<EventTime>,
    /// Whether it was put off for longer than the rule's own time.
    pub is_extended: bool,
    /// Whether what was denied was approved after all.
    pub is_overturned: bool,
    /// Where the rule stands.
    pub source: Option<&'static str>,
    /// Who said what when.
    pub exchanges: Vec<Exchange>,
}

impl Authorization {
    /// Says of one that it is no longer told of.
    pub(crate) fn withdrawn(case: &str) -> Self {
        Self {
            case: case.to_owned(),
            patient: PatientKey::default(),
            finding: FindingId::default(),
            revision: 0,
            known_at: ReceivedTime::default(),
            payer_kind: "".into(),
            is_drug: false,
            is_expedited: false,
            outcome: Outcome::Withdrawn,
            received_at: None,
            first_received_at: None,
            due: None,
            decided_at: None,
            is_extended: false,
            is_overturned: false,
            source: None,
            exchanges: Vec::new(),
        }
    }

    /// Says whether it was decided in time; nothing where it may still be, or no rule is known.
    pub fn is_met(&self, now: EventTime) -> Option<bool> {
        let due = self.due?;
        match self.decided_at {
            Some(decided) => Some(decided <= due),
            None if now > due => Some(false),
            None => None,
        }
    }
}

/// Conditions that say how an authorization stands begin with this.
pub(crate) const STATUS: &str = "authorization/";

/// Says how each authorization stands.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let kinds = [
        DocumentKind::AuthorizationRequest,
        DocumentKind::AuthorizationAnswer,
    ];
    let mut concluded = Concluded::default();
    for case in cases(&view.documents, &kinds) {
        one(view, &case, &mut concluded);
    }
    concluded
}

fn one(view: &View<'_>, case: &Case<'_>, concluded: &mut Concluded) {
    let followed = rounds(view, case);
    let name = case.name();
    let Some(last) = followed.rounds.last() else {
        return;
    };
    let status = status(view, case, &followed, last, &name);
    concluded.conclusions.push(status);
    if last.outcome == Outcome::Denied && !last.has_reason {
        concluded
            .conclusions
            .push(unexplained(view, case, last, &name));
    }
    for (place, round) in followed.rounds.iter().enumerate() {
        let condition = match place {
            0 => format!("authorization-due/{name}"),
            later => format!("authorization-due/{name}/{later}"),
        };
        concluded
            .conclusions
            .extend(due(view, case, round, condition));
        if let (Some(due), None) = (round.due, round.decided_at) {
            for (share, _) in TOLD_AT {
                concluded.wake_at(share_of(round.start, due, share), view.watermark);
            }
        }
    }
}

/// Tells of a denial that does not say why, and by which rule of its payer it must.
fn unexplained(view: &View<'_>, case: &Case<'_>, last: &Round, name: &str) -> Conclusion {
    let denied_at = last.decided_at.unwrap_or(last.start);
    let day = view.calendar.day(denied_at);
    let rule = view
        .tables
        .denial_reason(&view.config.kind, last.is_drug, day);
    let mut summary = "prior authorization denied without a reason".to_owned();
    if let Some(source) = rule {
        summary.push_str(&format!(": the denial must give a specific one ({source})"));
    }
    let condition = format!("authorization-reason/{name}");
    Conclusion::new(condition, Severity::Low, summary, &case.documents)
}

/// When a share of the time has passed; of all of it the moment after, since the last one is still in time.
fn share_of(start: EventTime, due: EventTime, share: i64) -> EventTime {
    if share >= 100 {
        return EventTime::from_micros(due.micros().saturating_add(1));
    }
    let whole = due.micros().saturating_sub(start.micros());
    EventTime::from_micros(start.micros().saturating_add(whole / 100 * share))
}

fn status(
    view: &View<'_>,
    case: &Case<'_>,
    followed: &round::Followed,
    last: &Round,
    name: &str,
) -> Conclusion {
    let mut summary = format!("prior authorization {}", last.outcome.word());
    if last.is_expedited {
        summary.push_str(", expedited");
    }
    match (last.due, last.decided_at) {
        (Some(due), Some(decided)) => {
            let met = if decided <= due { "in time" } else { "late" };
            summary.push_str(&format!(
                ", decided {met}: {}, due {}",
                view.calendar.words(decided),
                view.calendar.words(due)
            ));
        }
        (Some(due), None) => summary.push_str(&format!(", due {}", view.calendar.words(due))),
        (None, Some(decided)) => {
            summary.push_str(&format!(", decided {}", view.calendar.words(decided)));
        }
        (None, None) => {}
    }
    if last.is_extended {
        summary.push_str(", extended");
    }
    let mut conclusion = Conclusion::new(
        format!("{STATUS}{name}"),
        Severity::None,
        summary,
        &case.documents,
    );
    conclusion.as_of = last.start;
    if !last.is_asked {
        conclusion.missing.push("the request".into());
    } else if last.clock.is_none() {
        let missing = "a rule for this kind of payer and item on that day";
        conclusion.missing.push(missing.into());
    }
    conclusion.authorization = Some(Authorization {
        payer_kind: view.config.kind.clone(),
        is_drug: last.is_drug,
        is_expedited: last.is_expedited,
        outcome: last.outcome,
        received_at: last.is_asked.then_some(last.start),
        first_received_at: followed
            .rounds
            .iter()
            .find(|round| round.is_asked)
            .map(|round| round.start),
        due: last.due,
        decided_at: last.decided_at,
        is_extended: last.is_extended,
        is_overturned: last.is_overturned,
        source: last.clock.map(|(_, source)| source),
        exchanges: followed.exchanges.clone(),
        ..Authorization::withdrawn(name)
    });
    conclusion
}

/// Tells of a request that is not decided while its time runs out, and of one that was decided too late.
fn due(view: &View<'_>, case: &Case<'_>, round: &Round, condition: String) -> Option<Conclusion> {
    let (due, (span, source)) = (round.due?, round.clock?);
    let told = TOLD_AT
        .iter()
        .rfind(|(share, _)| view.watermark >= share_of(round.start, due, *share));
    let (severity, score, head) = match (round.decided_at, told) {
        (Some(decided), _) if decided <= due => return None,
        (Some(decided), _) => (
            Severity::Low,
            None,
            format!("decided late, {}", view.calendar.words(decided)),
        ),
        (None, None) => return None,
        (None, Some((100, severity))) => (*severity, Some(100), "not decided in time".to_owned()),
        (None, Some((share, severity))) => {
            let share_score = i32::try_from(*share).ok();
            (
                *severity,
                share_score,
                format!("{share} % of its time has passed"),
            )
        }
    };
    let due = view.calendar.words(due);
    let urgency = if round.is_expedited {
        "expedited"
    } else {
        "standard"
    };
    let extended = if round.is_extended { ", extended" } else { "" };
    let summary = format!(
        "prior authorization ({urgency}) {head}: due {due}, {} from receipt{extended} ({source})",
        span.words()
    );
    let mut conclusion = Conclusion::new(condition, severity, summary, &case.documents);
    conclusion.as_of = round.start;
    conclusion.score = score;
    Some(conclusion)
}

#[cfg(test)]
pub(crate) mod tests;
