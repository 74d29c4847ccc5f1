//! The documented JSON of measurements (docs/devices.md): strict, so that nothing a device says is passed over in silence.

use std::borrow::Cow;

use super::{
    Association, Code, Decimal, Presence, Quality, Reason, Report, SAMPLES_MAX, Sample, Series,
    Unreadable, moment, name, nomenclature, put,
};
use crate::fhir::read::Raw;

#[cfg(test)]
mod tests;

/// Reads a report. `device` is who sent it, where the topic or address says so; a report may not speak for another.
///
/// # Errors
/// When it is not written as documented.
pub fn read(bytes: &[u8], device: Option<&str>) -> Result<Report, Unreadable> {
    let names = [
        "device",
        "id",
        "presence",
        "samples",
        "waveforms",
        "association",
    ];
    let [own, id, presence, samples, waveforms, association] = slots(Raw::read(bytes)?, names)?;
    let mut report = Report {
        device: whose(own, device)?,
        id: id.map(|raw| label(raw, "id")).transpose()?,
        presence: presence.map(read_presence).transpose()?,
        ..Report::default()
    };
    for raw in samples.into_iter().flat_map(Raw::items) {
        read_sample(raw?, &mut report)?;
        limited(report.samples())?;
    }
    for raw in waveforms.into_iter().flat_map(Raw::items) {
        read_waveform(raw?, &mut report)?;
    }
    if let Some(raw) = association {
        report.association = Some(read_association(raw, &report.device)?);
    }
    let timeless = |series: &Series| series.samples.iter().any(|sample| sample.at.is_none());
    if report.id.is_none() && report.series.iter().any(timeless) {
        let what = "a sample has no `at` and the message no `id`: the same message sent again could not be told from a new one; give one of them";
        return Err(Unreadable::new(Reason::NoTime, what));
    }
    if report.series.is_empty() && report.presence.is_none() && report.association.is_none() {
        let what = "there is no sample, waveform, presence or association in it";
        return Err(Unreadable::new(Reason::Empty, what));
    }
    Ok(report)
}

fn whose(own: Option<Raw<'_>>, given: Option<&str>) -> Result<Box<str>, Unreadable> {
    let own = own.map(|raw| label(raw, "device")).transpose()?;
    match (own, given) {
        (Some(own), Some(given)) if *own != *given => {
            let what = "`device` is another one than the topic or address says: a device speaks for itself alone";
            Err(Unreadable::new(Reason::OtherDevice, what))
        }
        (Some(own), _) if !own.is_empty() => Ok(own),
        (_, Some(given)) if !given.is_empty() => name(given, "the device's name"),
        _ => {
            let what = "nothing says which device it is: give `device`";
            Err(Unreadable::new(Reason::NoDevice, what))
        }
    }
}

fn read_presence(raw: Raw<'_>) -> Result<Presence, Unreadable> {
    let word = raw.text()?;
    Presence::parse(&word).ok_or_else(|| malformed("`presence` is neither online nor offline"))
}

fn read_sample(raw: Raw<'_>, report: &mut Report) -> Result<(), Unreadable> {
    let names = [
        "code", "channel", "value", "unit", "at", "quality", "sequence",
    ];
    let [code, channel, value, unit, at, quality, sequence] = slots(raw, names)?;
    let series = series(code, channel, unit, None)?;
    let (value, flags) = read_value(value)?;
    let sample = Sample {
        at: at.map(read_moment).transpose()?,
        value,
        quality: flags.and(quality.map(read_quality).transpose()?.unwrap_or_default()),
        sequence: sequence.map(read_sequence).transpose()?.unwrap_or(0),
    };
    put(report, series, sample)
}

fn read_waveform(raw: Raw<'_>, report: &mut Report) -> Result<(), Unreadable> {
    let names = [
        "code",
        "channel",
        "unit",
        "at",
        "interval_us",
        "values",
        "quality",
        "sequence",
    ];
    let [code, channel, unit, at, interval, values, quality, sequence] = slots(raw, names)?;
    let at = at.ok_or_else(|| malformed("a waveform has no `at`"))?;
    let mut at = read_moment(at)?;
    let interval = interval.map(read_sequence).transpose()?.unwrap_or(0);
    let interval = i64::try_from(interval)
        .ok()
        .filter(|interval| *interval > 0);
    let interval = interval.ok_or_else(|| {
        malformed("a waveform has no `interval_us`, the microseconds from sample to sample")
    })?;
    let quality = quality.map(read_quality).transpose()?.unwrap_or_default();
    let mut sequence = sequence.map(read_sequence).transpose()?.unwrap_or(0);
    let series = series(code, channel, unit, Some(true))?;
    let before = report.samples();
    let mut samples = Vec::new();
    for raw in values.into_iter().flat_map(Raw::items) {
        let (value, flags) = read_value(Some(raw?))?;
        samples.push(Sample {
            at: Some(at),
            value,
            quality: quality.and(flags),
            sequence,
        });
        at = at.saturating_add(interval);
        sequence += u64::from(sequence > 0);
        limited(before + samples.len())?;
    }
    report.series.push(Series { samples, ..series });
    Ok(())
}

pub(super) fn limited(samples: usize) -> Result<(), Unreadable> {
    if samples > SAMPLES_MAX {
        let what = format!("more than {SAMPLES_MAX} samples in one message: send several");
        return Err(Unreadable::new(Reason::TooMuch, what));
    }
    Ok(())
}

