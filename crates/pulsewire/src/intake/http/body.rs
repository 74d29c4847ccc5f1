//! Bodies: read as far as they are allowed to go, unpacked as far as that, and counted over all connections.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use flate2::bufread::MultiGzDecoder;
use formats::fhir::validate::IssueCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::chunks::Chunks;
use super::request::Asking;
use crate::clock::Stopwatch;
use crate::config::Http;
use crate::intake::fhir::Refusal;
use crate::tasks::aside;

/// Bodies of so many bytes, received and unpacked, are there at once over all connections.
const IN_FLIGHT_BYTES_MAX: usize = 96 << 20;
/// A body unpacks to at most so many times its size, and so does what is read of it so far.
pub(super) const RATIO_MAX: usize = 100;
/// What is read so far may unpack to so much more: a body may begin with what repeats itself.
const RATIO_GRACE_BYTES: usize = 1 << 20;
/// A body that takes longer than a first look must keep up this rate.
const SLOWEST_BYTES_PER_SECOND: u64 = 1024;
/// How long a body may be slow.
const FIRST_LOOK: Duration = Duration::from_secs(10);
/// How much is unpacked at once.
const UNPACK_BYTES: usize = 64 << 10;
/// So much of a body is taken in before others have a turn.
const TURN_BYTES: usize = 64 << 10;

/// The room for all bodies.
#[derive(Clone, Debug)]
pub(super) struct InFlight(Arc<Semaphore>);

impl Default for InFlight {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(IN_FLIGHT_BYTES_MAX)))
    }
}

/// How many bytes of a request were read and unpacked.
#[derive(Clone, Debug, Default)]
pub(super) struct Spent(Arc<AtomicU64>);

impl Spent {
    pub(super) fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// What was read so far was kept.
    pub(super) fn was_kept(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The part of the room that one body has.
#[derive(Debug)]
pub(super) struct Share {
    room: InFlight,
    taken: Option<OwnedSemaphorePermit>,
}

impl Share {
    fn of(room: &InFlight) -> Self {
        Self {
            room: room.clone(),
            taken: None,
        }
    }

    fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let more = Arc::clone(&self.room.0).try_acquire_many_owned(bytes);
        let more = more.map_err(|_| {
            let words = "so many bodies are on their way that there is no room for this one: send it again a little later";
            Refusal::because(429, IssueCode::Throttled, words)
        })?;
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        Ok(())
    }
}

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
}

impl Packing {
    /// Reads it off a request.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let words = "a body may be packed as gzip, once, or not at all: pack it so";
        let refused = || Refusal::because(415, IssueCode::NotSupported, words);
        let mut all = headers.get_all(header::CONTENT_ENCODING).into_iter();
        let packing = match all.next() {
            None => return Ok(Self::Plain),
            Some(value) => value.to_str().map_err(|_| refused())?,
        };
        match packing.trim() {
            _ if all.next().is_some() => Err(refused()),
            "" | "identity" => Ok(Self::Plain),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            _ => Err(refused()),
        }
    }
}

/// The whole of a body, and the room that it takes until it is dropped.
pub(super) async fn whole(
    body: Body,
    asking: &Asking,
    (config, room): (&Http, &InFlight),
) -> Result<(Vec<u8>, Share), Refusal> {
    let headers = &asking.headers;
    let packing = Packing::of(headers)?;
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > config.body_size) {
        return Err(too_long(config.body_size));
    }
    let mut share = Share::of(room);
    let spent = asking.spent.clone();
    let chunks = Chunks::of(body, &spent);
    let read = read(chunks, config.body_size, &mut share);
    let bytes = timeout(config.body_timeout, read).await;
    let bytes = bytes.map_err(|_| too_slow())??;
    if packing == Packing::Plain {
        return Ok((bytes, share));
    }
    let most = config.unpacked_size;
    let unpacked = tokio::task::spawn_blocking(move || {
        let bytes = unpack(&bytes, most, &mut share, &spent)?;
        Ok((bytes, share))
    });
    unpacked.await.unwrap_or_else(|_| Err(unreadable()))
}

