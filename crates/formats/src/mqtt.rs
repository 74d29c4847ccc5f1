//! MQTT 3.1.1 and 5 as a subscriber needs them: packets to bytes and back, with a limit before anything is kept.

mod reason;

#[cfg(test)]
mod tests;

pub use reason::{BAD_FROM, reason};

/// The longest name of a topic.
pub const TOPIC_BYTES_MAX: usize = 512;
/// The most levels of a topic.
pub const TOPIC_LEVELS_MAX: usize = 8;

/// Which MQTT is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// MQTT 3.1.1.
    V3,
    /// MQTT 5.
    V5,
}

/// Who connects, and how.
#[derive(Clone, Debug)]
pub struct Connect<'a> {
    /// Which MQTT is spoken.
    pub version: Version,
    /// The name of the session.
    pub client_id: &'a str,
    /// Who signs in; empty for nobody.
    pub user: &'a str,
    /// The password.
    pub password: &'a str,
    /// The broker hears of us at least this often, in seconds.
    pub keep_alive: u16,
    /// The broker keeps the session for so many seconds; MQTT 3.1.1 keeps it for ever.
    pub session_expiry: u32,
    /// So many messages may be on their way unacknowledged; MQTT 3.1.1 cannot say it.
    pub receive_maximum: u16,
    /// The largest packet that the broker may send; MQTT 3.1.1 cannot say it.
    pub packet_maximum: u32,
}

/// What a broker sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// It has taken the connection, or not.
    Connected {
        /// Whether it has kept the session.
        session: bool,
        /// 0 where it has taken it.
        code: u8,
        /// How often it must hear of us, where it says so, in seconds.
        keep_alive: Option<u16>,
        /// What it says of the code.
        words: Option<&'a str>,
    },
    /// A message.
    Publish(Publish<'a>),
    /// It has taken a subscription, or not.
    Subscribed {
        /// For each filter the QoS that is granted, or from [`BAD_FROM`] on why it is refused.
        codes: &'a [u8],
        /// What it says of them.
        words: Option<&'a str>,
    },
    /// It is there.
    Pong,
    /// It ends the connection, for this reason.
    Disconnected {
        /// The reason.
        code: u8,
        /// What it says of it.
        words: Option<&'a str>,
    },
    /// Something that a subscriber has no use for.
    Other,
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publish<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// By which it is acknowledged; nothing where it needs not be.
    pub id: Option<u16>,
    /// What it says.
    pub payload: &'a [u8],
}

/// What stands at the beginning of bytes that were received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A packet, and how many bytes it takes.
    Whole(Packet<'a>, usize),
    /// More must come.
    Partial,
    /// A message over the limit, of which only its acknowledgement is of use, and how many bytes it takes.
    TooLong(Option<u16>, usize),
}

/// The bytes are no MQTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what came is no MQTT: look whether the address is that of a broker")]
pub struct Malformed;

const PUBLISH: u8 = 3;

/// Reads what stands at the beginning of bytes.
///
/// # Errors
/// When it is no packet.
pub fn read(bytes: &[u8], version: Version, limit: usize) -> Result<Frame<'_>, Malformed> {
    let Some((&first, rest)) = bytes.split_first() else {
        return Ok(Frame::Partial);
    };
    let Some((length, body)) = length(rest)? else {
        return Ok(Frame::Partial);
    };
    let (kind, flags) = (first >> 4, first & 0x0f);
    // Only a message, and an answer that a subscriber at QoS 1 never gets, have flags.
    if flags != 0 && !matches!(kind, PUBLISH | 6) {
        return Err(Malformed);
    }
    let whole = bytes.len() - body.len() + length;
    if whole > limit {
        if kind != PUBLISH {
            return Err(Malformed);
        }
        // Topic and id stand first; they are within any limit.
        let mut start = Reader(body.get(..length.min(body.len())).unwrap_or_default());
        let id = start.text_bytes().and_then(|_| match flags & 0b110 {
            0 => Some(None),
            _ => start.short().map(Some),
        });
        return Ok(id.map_or(Frame::Partial, |id| Frame::TooLong(id, whole)));
    }
    let Some(body) = body.get(..length) else {
        return Ok(Frame::Partial);
    };
    let packet = packet(kind, flags, Reader(body), version).ok_or(Malformed)?;
    Ok(Frame::Whole(packet, whole))
}