fn series(
    code: Option<Raw<'_>>,
    channel: Option<Raw<'_>>,
    unit: Option<Raw<'_>>,
    waveform: Option<bool>,
) -> Result<Series, Unreadable> {
    let code = code
        .map(read_code)
        .transpose()?
        .filter(|code| !code.code.is_empty());
    let code = code.ok_or_else(|| {
        let what = "a sample has no `code`: give the number or reference id of ISO/IEEE 11073-10101, or the LOINC code";
        Unreadable::new(Reason::NoCode, what)
    })?;
    let meaning = code.meaning();
    let unit = match unit {
        Some(raw) => nomenclature::unit(&label(raw, "unit")?).into(),
        None => meaning.map_or("", |row| row.unit).into(),
    };
    Ok(Series {
        channel: channel
            .map(|raw| label(raw, "channel"))
            .transpose()?
            .unwrap_or_default(),
        unit,
        waveform: waveform.unwrap_or_else(|| meaning.is_some_and(|row| row.waveform)),
        code,
        samples: Vec::new(),
    })
}

fn read_code(raw: Raw<'_>) -> Result<Code, Unreadable> {
    match raw.number() {
        Ok(number) => Ok(Code::parse(number.digits())),
        Err(_) => Ok(Code::parse(&label(raw, "code")?)),
    }
}

/// A number, or nothing where the device has none; what is neither is kept as invalid.
fn read_value(raw: Option<Raw<'_>>) -> Result<(Option<Decimal>, Quality), Unreadable> {
    let Some(raw) = raw.filter(|raw| raw.as_bytes() != b"null") else {
        return Ok((None, Quality::NOT_AVAILABLE));
    };
    let text = match raw.number() {
        Ok(number) => Cow::Borrowed(number.digits()),
        Err(_) => raw.text()?,
    };
    match Decimal::parse(text.trim()) {
        Some(value) => Ok((Some(value), Quality::default())),
        None => Ok((None, Quality::NOT_AVAILABLE.and(Quality::INVALID))),
    }
}

/// Bits, a word or several. A word that nobody knows makes the value questionable: it was said to warn of something.
fn read_quality(raw: Raw<'_>) -> Result<Quality, Unreadable> {
    if let Ok(bits) = raw.number() {
        let bits = bits.digits().parse::<u32>();
        return bits
            .map(Quality)
            .map_err(|_| malformed("`quality` is no number of bits"));
    }
    let word = |raw: Raw<'_>| -> Result<Quality, Unreadable> {
        let word = raw.text()?;
        Ok(Quality::parse(word.trim()).unwrap_or(Quality::QUESTIONABLE))
    };
    if raw.as_bytes().starts_with(b"[") {
        let mut words = raw.items().map(|item| word(item?));
        return words.try_fold(Quality::default(), |all, one| Ok(all.and(one?)));
    }
    word(raw)
}

fn read_sequence(raw: Raw<'_>) -> Result<u64, Unreadable> {
    let number = raw.number()?.digits().parse::<u64>();
    let number = number.ok().filter(|number| i64::try_from(*number).is_ok());
    number.ok_or_else(|| malformed("a count is no whole number from 0"))
}

fn read_moment(raw: Raw<'_>) -> Result<i64, Unreadable> {
    let at = moment::parse(&raw.text()?);
    at.ok_or_else(|| {
        let what = "a time is not RFC 3339 with its offset, such as 2026-03-01T09:00:00.250+01:00";
        Unreadable::new(Reason::NoTime, what)
    })
}

fn read_association(raw: Raw<'_>, own: &str) -> Result<Association, Unreadable> {
    let [device, patient, from, to] = slots(raw, ["device", "patient", "from", "to"])?;
    let device = device.map(|raw| label(raw, "device")).transpose()?;
    let patient = patient.filter(|raw| raw.as_bytes() != b"null");
    let (authority, identifier) = match patient {
        None => (Box::default(), None),
        Some(raw) => {
            let [authority, identifier] = slots(raw, ["authority", "identifier"])?;
            let identifier = identifier.map(|raw| label(raw, "identifier")).transpose()?;
            let identifier = identifier.filter(|text| !text.is_empty());
            if identifier.is_none() {
                return Err(malformed(
                    "`patient` has no `identifier`; write null where the device is on nobody",
                ));
            }
            let authority = authority.map(|raw| label(raw, "authority")).transpose()?;
            (authority.unwrap_or_default(), identifier)
        }
    };
    let from = from.ok_or_else(|| malformed("the association has no `from`"))?;
    let (from, to) = (
        read_moment(from)?,
        to.filter(|raw| raw.as_bytes() != b"null"),
    );
    let to = to.map(read_moment).transpose()?;
    if to.is_some_and(|to| to < from) {
        return Err(malformed("the association ends before it begins"));
    }
    Ok(Association {
        device: device.unwrap_or_else(|| own.into()),
        authority,
        identifier,
        from,
        to,
    })
}

fn label(raw: Raw<'_>, what: &str) -> Result<Box<str>, Unreadable> {
    match raw.number() {
        Ok(number) => name(number.digits(), what),
        Err(_) => name(&raw.text()?, what),
    }
}

fn malformed(what: impl Into<String>) -> Unreadable {
    Unreadable::new(Reason::Malformed, what)
}

/// The members of an object by these names; another one, or one that stands twice, is refused.
fn slots<'a, const N: usize>(
    raw: Raw<'a>,
    names: [&str; N],
) -> Result<[Option<Raw<'a>>; N], Unreadable> {
    let mut slots = [None; N];
    for member in raw.members() {
        let (found, value) = member?;
        let place = names.iter().position(|name| *name == found);
        let Some(slot) = place.and_then(|place| slots.get_mut(place)) else {
            return Err(malformed(format!(
                "there is a member that is not one of {}",
                names.join(", ")
            )));
        };
        if slot.replace(value).is_some() {
            return Err(malformed(format!(
                "a member stands twice; each of {} may once",
                names.join(", ")
            )));
        }
    }
    Ok(slots)
}