async fn read(mut chunks: Chunks, most: usize, share: &mut Share) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let mut turn = 0;
    let pace = Pace::start();
    while let Some(chunk) = chunks.next().await? {
        if bytes.len() + chunk.len() > most {
            return Err(too_long(most));
        }
        share.grow(chunk.len())?;
        let free = bytes.capacity() - bytes.len();
        let copied = if chunk.len() > free { bytes.len() } else { 0 };
        aside(copied, || bytes.extend_from_slice(&chunk));
        pace.keeps_up(bytes.len())?;
        turn += chunk.len();
        if turn >= TURN_BYTES {
            turn = 0;
            tokio::task::yield_now().await;
        }
    }
    Ok(bytes)
}

/// How fast a body comes.
pub(super) struct Pace(Stopwatch);

impl Pace {
    pub(super) fn start() -> Self {
        Self(Stopwatch::start())
    }

    /// Refuses what comes so slowly that it is meant to hold a place.
    pub(super) fn keeps_up(&self, bytes: usize) -> Result<(), Refusal> {
        let elapsed = self.0.elapsed();
        let enough = SLOWEST_BYTES_PER_SECOND.saturating_mul(elapsed.as_secs());
        let is_slow = elapsed >= FIRST_LOOK && (bytes as u64) < enough;
        if is_slow { Err(too_slow()) } else { Ok(()) }
    }
}

/// Unpacks gzip, all its members (RFC 1952, section 2.2), as long as it grows neither too large nor too fast.
fn unpack(
    packed: &[u8],
    most: usize,
    share: &mut Share,
    spent: &Spent,
) -> Result<Vec<u8>, Refusal> {
    let whole = packed.len().saturating_mul(RATIO_MAX);
    let mut decoder = MultiGzDecoder::new(packed);
    let mut unpacked = Vec::new();
    let mut part = vec![0; UNPACK_BYTES];
    loop {
        let read = decoder.read(&mut part).map_err(|_| no_gzip())?;
        if read == 0 {
            return Ok(unpacked);
        }
        spent.add(read);
        let consumed = packed.len() - decoder.get_ref().len();
        let so_far = consumed
            .saturating_mul(RATIO_MAX)
            .saturating_add(RATIO_GRACE_BYTES);
        let most = most.min(whole).min(so_far);
        if unpacked.len() + read > most {
            let words = format!(
                "the body unpacks to more than {most} bytes, which is more than is taken or {RATIO_MAX} times what was sent: send it in parts"
            );
            return Err(Refusal::because(413, IssueCode::TooLong, words));
        }
        share.grow(read)?;
        unpacked.extend_from_slice(part.get(..read).unwrap_or_default());
    }
}

fn too_long(most: usize) -> Refusal {
    let words = format!(
        "the body is longer than {most} bytes: send it in parts, or raise intake.http.body_size"
    );
    Refusal::because(413, IssueCode::TooLong, words)
}

/// A body that does not come.
pub(super) fn too_slow() -> Refusal {
    let words = "the body did not come in time: send it again over a better connection";
    Refusal::because(408, IssueCode::Transient, words)
}

/// A body that breaks off.
pub(super) fn unreadable() -> Refusal {
    let words = "the body cannot be read to its end: send it whole";
    Refusal::because(400, IssueCode::Structure, words)
}

