//! A FHIR Observation of a device, with a value or with SampledData, as a report.

use super::json::limited;
use super::{
    Code, Decimal, Quality, Reason, Report, Sample, Series, System, Unreadable, moment, name,
    nomenclature,
};
use crate::fhir::read::{Malformed, Raw};

/// Below this, from sample to sample, it is a waveform.
const WAVEFORM_MICROS: i64 = 1_000_000;
/// The most values that belong to one point of time.
const DIMENSIONS_MAX: usize = 16;

/// Reads an Observation. `device` is who sent it, where the topic or address says so.
///
/// # Errors
/// When it is no Observation of a device with values that are numbers.
pub fn read(bytes: &[u8], device: Option<&str>) -> Result<Report, Unreadable> {
    let raw = Raw::read(bytes)?;
    let resource_type = raw.get("resourceType")?.map(Raw::text).transpose()?;
    if resource_type.as_deref() != Some("Observation") {
        return Err(malformed("it is no Observation"));
    }
    let mut report = Report {
        device: whose(raw, device)?,
        ..Report::default()
    };
    let quality = match raw.get("status")?.map(Raw::text).transpose()?.as_deref() {
        Some("final" | "amended" | "corrected") => Quality::default(),
        Some("preliminary") => Quality::EARLY,
        Some("entered-in-error" | "cancelled") => Quality::INVALID,
        _ => Quality::QUESTIONABLE,
    };
    let at = taken_at(raw)?;
    add(raw, (at, quality), &mut report)?;
    for component in raw.get("component")?.into_iter().flat_map(Raw::items) {
        add(component?, (at, quality), &mut report)?;
    }
    if report.series.is_empty() {
        let what = "there is no valueSampledData or valueQuantity in it or its components";
        return Err(Unreadable::new(Reason::Empty, what));
    }
    Ok(report)
}

/// Which device it is of: by reference or identifier.
fn whose(raw: Raw<'_>, given: Option<&str>) -> Result<Box<str>, Unreadable> {
    let told = match raw.get("device")? {
        None => None,
        Some(device) => {
            let identifier = device
                .get("identifier")?
                .map(|raw| text(raw, "value"))
                .transpose()?;
            let reference = text(device, "reference")?;
            let id = reference.strip_prefix("Device/").map(ToOwned::to_owned);
            identifier.filter(|value| !value.is_empty()).or(id)
        }
    };
    match (told, given) {
        (Some(told), Some(given)) if told != given => {
            let what = "`device` is another one than the topic or address says: a device speaks for itself alone";
            Err(Unreadable::new(Reason::OtherDevice, what))
        }
        (Some(told), _) => name(&told, "the device's name"),
        (None, Some(given)) if !given.is_empty() => name(given, "the device's name"),
        _ => {
            let what = "nothing says which device it is: give device.identifier.value or device.reference as Device/ID";
            Err(Unreadable::new(Reason::NoDevice, what))
        }
    }
}

fn taken_at(raw: Raw<'_>) -> Result<i64, Unreadable> {
    let text = match (raw.get("effectiveInstant")?, raw.get("effectiveDateTime")?) {
        (Some(at), _) | (None, Some(at)) => at.text()?,
        (None, None) => match raw
            .get("effectivePeriod")?
            .map(|period| period.get("start"))
        {
            Some(start) => start?.map(Raw::text).transpose()?.unwrap_or_default(),
            None => "".into(),
        },
    };
    moment::parse(&text).ok_or_else(|| {
        let what = "it does not say to the second when it was taken: give effectiveInstant, effectiveDateTime or effectivePeriod.start with its offset";
        Unreadable::new(Reason::NoTime, what)
    })
}

