//! What a person should look at before a claim is paid: the same service twice, services that cannot have been, and edits
//! that a site has loaded. Nothing here denies a claim.

mod service;

use std::collections::BTreeMap;

use clinical::payer::{Day, DocumentKind, Link, Standing};
use clinical::{Decimal, Severity};

use super::calendar::day_words;
use super::edits::UnitScope;
use super::rule::{Concluded, Conclusion, View};
use super::state::Held;
use super::tables::Duplicate;
use service::{Service, claimed_stays, services};

/// Classes of a visit that is a stay: HL7 v3 ActCode and HL7 table 0004.
pub(super) const STAY: [&str; 4] = ["IMP", "ACUTE", "NONAC", "I"];
/// Modifiers by which two services of a pair may stand beside each other (NCCI Policy Manual, chapter I, section E).
const NCCI_MODIFIERS: [&str; 44] = [
    "E1", "E2", "E3", "E4", "FA", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "TA", "T1",
    "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "LT", "RT", "LC", "LD", "RC", "LM", "RI", "24",
    "25", "57", "58", "78", "79", "27", "59", "91", "XE", "XP", "XS", "XU",
];

/// Says what of the claims that stand is to be looked at.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let services = services(view);
    let mut concluded = Concluded::default();
    let all = &mut concluded.conclusions;
    duplicates(view, &services, all);
    lifetime(view, &services, all);
    places(view, &services, all);
    pairs(view, &services, all);
    units(view, &services, all);
    concluded
}

/// Puts what was found of one matter together, so that a claim is told of once for each reason.
fn tell(found: BTreeMap<String, (Severity, String, Vec<&Held>)>, all: &mut Vec<Conclusion>) {
    for (condition, (severity, summary, mut of)) in found {
        of.sort_by_key(|held| (held.at(), held.event));
        of.dedup_by_key(|held| held.event);
        all.push(Conclusion::new(condition, severity, summary, &of));
    }
}

fn duplicates(view: &View<'_>, services: &[Service<'_>], all: &mut Vec<Conclusion>) {
    let mut found = BTreeMap::new();
    for (place, one) in services.iter().enumerate() {
        for other in services.iter().skip(place + 1) {
            if one.case == other.case || one.code() != other.code() || one.code().is_empty() {
                continue;
            }
            let mut rules = view.tables.duplicates.iter();
            let Some(rule) = rules.find(|rule| is_duplicate(rule, one, other)) else {
                continue;
            };
            let (first, second) = (one.case.as_str(), other.case.as_str());
            let condition = format!(
                "duplicate-claim/{}/{}",
                first.min(second),
                first.max(second)
            );
            let summary = format!(
                "the same service in two claims ({}): on {} and {}; {}",
                rule.name,
                day_words(one.day),
                day_words(other.day),
                rule.source
            );
            let more =
                found
                    .entry(condition)
                    .or_insert((rule.severity, summary.clone(), Vec::new()));
            if rule.severity > more.0 {
                (more.0, more.1) = (rule.severity, summary);
            }
            more.2.extend([one.held, other.held]);
        }
    }
    tell(found, all);
}

fn is_duplicate(rule: &Duplicate, one: &Service<'_>, other: &Service<'_>) -> bool {
    let apart = one.held.at().micros().abs_diff(other.held.at().micros());
    let window = u64::from(rule.window_days) * 24 * 60 * 60 * 1_000_000;
    let excused = |service: &Service<'_>| {
        let mut modifiers = service.modifiers();
        modifiers.any(|modifier| rule.unless.contains(&modifier))
    };
    one.day.abs_diff(other.day) <= rule.days_apart
        && apart <= window
        && rule.is_same_provider == (one.provider() == other.provider())
        && (rule.is_any_modifier || one.line.modifiers == other.line.modifiers)
        && !excused(one)
        && !excused(other)
}

/// Services before the birth or after the death of a member.
fn lifetime(view: &View<'_>, services: &[Service<'_>], all: &mut Vec<Conclusion>) {
    let mut found = BTreeMap::new();
    let members = view.documents.iter().rev();
    let Some(member) = members
        .copied()
        .find(|held| held.document.kind == DocumentKind::Member)
    else {
        return;
    };
    for service in services {
        let before = member.document.from.is_some_and(|born| service.day < born);
        let after = member.document.until.is_some_and(|died| died < service.day);
        let (what, words) = match (before, after) {
            (_, true) => ("after-death", "after the member's death"),
            (true, false) => ("before-birth", "before the member's birth"),
            (false, false) => continue,
        };
        let condition = format!("service-{what}/{}", service.case);
        let summary = format!("service on {}, {words}", day_words(service.day));
        found
            .entry(condition)
            .or_insert((Severity::Medium, summary, Vec::new()))
            .2
            .extend([service.held, member]);
    }
    tell(found, all);
}