/// A body that is said to be gzip and is not.
pub(super) fn no_gzip() -> Refusal {
    let words = "the body is no gzip to its end: a member breaks off or is damaged, or something else stands behind the last one; send whole members and nothing else, or leave Content-Encoding out";
    Refusal::because(400, IssueCode::Structure, words)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(packed: &[u8], most: usize) -> Result<usize, u16> {
        let mut share = Share::of(&InFlight::default());
        let unpacked = unpack(packed, most, &mut share, &Spent::default());
        unpacked
            .map(|bytes| bytes.len())
            .map_err(|refusal| refusal.status)
    }

    #[test]
    fn what_is_unpacked_has_a_limit() {
        let text: Vec<u8> = (0..10_000_u32).flat_map(u32::to_be_bytes).collect();
        let packed = packed(&text);
        assert!(text.len() < packed.len() * RATIO_MAX);
        let size = text.len();
        assert_eq!(unpacked(&packed, size + 1), Ok(size));
        assert_eq!(unpacked(&packed, size), Ok(size));
        assert_eq!(unpacked(&packed, size - 1), Err(413));
    }

    #[test]
    fn what_unpacks_to_far_more_than_was_sent_is_refused() {
        let bomb = packed(&vec![b' '; 256 << 20]);
        assert!(bomb.len() < 4 << 20);
        assert_eq!(unpacked(&bomb, 64 << 20), Err(413));
        // Just within the ratio, and one byte beyond it.
        let short = packed(&[b' '; 2000]);
        let within = short.len() * RATIO_MAX;
        assert!(within > 2000);
        let tail = packed(&vec![b' '; 100_000]);
        assert!(tail.len() * RATIO_MAX < 100_000);
        assert_eq!(unpacked(&short, 64 << 20), Ok(2000));
        assert_eq!(unpacked(&tail, 64 << 20), Err(413));
    }

    #[test]
    fn all_members_are_unpacked_within_one_limit_and_nothing_else_may_follow() {
        let text: Vec<u8> = (0..1_000_u32).flat_map(u32::to_be_bytes).collect();
        let member = packed(&text);
        let both = [&member[..], &packed(b""), &member].concat();
        assert_eq!(unpacked(&both, 2 * text.len()), Ok(2 * text.len()));
        assert_eq!(unpacked(&both, 2 * text.len() - 1), Err(413));
        for behind in [
            &b"junk"[..],
            b"\x1f\x8b\x08",
            b"\0",
            &member[..member.len() - 1],
        ] {
            let body = [&member[..], behind].concat();
            assert_eq!(unpacked(&body, 1 << 20), Err(400), "{behind:?}");
        }
        // Each member is within the ratio, and all together are within it, too.
        let tail = packed(&vec![b' '; 100_000]);
        let many = [&member[..], &tail.repeat(30)].concat();
        assert_eq!(unpacked(&many, 64 << 20), Err(413));
    }

    #[test]
    fn a_bomb_is_refused_before_it_has_gone_off() {
        let room = InFlight::default();
        let bomb = packed(&vec![b' '; 64 << 20]);
        let mut share = Share::of(&room);
        let spent = Spent::default();
        let refused = unpack(&bomb, 64 << 20, &mut share, &spent).unwrap_err();
        assert_eq!(refused.status, 413);
        let taken = IN_FLIGHT_BYTES_MAX - room.0.available_permits();
        assert!(taken < 2 * RATIO_GRACE_BYTES, "{taken} bytes were unpacked");
        assert!(spent.bytes() >= taken as u64);
        // What merely begins with blanks is taken.
        let noise: Vec<u8> = (0..200_000_u32)
            .flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes())
            .collect();
        let text = [vec![b' '; RATIO_GRACE_BYTES], noise].concat();
        assert_eq!(unpacked(&packed(&text), 64 << 20), Ok(text.len()));
    }

    #[test]
    fn bodies_together_have_a_limit() {
        let room = InFlight::default();
        let mut first = Share::of(&room);
        let mut second = Share::of(&room);
        assert!(first.grow(IN_FLIGHT_BYTES_MAX - 1).is_ok());
        assert!(second.grow(1).is_ok());
        assert_eq!(second.grow(1).unwrap_err().status, 429);
        drop(first);
        assert!(second.grow(1).is_ok());
    }

    #[test]
    fn a_body_is_packed_once_or_not() {
        let told = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                let value = axum::http::HeaderValue::from_static(value);
                headers.append(header::CONTENT_ENCODING, value);
            }
            Packing::of(&headers).map_err(|refusal| refusal.status)
        };
        assert_eq!(told(&[]), Ok(Packing::Plain));
        assert_eq!(told(&["gzip"]), Ok(Packing::Gzip));
        assert_eq!(told(&["gzip, gzip"]), Err(415));
        assert_eq!(told(&["gzip", "gzip"]), Err(415));
        assert_eq!(told(&["br"]), Err(415));
    }
}
