//! The parts of a resource that documents are read from; what is not there, or not of its type, is nothing.

use std::borrow::Cow;

use clinical::payer::{Day, Link, Stated, link};
use clinical::{Decimal, EventTime};
use formats::fhir::read::Raw;
use jiff::civil::Date;

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

pub(super) fn member<'a>(raw: Raw<'a>, name: &str) -> Option<Raw<'a>> {
    raw.get(name).ok().flatten()
}

pub(super) fn within<'a>(raw: Raw<'a>, path: &[&str]) -> Option<Raw<'a>> {
    path.iter().try_fold(raw, |raw, name| member(raw, name))
}

/// A string.
pub(super) fn said(raw: Raw<'_>) -> Cow<'_, str> {
    raw.text().unwrap_or_default()
}

/// A member that is a string.
pub(super) fn text<'a>(raw: Raw<'a>, name: &str) -> Cow<'a, str> {
    member(raw, name).map(said).unwrap_or_default()
}

/// The items of an array.
pub(super) fn each<'a>(raw: Option<Raw<'a>>) -> impl Iterator<Item = Raw<'a>> {
    raw.into_iter().flat_map(Raw::items).filter_map(Result::ok)
}

/// The systems and codes of a concept, and at last its words.
pub(super) fn codes<'a>(
    concept: Option<Raw<'a>>,
) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
    let codings = each(concept.and_then(|concept| member(concept, "coding")));
    codings.map(|coding| (text(coding, "system"), text(coding, "code")))
}

/// The first code of a concept.
pub(super) fn code<'a>(concept: Option<Raw<'a>>) -> Cow<'a, str> {
    codes(concept)
        .map(|(_, code)| code)
        .next()
        .unwrap_or_default()
}

/// Whom a reference names: the last two parts of an address, or by words.
pub(super) fn reference(raw: Option<Raw<'_>>) -> Link {
    let Some(raw) = raw else {
        return 0;
    };
    let to = text(raw, "reference");
    if to.is_empty() {
        return link(&text(raw, "display"));
    }
    // Whichever version of it is meant, it is the same one.
    let whole = to.split_once("/_history/").map_or(&*to, |(whole, _)| whole);
    let mut parts = whole.rsplit('/');
    match (parts.next(), parts.next()) {
        (Some(id), Some(kind)) => link(&format!("{kind}/{id}")),
        _ => link(whole),
    }
}

/// The values of all identifiers; systems differ between those who name the same thing.
pub(super) fn identifiers<'a>(raw: Raw<'a>) -> impl Iterator<Item = Link> {
    each(member(raw, "identifier")).map(|one| link(&text(one, "value")))
}

/// An amount of money.
pub(super) fn amount(raw: Option<Raw<'_>>) -> Option<Decimal> {
    number(member(raw?, "value"))
}

/// A number.
pub(super) fn number(raw: Option<Raw<'_>>) -> Option<Decimal> {
    let digits = raw?.number().ok()?;
    Decimal::from_str_exact(digits.digits()).ok()
}

/// The day of a date or of a moment, as it is written.
pub(super) fn day(text: &str) -> Option<Day> {
    let date: Date = text.get(..10)?.parse().ok()?;
    Day::try_from(date.duration_since(EPOCH).as_hours() / 24).ok()
}

/// A moment, or a day where no more is stated.
pub(super) fn stated(text: &str) -> Option<Stated> {
    match EventTime::parse(text) {
        Some(moment) => Some(Stated::Moment(moment)),
        None => day(text).map(Stated::Day),
    }
}