fn packet(kind: u8, flags: u8, mut body: Reader<'_>, version: Version) -> Option<Packet<'_>> {
    Some(match kind {
        2 => {
            let (session, code) = (body.byte()? & 1 == 1, body.byte()?);
            let told = body.told(version)?;
            Packet::Connected {
                session,
                code,
                keep_alive: told.keep_alive,
                words: told.words,
            }
        }
        PUBLISH => {
            let topic = std::str::from_utf8(body.text_bytes()?).ok()?;
            let id = match flags & 0b110 {
                0 => None,
                _ => Some(body.short()?),
            };
            if version == Version::V5 {
                body.properties()?;
            }
            Packet::Publish(Publish {
                topic,
                id,
                payload: body.0,
            })
        }
        9 => {
            body.short()?;
            let words = body.told(version)?.words;
            let codes = body.0;
            Packet::Subscribed { codes, words }
        }
        13 => Packet::Pong,
        14 => {
            let code = body.byte().unwrap_or(0);
            let words = body.told(version)?.words;
            Packet::Disconnected { code, words }
        }
        4..=7 | 11 | 15 => Packet::Other,
        _ => return None,
    })
}

/// The length that stands in up to four bytes, and what is behind them; nothing where more must come.
fn length(bytes: &[u8]) -> Result<Option<(usize, &[u8])>, Malformed> {
    let mut length = 0;
    for place in 0..4 {
        let Some(byte) = bytes.get(place) else {
            return Ok(None);
        };
        length |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(Some((length, bytes.get(place + 1..).unwrap_or_default())));
        }
    }
    Err(Malformed)
}

/// What is of use among the properties of a broker's answer.
#[derive(Default)]
struct Told<'a> {
    keep_alive: Option<u16>,
    words: Option<&'a str>,
}

/// Reads the properties of a broker's answer (MQTT 5, 2.2.2.2).
fn told(mut properties: Reader<'_>) -> Option<Told<'_>> {
    let mut told = Told::default();
    while !properties.0.is_empty() {
        match properties.byte()? {
            0x13 => told.keep_alive = Some(properties.short()?),
            0x1f => told.words = std::str::from_utf8(properties.text_bytes()?).ok(),
            0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28..=0x2a => properties.skip(1)?,
            0x21..=0x23 => properties.skip(2)?,
            0x02 | 0x11 | 0x18 | 0x27 => properties.skip(4)?,
            0x03 | 0x08 | 0x09 | 0x12 | 0x15 | 0x16 | 0x1a | 0x1c => {
                properties.skip_text()?;
            }
            0x26 => {
                properties.skip_text()?;
                properties.skip_text()?;
            }
            _ => return None,
        }
    }
    Some(told)
}

/// The body of a packet being read.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.take(count).map(|_| ())
    }

    fn skip_text(&mut self) -> Option<()> {
        self.text_bytes().map(|_| ())
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn short(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn text_bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.short()?;
        self.take(length.into())
    }

    /// The properties of an answer of MQTT 5; one that ends before them has none.
    fn told(&mut self, version: Version) -> Option<Told<'a>> {
        match version == Version::V5 && !self.0.is_empty() {
            true => told(self.properties()?),
            false => Some(Told::default()),
        }
    }

    fn properties(&mut self) -> Option<Self> {
        let (length, rest) = length(self.0).ok()??;
        self.0 = rest;
        self.take(length).map(Self)
    }
}