/// Services elsewhere on a day that lies wholly within a stay.
fn places(view: &View<'_>, services: &[Service<'_>], all: &mut Vec<Conclusion>) {
    let mut found = BTreeMap::new();
    let visits = view.documents.iter().copied().filter(|held| {
        held.document.kind == DocumentKind::Visit
            && held.document.standing == Standing::Active
            && STAY.contains(&&*held.document.code)
    });
    for stay in visits.chain(claimed_stays(view)) {
        let (Some(from), Some(until)) = (stay.document.from, stay.document.until) else {
            continue;
        };
        for service in services {
            let Some(place) = view.tables.outpatient_place(&service.line.place) else {
                continue;
            };
            if from < service.day && service.day < until {
                let condition = format!("impossible-place/{}", service.case);
                let summary = format!(
                    "service on {} ({place}) while the member stayed in a hospital from {} to {}",
                    day_words(service.day),
                    day_words(from),
                    day_words(until)
                );
                found
                    .entry(condition)
                    .or_insert((Severity::Low, summary, Vec::new()))
                    .2
                    .extend([service.held, stay]);
            }
        }
    }
    tell(found, all);
}

/// Services that an edit says are not claimed together: by one provider, on one day.
fn pairs(view: &View<'_>, services: &[Service<'_>], all: &mut Vec<Conclusion>) {
    let mut found = BTreeMap::new();
    for one in services {
        for other in services {
            let together = one.day == other.day && one.provider() == other.provider();
            if !together || one.code() == other.code() {
                continue;
            }
            let edits = &view.config.edits;
            let Some(edit) = edits.pair(one.code(), other.code(), one.day) else {
                continue;
            };
            let allowed = |service: &Service<'_>| {
                let mut modifiers = service.modifiers();
                modifiers.any(|one| NCCI_MODIFIERS.contains(&one))
            };
            if edit.is_with_modifier && (allowed(one) || allowed(other)) {
                continue;
            }
            let condition = format!("ncci-pair/{}/{}/{}", other.case, edit.first, edit.second);
            let without = match edit.is_with_modifier {
                true => ", without a modifier that says why",
                false => "",
            };
            let summary = format!(
                "{} and {} are claimed together on {}{without} ({})",
                edit.first,
                edit.second,
                day_words(one.day),
                edits.name
            );
            found
                .entry(condition)
                .or_insert((Severity::Low, summary, Vec::new()))
                .2
                .extend([one.held, other.held]);
        }
    }
    tell(found, all);
}

/// More units than an edit takes to be likely: of a line, or of all lines of a provider's day.
fn units(view: &View<'_>, services: &[Service<'_>], all: &mut Vec<Conclusion>) {
    let mut found = BTreeMap::new();
    let mut days: BTreeMap<(&str, Day, Link), (Decimal, Vec<&Service<'_>>)> = BTreeMap::new();
    for service in services {
        let units = service.line.units.unwrap_or(Decimal::ONE);
        let of = (service.code(), service.day, service.provider());
        let day = days.entry(of).or_default();
        day.0 = day.0.saturating_add(units);
        day.1.push(service);
    }
    let edits = &view.config.edits;
    let mut likely: BTreeMap<String, Decimal> = BTreeMap::new();
    for ((code, day, _), (sum, of)) in days {
        let Some(edit) = edits.units(code, day) else {
            continue;
        };
        let units = |service: &&&Service<'_>| service.line.units.unwrap_or(Decimal::ONE);
        let most = match edit.scope {
            UnitScope::Line => of.iter().map(|one| units(&one)).max().unwrap_or_default(),
            UnitScope::Day => sum,
        };
        if most <= edit.most {
            continue;
        }
        let whole = match edit.scope {
            UnitScope::Line => "in one line",
            UnitScope::Day => "in one day",
        };
        let condition = format!("unlikely-units/{}/{}", edit.code, day_words(day));
        let summary = format!(
            "{most} units of {} on {} {whole}, at most {} are likely ({})",
            edit.code,
            day_words(day),
            edit.most,
            edits.name
        );
        let of = of.iter().map(|one| one.held);
        // Of several providers the one with the most is told of, with the claims of all.
        let more = found.entry(condition.clone());
        let more = more.or_insert((Severity::Low, String::new(), Vec::new()));
        more.2.extend(of);
        let told = likely.entry(condition).or_default();
        if most > *told {
            (*told, more.1) = (most, summary);
        }
    }
    tell(found, all);
}
