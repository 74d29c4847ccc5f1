//! One report of a device as one compact Avro record: differences instead of values, intervals instead of times.
//!
//! The encoding is Avro's own, by the schema `device-packet.avsc`, so that any Avro reader has the numbers; what they mean
//! together is said there.

use super::avro::{Decoder, Encoder};
use super::{Code, Decimal, Presence, Quality, SAMPLES_MAX, SERIES_MAX, Sample, Series, System};

#[cfg(test)]
mod tests;

/// A report as its topic keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The device's id in its site.
    pub device: Box<str>,
    /// When it reached us, in microseconds since 1970 in UTC.
    pub received_at: i64,
    /// The id of the message that it came in.
    pub message: Option<[u8; 16]>,
    /// Whether the device says that it is there, where it says so.
    pub presence: Option<Presence>,
    /// What was measured.
    pub series: Vec<Series>,
}

/// Why bytes are no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no device packet: read them by the schema device-packet.avsc")]
pub struct Undecodable;

impl Packet {
    /// Gives its bytes. A sample without a time has that of arrival, and series are divided where their numbering breaks.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder(Vec::with_capacity(128));
        out.text(&self.device);
        out.long(self.received_at);
        match &self.message {
            None => out.long(0),
            Some(id) => {
                out.long(1);
                out.0.extend_from_slice(id);
            }
        }
        out.long(match self.presence {
            None => 0,
            Some(Presence::Online) => 1,
            Some(Presence::Offline) => 2,
        });
        let runs = self.series.iter().flat_map(|series| {
            let runs = runs(&series.samples).into_iter();
            runs.map(move |run| (series, run))
        });
        let runs: Vec<_> = runs.collect();
        if !runs.is_empty() {
            out.count(runs.len());
            for (series, run) in runs {
                self.encode_run(series, run, &mut out);
            }
        }
        out.long(0);
        out.0
    }

    fn encode_run(&self, series: &Series, run: &[Sample], out: &mut Encoder) {
        out.long(match series.code.system {
            System::Mdc => 0,
            System::Loinc => 1,
            System::Local => 2,
        });
        out.text(&series.code.code);
        out.text(&series.channel);
        out.text(&series.unit);
        out.boolean(series.waveform);
        out.count(run.len());
        let times = run
            .iter()
            .map(|sample| sample.at.unwrap_or(self.received_at));
        let times = Differences::of(&times.collect::<Vec<_>>());
        let interval = times.constant().filter(|interval| *interval > 0);
        out.long(times.first);
        out.long(interval.unwrap_or(0));
        out.long(times.factor);
        match interval {
            Some(_) => out.long(0),
            None => out.longs(times.steps.iter().copied()),
        }
        let scale = scale(run);
        let mut last = run
            .iter()
            .find_map(|sample| sample.value?.at_scale(scale))
            .unwrap_or(0);
        let values = run.iter().map(|sample| {
            last = sample
                .value
                .and_then(|value| value.at_scale(scale))
                .unwrap_or(last);
            last
        });
        let values = Differences::of(&values.collect::<Vec<_>>());
        out.long(scale.into());
        out.long(values.first);
        out.long(values.factor);
        out.longs(values.steps.iter().copied());
        encode_quality(run, out);
        let sequence = |place: usize| {
            run.get(place)
                .map_or(0, |sample| sample.sequence.cast_signed())
        };
        out.long(sequence(0));
        out.long(if run.len() > 1 {
            sequence(1).wrapping_sub(sequence(0))
        } else {
            0
        });
    }

    /// Reads bytes.
    ///
    /// # Errors
    /// When they are no packet.
    pub fn decode(bytes: &[u8]) -> Result<Self, Undecodable> {
        let mut from = Decoder(bytes);
        let packet = Self::read(&mut from).ok_or(Undecodable)?;
        if from.0.is_empty() {
            Ok(packet)
        } else {
            Err(Undecodable)
        }
    }

    fn read(from: &mut Decoder<'_>) -> Option<Self> {
        let device = from.text()?.into();
        let received_at = from.long()?;
        let message = match from.long()? {
            0 => None,
            1 => Some(from.take(16)?.try_into().ok()?),
            _ => return None,
        };
        let presence = match from.long()? {
            0 => None,
            1 => Some(Presence::Online),
            2 => Some(Presence::Offline),
            _ => return None,
        };
        let mut left = SAMPLES_MAX;
        let series = from.array(SERIES_MAX * 16, |from| {
            let run = read_run(from, left)?;
            left = left.checked_sub(run.samples.len())?;
            Some(run)
        })?;
        Some(Self {
            device,
            received_at,
            message,
            presence,
            series: joined(series),
        })
    }
}

/// Runs of one series after each other are one series again.
fn joined(runs: Vec<Series>) -> Vec<Series> {
    let mut series: Vec<Series> = Vec::with_capacity(runs.len());
    for run in runs {
        match series.last_mut() {
            Some(last)
                if last.code == run.code
                    && last.channel == run.channel
                    && last.unit == run.unit =>
            {
                last.samples.extend(run.samples);
            }
            _ => series.push(run),
        }
    }
    series
}

