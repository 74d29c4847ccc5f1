//! Eligibility: whether a member was covered on the day of a visit or a service, and whether it was answered in time.

use clinical::payer::{Day, Document, DocumentKind, EVERY_PRODUCT, Link, Standing};
use clinical::{EventTime, Severity};

use super::calendar::day_words;
use super::case::cases;
use super::rule::{Concluded, Conclusion, View};
use super::state::Held;
use super::tables::Step;

/// Whether a member was covered on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Covered {
    Active,
    Inactive,
    Unknown,
}

/// Says who was covered when they came, and what was not answered.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let mut concluded = Concluded::default();
    unanswered(view, &mut concluded);
    let has_payer = view.documents.iter().any(|held| {
        matches!(
            held.document.kind,
            DocumentKind::Inquiry
                | DocumentKind::Eligibility
                | DocumentKind::Coverage
                | DocumentKind::Claim
        )
    });
    // Of who has no payer at all nothing is to be said.
    if has_payer {
        for held in &view.documents {
            if held.document.kind == DocumentKind::Visit {
                visit(view, held, &mut concluded);
            } else if held.document.kind == DocumentKind::Claim {
                claim(view, held, &mut concluded);
            }
        }
    }
    concluded
}

/// Tells of inquiries that nobody answered in time.
fn unanswered(view: &View<'_>, concluded: &mut Concluded) {
    let kinds = [DocumentKind::Inquiry, DocumentKind::Eligibility];
    for case in cases(&view.documents, &kinds) {
        let asked = case.of(DocumentKind::Inquiry).last();
        let answered = case.of(DocumentKind::Eligibility).next();
        let (Some(asked), None) = (asked, answered) else {
            continue;
        };
        let start = view.receipt(asked);
        let Some((due, clock)) = view.due(Step::Eligibility, start) else {
            continue;
        };
        let late = EventTime::from_micros(due.micros().saturating_add(1));
        if view.watermark < late {
            concluded.wake_at(late, view.watermark);
            continue;
        }
        let summary = format!(
            "eligibility inquiry without an answer after {} ({})",
            clock.span.words(),
            clock.source
        );
        let condition = format!("eligibility-unanswered/{}", case.name());
        let of = [asked];
        let mut conclusion = Conclusion::new(condition, Severity::Low, summary, &of);
        conclusion.as_of = start;
        concluded.conclusions.push(conclusion);
    }
}

fn visit(view: &View<'_>, held: &Held, concluded: &mut Concluded) {
    let Some(day) = held.document.from else {
        return;
    };
    if held.document.standing != Standing::Active {
        return;
    }
    let (covered, by) = covered(view, day);
    let (severity, words) = match covered {
        Covered::Active => (Severity::None, "active"),
        Covered::Inactive => (Severity::Low, "inactive"),
        Covered::Unknown => (Severity::None, "unknown"),
    };
    let mut of = vec![held];
    of.extend(&by);
    let summary = format!(
        "coverage on the day of the visit, {}: {words}{}",
        day_words(day),
        ended(&by, day)
    );
    let condition = format!("coverage/{:016x}", held.document.resource);
    let mut conclusion = Conclusion::new(condition, severity, summary, &of);
    conclusion.as_of = view.calendar.start(day);
    if covered == Covered::Unknown {
        conclusion.missing.push("an answer for that day".into());
    }
    concluded.conclusions.push(conclusion);
}

/// Says of a coverage that it had ended.
fn ended(by: &[&Held], day: Day) -> String {
    let last = by
        .iter()
        .filter(|held| held.document.kind == DocumentKind::Coverage)
        .filter_map(|held| held.document.until)
        .filter(|until| *until < day)
        .max();
    last.map_or(String::new(), |until| {
        format!(", coverage ended on {}", day_words(until))
    })
}

/// Tells of a claim for a day on which the member was not covered.
fn claim(view: &View<'_>, held: &Held, concluded: &mut Concluded) {
    let document = &held.document;
    if document.standing != Standing::Active {
        return;
    }
    let days = document.lines.iter().filter_map(|line| line.day);
    let mut days: Vec<Day> = days.chain(document.from).collect();
    days.sort_unstable();
    days.dedup();
    for day in days {
        let (covered, by) = covered(view, day);
        if covered != Covered::Inactive {
            continue;
        }
        let mut of = vec![held];
        of.extend(&by);
        let summary = format!(
            "claim for a day without coverage, {}{}",
            day_words(day),
            ended(&by, day)
        );
        let on = day_words(day);
        let condition = format!("claim-not-covered/{:016x}/{on}", document.resource);
        concluded
            .conclusions
            .push(Conclusion::new(condition, Severity::Low, summary, &of));
    }
}