/// Adds what one Observation or component measured, if that are numbers.
fn add(raw: Raw<'_>, told: (i64, Quality), report: &mut Report) -> Result<(), Unreadable> {
    if let Some(data) = raw.get("valueSampledData")? {
        return add_sampled(raw, data, told, report);
    }
    let Some(quantity) = raw.get("valueQuantity")? else {
        return Ok(());
    };
    let code = code(raw)?;
    let value = decimal(quantity, "value")?;
    let (at, quality) = told;
    let sample = Sample {
        at: Some(at),
        value,
        quality: if value.is_none() {
            quality.and(Quality::INVALID)
        } else {
            quality
        },
        sequence: 0,
    };
    report.series.push(Series {
        channel: Box::default(),
        unit: unit(quantity)?,
        waveform: false,
        code,
        samples: vec![sample],
    });
    limited(report.samples())
}

fn add_sampled(
    raw: Raw<'_>,
    data: Raw<'_>,
    (start, quality): (i64, Quality),
    report: &mut Report,
) -> Result<(), Unreadable> {
    let code = code(raw)?;
    let origin = data
        .get("origin")?
        .ok_or_else(|| malformed("valueSampledData has no origin"))?;
    let zero = decimal(origin, "value")?.unwrap_or_default();
    let factor = decimal(data, "factor")?.unwrap_or(Decimal::new(1, 0));
    let period = decimal(data, "period")?;
    // Milliseconds, of which it may have a part.
    let period = period
        .and_then(|period| Decimal::new(period.units, period.scale).times(Decimal::new(1_000, 0)));
    let period = period.filter(|period| period.units > 0);
    let period =
        period.ok_or_else(|| malformed("valueSampledData has no period in milliseconds"))?;
    let dimensions = match data.get("dimensions")? {
        None => 1,
        Some(raw) => raw.number()?.digits().parse::<usize>().unwrap_or(0),
    };
    if !(1..=DIMENSIONS_MAX).contains(&dimensions) {
        let what = format!("valueSampledData.dimensions is not from 1 to {DIMENSIONS_MAX}");
        return Err(malformed(what));
    }
    let words = data
        .get("data")?
        .map(Raw::text)
        .transpose()?
        .unwrap_or_default();
    let waveform = code.meaning().map_or(
        period.compare(Decimal::new(WAVEFORM_MICROS, 0)).is_lt(),
        |row| row.waveform,
    );
    let mut series: Vec<Series> = (0..dimensions)
        .map(|dimension| Series {
            code: code.clone(),
            channel: if dimensions == 1 {
                Box::default()
            } else {
                format!("{}", dimension + 1).into()
            },
            unit: Box::default(),
            waveform,
            samples: Vec::new(),
        })
        .collect();
    let before = report.samples();
    let unit = unit(origin)?;
    let intervals = code.meaning().is_some_and(|row| row.intervals);
    for (place, word) in words.split_ascii_whitespace().enumerate() {
        limited(before + place + 1)?;
        let (value, flags) = point(word, zero, factor);
        let mut at = start.saturating_add(elapsed(period, place / dimensions));
        if let Some(series) = series.get_mut(place % dimensions) {
            if intervals {
                let last = series.samples.last().and_then(|last| last.at);
                at = after(last.unwrap_or(start), value, &unit, period);
            }
            series.samples.push(Sample {
                at: Some(at),
                value,
                quality: quality.and(flags),
                sequence: 0,
            });
        }
    }
    let filled = series
        .into_iter()
        .filter(|series| !series.samples.is_empty());
    report.series.extend(filled.map(|series| Series {
        unit: unit.clone(),
        ..series
    }));
    Ok(())
}

/// When an interval ends that begins at a time; one without a value is taken to be of the period.
fn after(begins: i64, value: Option<Decimal>, unit: &str, period: Decimal) -> i64 {
    let own = value.and_then(|value| value.microseconds(unit));
    let own = own.filter(|own| *own > 0);
    begins.saturating_add(own.unwrap_or_else(|| elapsed(period, 1)))
}

