//! How long a medication that was asked for lasts: `medicationRequestPeriod` of CumulativeMedicationDuration 4.1.000.

use clinical::moment::days;
use clinical::{Decimal, Moment, When};
use formats::fhir::read::{Malformed, Raw};
use formats::fhir::view::{PeriodView, QuantityView, ResourceView};

use super::decimal;

/// Hours in the units of a frequency; months and years count 30 and 365 days there.
const HOURS: [(&str, i64, i64); 7] = [
    ("h", 1, 1),
    ("min", 1, 60),
    ("s", 1, 3600),
    ("d", 24, 1),
    ("wk", 168, 1),
    ("mo", 720, 1),
    ("a", 8760, 1),
];

/// Gives the days from the first to the last that is supplied; nothing where neither supply nor bounds are said.
pub(super) fn period(request: &ResourceView<'_>) -> Result<When, Malformed> {
    let dispense = request.get("dispenseRequest");
    let inner = |name: &str| dispense.map_or(Ok(None), |dispense| dispense.get(name));
    let dosage = single(request.get("dosageInstruction"))?;
    let repeat = nested(dosage, &["timing", "repeat"])?;
    let bounds = nested(repeat, &["boundsPeriod"])?;
    let bounds = bounds
        .map(PeriodView::read)
        .transpose()?
        .unwrap_or_default();
    let authored = request.text("authoredOn")?.unwrap_or_default();
    let validity = inner("validityPeriod")?.map(PeriodView::read).transpose()?;
    let validity = validity.unwrap_or_default().start;
    let Some(start) = [&bounds.start, &authored, &validity]
        .into_iter()
        .find_map(|text| day(text))
    else {
        return Ok(When::Unsaid);
    };
    let refills = inner("numberOfRepeatsAllowed")?
        .map(Raw::number)
        .transpose()?;
    let refills = refills.and_then(|number| decimal(number.digits()));
    let supply = match inner("expectedSupplyDuration")?
        .map(duration_days)
        .transpose()?
    {
        Some(Some(days)) => Some(days),
        _ => dosed_days(inner("quantity")?, dosage, repeat)?,
    };
    let total = supply.and_then(|supply| {
        let times = refills.unwrap_or(Decimal::ZERO).checked_add(Decimal::ONE)?;
        // The part of a day is not counted, as CQL adds quantities to dates.
        let after = supply
            .checked_mul(times)?
            .checked_sub(Decimal::ONE)?
            .trunc();
        i32::try_from(after).ok()
    });
    let end = match total {
        Some(after) => start.checked_add(after),
        None => day(&bounds.end),
    };
    Ok(end.map_or(When::Unsaid, |end| {
        When::Period(Some(Moment::Day(start)), Some(Moment::Day(end)))
    }))
}

/// Gives the day that a time is written with, in its own offset.
fn day(text: &str) -> Option<i32> {
    let date = text.split('T').next()?.parse::<jiff::civil::Date>();
    date.ok().map(days)
}

/// Gives the only item of an array; nothing where there are more.
fn single(array: Option<Raw<'_>>) -> Result<Option<Raw<'_>>, Malformed> {
    let mut items = array.map(Raw::items).into_iter().flatten();
    let first = items.next().transpose()?;
    Ok(first.filter(|_| items.next().is_none()))
}

fn nested<'a>(from: Option<Raw<'a>>, path: &[&str]) -> Result<Option<Raw<'a>>, Malformed> {
    let mut at = from;
    for name in path {
        at = at.map_or(Ok(None), |raw| raw.get(name))?;
    }
    Ok(at)
}

/// Converts a duration to days, by UCUM's 365.25 days a year.
fn duration_days(raw: Raw<'_>) -> Result<Option<Decimal>, Malformed> {
    let amount = QuantityView::read(raw)?;
    let value = amount.value.and_then(|number| decimal(number.digits()));
    let (times, over) = match amount.unit_or_code() {
        "d" | "day" | "days" => (Decimal::ONE, Decimal::ONE),
        "h" | "hour" | "hours" => (Decimal::ONE, Decimal::from(24)),
        "wk" | "week" | "weeks" => (Decimal::from(7), Decimal::ONE),
        "mo" | "month" | "months" => (Decimal::new(304_375, 4), Decimal::ONE),
        "a" | "year" | "years" => (Decimal::new(36_525, 2), Decimal::ONE),
        _ => return Ok(None),
    };
    Ok(value.and_then(|value| value.checked_mul(times)?.checked_div(over)))
}

/// Gives how many days the quantity lasts at the dose and frequency.
fn dosed_days(
    quantity: Option<Raw<'_>>,
    dosage: Option<Raw<'_>>,
    repeat: Option<Raw<'_>>,
) -> Result<Option<Decimal>, Malformed> {
    let rates = nested(dosage, &["doseAndRate"])?;
    let rate = single(rates)?;
    let ranged = nested(rate, &["doseRange", "high"])?;
    let dose = ranged.map_or_else(|| nested(rate, &["doseQuantity"]), |high| Ok(Some(high)))?;
    let number = |raw: Option<Raw<'_>>| -> Result<Option<Decimal>, Malformed> {
        let number = raw.map(Raw::number).transpose()?;
        Ok(number.and_then(|number| decimal(number.digits())))
    };
    let most = number(nested(repeat, &["frequencyMax"])?)?;
    let frequency = most.map_or_else(
        || number(nested(repeat, &["frequency"])?),
        |most| Ok(Some(most)),
    )?;
    let every = number(nested(repeat, &["period"])?)?;
    let unit = nested(repeat, &["periodUnit"])?
        .map(Raw::text)
        .transpose()?;
    let hours = unit.and_then(|unit| HOURS.iter().find(|(code, ..)| *code == unit));
    let by_frequency = match (frequency, every, hours) {
        (Some(frequency), Some(every), Some((_, times, over))) => {
            let hours = every * Decimal::from(*times) / Decimal::from(*over);
            (frequency * Decimal::from(24)).checked_div(hours)
        }
        _ => None,
    };
    // Where there is no frequency, the times of day are counted, and none of them is none.
    let per_day = by_frequency.unwrap_or_else(|| {
        let times = nested(repeat, &["timeOfDay"]).ok().flatten();
        Decimal::from(times.map(Raw::items).into_iter().flatten().count())
    });
    let quantity = number(nested(quantity, &["value"])?)?;
    let dose = number(nested(dose, &["value"])?)?;
    Ok(quantity
        .zip(dose)
        .and_then(|(quantity, dose)| quantity.checked_div(dose.checked_mul(per_day)?)))
}