/// Says whether a member was covered on a day: by the last answer for it, or else by the coverages that are known.
fn covered<'a>(view: &View<'a>, day: Day) -> (Covered, Vec<&'a Held>) {
    let answer = view.documents.iter().rev().find(|held| {
        held.document.kind == DocumentKind::Eligibility
            && held.document.standing == Standing::Active
            && matches!(&*held.document.code, "active" | "inactive")
            && speaks_of(view, held, day)
    });
    let coverages: Vec<&Held> = view
        .documents
        .iter()
        .copied()
        .filter(|held| held.document.kind == DocumentKind::Coverage)
        .filter(|held| held.document.from.is_some() || held.document.until.is_some())
        .collect();
    let holds = |held: &&Held| {
        let document = &held.document;
        // What was ended held until then.
        let stands = document.standing == Standing::Active || document.until.is_some();
        stands
            && document.from.is_none_or(|from| from <= day)
            && !coverages.iter().any(|other| is_bounded(view, held, other))
            && document.until.is_none_or(|until| day <= until)
            && !coverages
                .iter()
                .any(|other| ends(view, other, held, day) || renews(view, other, held))
    };
    // A coverage that was ended, for a day before, after it was said to be active is told of again.
    let has_ended_since = |answer: &Held| {
        let mut all = coverages.iter();
        all.any(|held| view.said_order(held, answer).is_gt() && !holds(held))
            && !coverages.iter().any(holds)
    };
    match answer {
        Some(answer) if &*answer.document.code == "active" && has_ended_since(answer) => {
            (Covered::Inactive, coverages)
        }
        Some(answer) if &*answer.document.code == "active" => (Covered::Active, vec![*answer]),
        Some(answer) => (Covered::Inactive, vec![*answer]),
        None if coverages.is_empty() => (Covered::Unknown, Vec::new()),
        None => match coverages.iter().copied().find(|held| holds(held)) {
            Some(held) => (Covered::Active, vec![held]),
            None => (Covered::Inactive, coverages),
        },
    }
}

/// Says whether one coverage ends another before a day: a membership that ends all products of its payer, others what they
/// name. What says since when it held ends no more than that.
fn ends(view: &View<'_>, end: &Held, held: &Held, day: Day) -> bool {
    calls_off(view, end, held) && end.document.until.is_some_and(|until| until < day)
}

/// Says whether an end that does not say since when is of a coverage that does: that one says on which days it held.
fn is_bounded(view: &View<'_>, end: &Held, held: &Held) -> bool {
    end.document.from.is_none() && held.document.from.is_some() && calls_off(view, end, held)
}

/// Says whether one coverage calls another one off.
fn calls_off(view: &View<'_>, end: &Held, held: &Held) -> bool {
    let (of, by) = (&held.document, &end.document);
    let is_it = match &*by.code {
        EVERY_PRODUCT => true,
        "" => names(by, of),
        code => names(by, of) && *code == *of.code,
    };
    // What is said of a product as such, and not of one time of it, has the name of the product, and may have the membership's
    // first day.
    let is_of_all = *by.code == *EVERY_PRODUCT || by.replaces.contains(&by.resource);
    let is_then = is_of_all || by.from.is_none() || by.from == of.from;
    is_it
        && is_then
        && by.standing == Standing::Cancelled
        && by.insurer == of.insurer
        && view.said_order(end, held).is_ge()
}

/// Says whether one coverage is another one told anew: of one product from one day on what was said last stands. Other numbers
/// that both have, such as the member's, make no product of two.
fn renews(view: &View<'_>, later: &Held, held: &Held) -> bool {
    let (of, by) = (&held.document, &later.document);
    let is_of =
        |product: &Link, other: &Document| *product != 0 && other.replaces.contains(product);
    view.said_order(later, held).is_gt()
        && by.resource != of.resource
        && by.from.is_some()
        && (by.from, &by.code, by.insurer) == (of.from, &of.code, of.insurer)
        && (is_of(&by.product, of) || is_of(&of.product, by))
}

/// Says whether one coverage has a number that names another one.
fn names(by: &Document, of: &Document) -> bool {
    by.replaces.iter().any(|number| of.links.contains(number))
}

/// Says whether an answer speaks of a day: it names days, or else it speaks of the day on which it was given. Where it names
/// no last one it speaks until the end of the month in which it was given, or of that in which its first one is.
fn speaks_of(view: &View<'_>, held: &Held, day: Day) -> bool {
    let document = &held.document;
    match (document.from, document.until) {
        (None, None) => view.made_on(held) == day,
        (from, until) => {
            let given = from.map_or(view.made_on(held), |from| from.max(view.made_on(held)));
            let until = until.unwrap_or_else(|| view.calendar.end_of_month(given));
            from.is_none_or(|from| from <= day) && day <= until
        }
    }
}