/// The microseconds after so many periods.
fn elapsed(period: Decimal, count: usize) -> i64 {
    let count = i128::try_from(count).unwrap_or(i128::MAX);
    let micros = i128::from(period.units).saturating_mul(count) / 10_i128.pow(period.scale.into());
    i64::try_from(micros).unwrap_or(i64::MAX)
}

/// One point: a number, or the letter of why there is none.
fn point(word: &str, zero: Decimal, factor: Decimal) -> (Option<Decimal>, Quality) {
    let missing = |why: Quality| (None, why.and(Quality::NOT_AVAILABLE));
    match word {
        "E" => return missing(Quality::INVALID),
        "U" | "H" => return missing(Quality::ABOVE),
        "L" => return missing(Quality::BELOW),
        _ => {}
    }
    let scaled = Decimal::parse(word).and_then(|value| value.times(factor));
    let sum = scaled.and_then(|value| {
        let scale = value.scale.max(zero.scale);
        let units = value.at_scale(scale)?.checked_add(zero.at_scale(scale)?)?;
        Some(Decimal::new(units, scale))
    });
    match sum {
        Some(value) => (Some(value), Quality::default()),
        None => missing(Quality::INVALID),
    }
}

/// The code: of 11073 where it has one, else of LOINC, else the first.
fn code(raw: Raw<'_>) -> Result<Code, Unreadable> {
    let mut found: Option<Code> = None;
    let concept = raw.get("code")?;
    let codings = concept
        .map(|concept| concept.get("coding"))
        .transpose()?
        .flatten();
    for coding in codings.into_iter().flat_map(Raw::items) {
        let coding = coding?;
        let code = name(&text(coding, "code")?, "code")?;
        let code = Code::of(&text(coding, "system")?, &code);
        let is_better = |known: &Code| code.system < known.system;
        if !code.code.is_empty() && found.as_ref().is_none_or(is_better) {
            found = Some(code);
        }
    }
    if let (None, Some(concept)) = (&found, concept) {
        let words = name(&text(concept, "text")?, "code.text")?;
        found = Some(words)
            .filter(|words| !words.is_empty())
            .map(|code| Code {
                system: System::Local,
                code,
            });
    }
    found.ok_or_else(|| {
        let what = "it does not say what was measured: give code.coding with a code of ISO/IEEE 11073-10101 or LOINC";
        Unreadable::new(Reason::NoCode, what)
    })
}

/// The unit's code, or else its words.
fn unit(quantity: Raw<'_>) -> Result<Box<str>, Unreadable> {
    let code = text(quantity, "code")?;
    let words = if code.is_empty() {
        text(quantity, "unit")?
    } else {
        code
    };
    name(&nomenclature::unit(&words), "unit")
}

fn text(raw: Raw<'_>, name: &str) -> Result<String, Malformed> {
    Ok(raw
        .get(name)?
        .map(Raw::text)
        .transpose()?
        .unwrap_or_default()
        .into_owned())
}

fn decimal(raw: Raw<'_>, name: &str) -> Result<Option<Decimal>, Malformed> {
    let number = raw.get(name)?.map(Raw::number).transpose()?;
    Ok(number.and_then(|number| Decimal::parse(number.digits())))
}