fn read_run(from: &mut Decoder<'_>, most: usize) -> Option<Series> {
    let system = match from.long()? {
        0 => System::Mdc,
        1 => System::Loinc,
        2 => System::Local,
        _ => return None,
    };
    let code = Code {
        system,
        code: from.text()?.into(),
    };
    let (channel, unit) = (from.text()?.into(), from.text()?.into());
    let waveform = from.boolean()?;
    let count = usize::try_from(from.long()?).ok()?.checked_sub(1)?;
    if count >= most {
        return None;
    }
    let (start, interval, tick) = (from.long()?, from.long()?, from.long()?);
    let times = from.array(most, Decoder::long)?;
    let scale = u8::try_from(from.long()?).ok()?;
    let (first, factor) = (from.long()?, from.long()?);
    let values = from.array(most, Decoder::long)?;
    if values.len() != count || (interval == 0 && times.len() != count) {
        return None;
    }
    let flags = read_quality(from, count + 1)?;
    let (sequence, step) = (from.long()?, from.long()?);
    let (mut at, mut value, mut number) = (start, first, sequence);
    let mut samples = Vec::with_capacity(count + 1);
    for place in 0..=count {
        if let Some(before) = place.checked_sub(1) {
            let apart = if interval > 0 {
                interval
            } else {
                times.get(before)?.wrapping_mul(tick)
            };
            at = at.wrapping_add(apart);
            value = value.wrapping_add(values.get(before)?.wrapping_mul(factor));
            number = number.wrapping_add(step);
        }
        let quality = flags.get(place).copied().unwrap_or_default();
        let has_value = !quality.has(Quality::NOT_AVAILABLE);
        samples.push(Sample {
            at: Some(at),
            value: has_value.then_some(Decimal::new(value, scale)),
            quality,
            sequence: number.cast_unsigned(),
        });
    }
    Some(Series {
        code,
        channel,
        unit,
        waveform,
        samples,
    })
}

fn encode_quality(run: &[Sample], out: &mut Encoder) {
    let flags = |sample: &Sample| match sample.value {
        // Here the flag says that no number stands there: one that the device itself does not count as a value is invalid.
        Some(_) if sample.quality.has(Quality::NOT_AVAILABLE) => {
            Quality(sample.quality.0 & !Quality::NOT_AVAILABLE.0).and(Quality::INVALID)
        }
        Some(_) => sample.quality,
        None => sample.quality.and(Quality::NOT_AVAILABLE),
    };
    if run.iter().all(|sample| flags(sample) == Quality::default()) {
        out.long(0);
        return;
    }
    let same: Vec<&[Sample]> = run.chunk_by(|a, b| flags(a) == flags(b)).collect();
    out.count(same.len());
    for chunk in same {
        out.count(chunk.len());
        out.long(chunk.first().map_or(0, |sample| flags(sample).0.into()));
    }
    out.long(0);
}

fn read_quality(from: &mut Decoder<'_>, count: usize) -> Option<Vec<Quality>> {
    let mut flags = Vec::new();
    from.array(count, |from| {
        let same = usize::try_from(from.long()?).ok()?;
        let quality = Quality(u32::try_from(from.long()?).ok()?);
        if same > count - flags.len() {
            return None;
        }
        flags.extend(std::iter::repeat_n(quality, same));
        Some(())
    })?;
    (flags.is_empty() || flags.len() == count).then_some(flags)
}

/// The digits behind the point that the samples need.
fn scale(run: &[Sample]) -> u8 {
    let scales = run.iter().filter_map(|sample| sample.value);
    scales.map(|value| value.scale).max().unwrap_or(0)
}

/// Divides samples where their numbers do not go on evenly, and where one scale has no room for them.
fn runs(samples: &[Sample]) -> Vec<&[Sample]> {
    let mut runs = Vec::new();
    let mut rest = samples;
    while !rest.is_empty() {
        let (run, after) = rest.split_at(run_length(rest));
        runs.push(run);
        rest = after;
    }
    runs
}

fn run_length(samples: &[Sample]) -> usize {
    let Some(first) = samples.first() else {
        return 0;
    };
    let step = samples
        .get(1)
        .map_or(0, |second| second.sequence.wrapping_sub(first.sequence));
    let (mut scale, mut largest) = (0, 0_i64);
    let mut fits = |value: Option<Decimal>| {
        let Some(value) = value else { return true };
        let wider = value.scale.max(scale);
        let sizes = (
            Decimal::new(largest, scale).at_scale(wider),
            Decimal::new(value.units.saturating_abs(), value.scale).at_scale(wider),
        );
        let (Some(known), Some(new)) = sizes else {
            return false;
        };
        (scale, largest) = (wider, known.max(new));
        true
    };
    let mut expected = first.sequence;
    for (place, sample) in samples.iter().enumerate() {
        if sample.sequence != expected || (!fits(sample.value) && place > 0) {
            return place;
        }
        expected = expected.wrapping_add(step);
    }
    samples.len()
}

/// Numbers as the first and what each adds, divided by what divides all of these.
struct Differences {
    first: i64,
    factor: i64,
    steps: Vec<i64>,
}

impl Differences {
    fn of(values: &[i64]) -> Self {
        let pairs = values.iter().zip(values.iter().skip(1));
        let mut steps: Vec<i64> = pairs.map(|(a, b)| b.wrapping_sub(*a)).collect();
        let divisor = steps
            .iter()
            .fold(0, |known, step| divisor(known, step.unsigned_abs()));
        let factor = i64::try_from(divisor).unwrap_or(1).max(1);
        steps.iter_mut().for_each(|step| *step /= factor);
        Self {
            first: values.first().copied().unwrap_or(0),
            factor,
            steps,
        }
    }

    /// What each adds, where that is the same.
    fn constant(&self) -> Option<i64> {
        let first = *self.steps.first()?;
        let same = self.steps.iter().all(|step| *step == first);
        same.then(|| first.wrapping_mul(self.factor))
    }
}

/// The greatest number that divides both.
fn divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