/// Writes the packet that begins a connection with a session that outlives it.
pub fn connect(connect: &Connect<'_>) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, "MQTT");
    body.push(match connect.version {
        Version::V3 => 4,
        Version::V5 => 5,
    });
    let signs_in = !connect.user.is_empty();
    body.push(if signs_in { 0b1100_0000 } else { 0 });
    body.extend(connect.keep_alive.to_be_bytes());
    if connect.version == Version::V5 {
        let mut properties = vec![0x11];
        properties.extend(connect.session_expiry.to_be_bytes());
        properties.push(0x21);
        properties.extend(connect.receive_maximum.to_be_bytes());
        properties.push(0x27);
        properties.extend(connect.packet_maximum.to_be_bytes());
        push_length(&mut body, properties.len());
        body.extend(properties);
    }
    text(&mut body, connect.client_id);
    if signs_in {
        text(&mut body, connect.user);
        text(&mut body, connect.password);
    }
    framed(0x10, &body)
}

/// Writes a subscription to topics, each at QoS 1.
pub fn subscribe(id: u16, filters: &[String], version: Version) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    if version == Version::V5 {
        body.push(0);
    }
    for filter in filters {
        text(&mut body, filter);
        body.push(1);
    }
    framed(0x82, &body)
}

/// Writes the acknowledgement of a message.
pub fn acknowledge(id: u16) -> Vec<u8> {
    framed(0x40, &id.to_be_bytes())
}

/// Writes the question whether the broker is there.
pub fn ping() -> Vec<u8> {
    framed(0xc0, &[])
}

/// Writes the end of a connection; the session stays.
pub fn disconnect() -> Vec<u8> {
    framed(0xe0, &[])
}

/// Writes a message at QoS 1, for those who send.
pub fn publish(publish: &Publish<'_>, version: Version) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, publish.topic);
    body.extend(publish.id.into_iter().flat_map(u16::to_be_bytes));
    if version == Version::V5 {
        body.push(0);
    }
    body.extend_from_slice(publish.payload);
    framed(if publish.id.is_some() { 0x32 } else { 0x30 }, &body)
}

/// Says why a topic is not taken; nothing where it is.
pub fn topic_fault(topic: &str) -> Option<&'static str> {
    if topic.len() > TOPIC_BYTES_MAX {
        return Some("the topic is longer than 512 bytes");
    }
    if topic.split('/').count() > TOPIC_LEVELS_MAX {
        return Some("the topic has more than 8 levels");
    }
    topic
        .contains(['\0', '#', '+'])
        .then_some("the topic holds a character that none may")
}

/// Gives what topics are held against: of a shared subscription, what stands behind its name (MQTT 5, 4.8.2).
pub fn unshared(filter: &str) -> &str {
    let shared = filter.strip_prefix("$share/");
    shared
        .and_then(|shared| shared.split_once('/'))
        .map_or(filter, |(_, filter)| filter)
}

/// Gives what of a topic is the first `+` of a filter; nothing where the topic is not one of it, or it has none.
pub fn wildcard<'t>(filter: &str, topic: &'t str) -> Option<&'t str> {
    let mut levels = topic.split('/');
    let mut found = None;
    for wanted in unshared(filter).split('/') {
        if wanted == "#" {
            return found;
        }
        let level = levels.next()?;
        match wanted {
            "+" => found = found.or(Some(level)),
            _ if wanted != level => return None,
            _ => {}
        }
    }
    found.filter(|_| levels.next().is_none())
}

fn text(body: &mut Vec<u8>, text: &str) {
    // What is written is configured and far shorter; a longer one is cut rather than misread.
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    body.extend(length.to_be_bytes());
    body.extend(text.bytes().take(length.into()));
}

fn framed(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    push_length(&mut out, body.len());
    out.extend_from_slice(body);
    out
}

fn push_length(out: &mut Vec<u8>, mut length: usize) {
    loop {
        let low = (length & 0x7f).to_le_bytes()[0];
        length >>= 7;
        if length == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}