fn malformed(what: impl Into<String>) -> Unreadable {
    Unreadable::new(Reason::Malformed, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECG: &str = r#"{"resourceType":"Observation","status":"final",
      "code":{"coding":[{"system":"http://loinc.org","code":"11524-6"},{"system":"urn:oid:2.16.840.1.113883.6.24","code":"131328"}]},
      "effectiveDateTime":"2026-03-01T10:00:00+01:00","device":{"reference":"Device/ecg-7"},
      "component":[{"code":{"coding":[{"system":"urn:iso:std:iso:11073:10101","code":"131330"}]},
        "valueSampledData":{"origin":{"value":2048,"code":"mV"},"period":2.5,"factor":1.612,"lowerLimit":-3300,"upperLimit":3300,"dimensions":1,"data":"2041 E U L 2043"}}]}"#;

    #[test]
    fn points_are_where_their_period_puts_them_and_letters_say_why_there_is_none() {
        let report = read(ECG.as_bytes(), None).expect("an observation");
        assert_eq!(&*report.device, "ecg-7");
        let [series] = &report.series[..] else {
            panic!("one series")
        };
        assert_eq!(
            (&*series.code.code, &*series.unit, series.waveform),
            ("131330", "mV", true)
        );
        let told: Vec<_> = series
            .samples
            .iter()
            .map(|sample| {
                (
                    sample.at.unwrap_or(0) - 1_772_355_600_000_000,
                    sample.value.map(|v| v.to_string()),
                )
            })
            .collect();
        let value = |text: &str| Some(text.to_owned());
        assert_eq!(
            told,
            [
                (0, value("5338.092")),
                (2_500, None),
                (5_000, None),
                (7_500, None),
                (10_000, value("5341.316"))
            ]
        );
        assert!(series.samples[1].quality.has(Quality::INVALID));
        assert!(series.samples[2].quality.has(Quality::ABOVE));
        assert!(series.samples[3].quality.has(Quality::BELOW));
    }

    #[test]
    fn an_interval_ends_where_the_next_begins() {
        let told = |unit: &str, data: &str| {
            let beats = ECG
                .replace("131330", "147240")
                .replace("\"mV\"", unit)
                .replace("\"period\":2.5", "\"period\":800")
                .replace("\"value\":2048", "\"value\":0")
                .replace("\"factor\":1.612,", "")
                .replace("2041 E U L 2043", data);
            let report = read(beats.as_bytes(), None).expect("an observation");
            let series = &report.series[0];
            assert!(!series.waveform);
            let times = series.samples.iter().map(|sample| sample.at.unwrap_or(0));
            times
                .map(|at| at - 1_772_355_600_000_000)
                .collect::<Vec<_>>()
        };
        let ends = [834_000, 1_634_000, 2_444_000];
        assert_eq!(told("\"ms\"", "834 E 810"), ends);
        assert_eq!(told("\"s\"", "0.834 E 0.810"), ends);
    }

    #[test]
    fn several_dimensions_are_as_many_channels() {
        let two = ECG
            .replace("\"dimensions\":1", "\"dimensions\":2")
            .replace("2041 E U L 2043", "1 2 3 4");
        let report = read(two.as_bytes(), Some("ecg-7")).expect("an observation");
        let told: Vec<_> = report
            .series
            .iter()
            .map(|s| (&*s.channel, s.samples.len()))
            .collect();
        assert_eq!(told, [("1", 2), ("2", 2)]);
    }

    #[test]
    fn an_observation_that_says_too_little_is_refused() {
        let refused = |from: &str, to: &str| {
            read(ECG.replace(from, to).as_bytes(), None)
                .expect_err(from)
                .reason
        };
        assert_eq!(refused("Observation", "Patient"), Reason::Malformed);
        assert_eq!(refused("Device/ecg-7", "Location/1"), Reason::NoDevice);
        assert_eq!(refused("effectiveDateTime", "issued"), Reason::NoTime);
        assert_eq!(refused("T10:00:00+01:00", ""), Reason::NoTime);
        assert_eq!(refused("valueSampledData", "valueOther"), Reason::Empty);
        assert_eq!(
            refused("\"dimensions\":1", "\"dimensions\":0"),
            Reason::Malformed
        );
        assert_eq!(
            refused("\"dimensions\":1", "\"dimensions\":17"),
            Reason::Malformed
        );
        assert_eq!(refused("\"period\":2.5", "\"period\":0"), Reason::Malformed);
        assert!(
            read(
                ECG.replace("\"dimensions\":1", "\"dimensions\":16")
                    .as_bytes(),
                None
            )
            .is_ok()
        );
    }
}
