//! A parsed message, and the parser that keeps its memory from one message to the next.

use super::charset::Charset;
use super::element::{Syntax, Value};
use super::envelope::{self, Envelope};
use super::header::Header;
use super::index::{Entry, Index, NAME_IRREGULAR};
use super::issue::{Issue, IssueCode, Severity};
use super::path::Path;
use super::segment::Segment;
use super::separators::Separators;
use crate::limits::Limits;

/// The most bytes that can be indexed, whatever the limits say.
pub(super) const MESSAGE_BYTES_MAX: usize = u32::MAX as usize / 2;

/// Says how the messages of one source are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// How much of everything a message may have.
    pub limits: Limits,
    /// The character set of this source.
    pub charset: Charset,
    /// Whether MSH-18 has a say in it.
    pub charset_rule: CharsetRule,
}

/// Says when the character set of a source holds for its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CharsetRule {
    /// Where MSH-18 names no known one.
    #[default]
    UnlessDeclared,
    /// Always: for a source whose MSH-18 is wrong, and for text that was decoded already.
    Always,
}

/// Parses message after message in the same memory.
#[derive(Debug, Clone, Default)]
pub struct Parser {
    options: Options,
    index: Index,
}

/// A message: views of bytes that stay as they were sent.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    bytes: &'a [u8],
    index: Index,
    syntax: Syntax,
}

/// Parses one message, with the default options; any bytes give a message and its issues.
#[must_use]
pub fn parse(bytes: &[u8]) -> Message<'_> {
    Parser::default().parse(bytes)
}

impl Parser {
    /// Creates a parser for the messages of one source.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            options,
            index: Index::default(),
        }
    }

    /// Parses one message; any bytes give a message and its issues.
    ///
    /// Give the message back with [`Parser::reclaim`], and the next one is parsed without allocating.
    #[must_use]
    pub fn parse<'a>(&mut self, bytes: &'a [u8]) -> Message<'a> {
        let mut index = std::mem::take(&mut self.index);
        index.clear();
        let mut message = Message {
            bytes,
            index,
            syntax: Syntax {
                separators: Separators::STANDARD,
                charset: self.options.charset,
                is_text: false,
            },
        };
        message.read(&self.options);
        message
    }

    /// Takes back the memory of a message that is no longer needed.
    pub fn reclaim(&mut self, message: Message<'_>) {
        self.index = message.index;
    }
}

impl<'a> Message<'a> {
    /// Returns what was parsed.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the bytes before the first segment, which no segment holds.
    #[must_use]
    pub fn leading(&self) -> &'a [u8] {
        let end = match self.index.segments.first() {
            Some(entry) => entry.start as usize,
            None => self.index.stopped_at,
        };
        self.bytes.get(..end).unwrap_or_default()
    }

    /// Returns the bytes after the last segment and its end, which no segment holds.
    #[must_use]
    pub fn trailing(&self) -> &'a [u8] {
        self.bytes.get(self.index.stopped_at..).unwrap_or_default()
    }

    /// Returns the separators it was split by.
    #[must_use]
    pub fn separators(&self) -> Separators {
        self.syntax.separators
    }

    /// Returns the character set its text is decoded in.
    #[must_use]
    pub fn charset(&self) -> Charset {
        self.syntax.charset
    }

    /// Returns what is wrong with it, errors and warnings.
    #[must_use]
    pub fn issues(&self) -> &[Issue] {
        &self.index.issues.kept
    }

    /// Returns how many more issues there were than are kept.
    #[must_use]
    pub fn issues_dropped(&self) -> usize {
        self.index.issues.dropped
    }

    /// Returns the first issue that makes the message one to refuse.
    #[must_use]
    pub fn first_error(&self) -> Option<&Issue> {
        self.issues()
            .iter()
            .find(|issue| issue.severity() == Severity::Error)
    }

    /// Returns the segments in order.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = Segment<'_>> + ExactSizeIterator {
        self.index
            .segments
            .iter()
            .enumerate()
            .map(|(place, entry)| self.view(place, entry))
    }

    /// Returns the segments with this name, in order.
    pub fn segments_named<'m, 'n>(
        &'m self,
        name: &'n [u8],
    ) -> impl Iterator<Item = Segment<'m>> + use<'a, 'm, 'n> {
        let key: [u8; 3] = name.try_into().unwrap_or(NAME_IRREGULAR);
        self.index
            .segments
            .iter()
            .enumerate()
            .filter(move |(_, entry)| entry.name == key)
            .map(|(place, entry)| self.view(place, entry))
            .filter(move |segment| key != NAME_IRREGULAR || segment.name() == name)
    }

    /// Returns the first segment with this name.
    #[must_use]
    pub fn segment(&self, name: &[u8]) -> Option<Segment<'_>> {
        self.segments_named(name).next()
    }

    /// Returns what a path leads to; nothing if the segment is not there.
    #[must_use]
    pub fn get(&self, path: &Path) -> Option<Value<'_>> {
        let segment = self
            .segments()
            .filter(|segment| segment.name() == path.segment().as_bytes())
            .nth(path.occurrence().checked_sub(1)?)?;
        Some(path.within(&segment))
    }

    /// Returns the header, if the message starts with MSH.
    #[must_use]
    pub fn header(&self) -> Option<Header<'_>> {
        let entry = self.index.segments.first()?;
        (&entry.name == b"MSH").then(|| Header::new(self.view(0, entry)))
    }

    #[inline]
    fn view(&self, place: usize, entry: &Entry) -> Segment<'_> {
        Segment::new(self.bytes, &self.index, &self.syntax, place, entry)
    }

    fn read(&mut self, options: &Options) {
        if self.bytes.len() > options.limits.message_bytes.min(MESSAGE_BYTES_MAX) {
            self.report(IssueCode::MessageTooLong, 0);
            return;
        }
        let Envelope { body, issues } = envelope::find(self.bytes);
        for issue in issues.into_iter().flatten() {
            self.index.issues.push(issue);
        }
        let Some(body) = body else {
            return;
        };
        let content = self.bytes.get(..body.end).unwrap_or_default();
        let start = content.get(body.start..).unwrap_or_default();
        if envelope::starts_header(start) {
            let (separators, issue) = Separators::read(start);
            self.syntax.separators = separators;
            if let Some(code) = issue {
                let position = body.start + 3;
                self.index
                    .issues
                    .push(Issue::in_field(code, 1, 2, position));
            }
        }
        self.index
            .build(content, body.start, self.syntax.separators, &options.limits);
        self.check_header();
        if options.charset_rule == CharsetRule::UnlessDeclared {
            self.read_charset();
        }
        self.check_bytes();
    }

    fn report(&mut self, code: IssueCode, position: usize) {
        self.index.issues.push(Issue::at(code, position));
    }

    /// Reports what intake cannot do without.
    fn check_header(&mut self) {
        let Some(header) = self.header() else {
            let is_batch = self
                .index
                .segments
                .first()
                .is_some_and(|entry| matches!(&entry.name, b"FHS" | b"BHS"));
            let position = self.leading().len();
            self.report(
                if is_batch {
                    IssueCode::BatchHeader
                } else {
                    IssueCode::NoHeader
                },
                position,
            );
            return;
        };
        let segment = header.segment();
        let missing = [
            (
                IssueCode::MessageTypeMissing,
                9,
                segment.field(9).component(1).is_blank(),
            ),
            (
                IssueCode::ControlIdMissing,
                10,
                segment.field(10).is_blank(),
            ),
            (
                IssueCode::VersionMissing,
                12,
                segment.field(12).component(1).is_blank(),
            ),
        ];
        if missing.iter().all(|(_, _, is_missing)| !is_missing) {
            return;
        }
        let position = |number: u32| segment.field(number as usize).position().start;
        let issues = missing.map(|(code, number, is_missing)| {
            is_missing.then(|| Issue::in_field(code, 1, number, position(number)))
        });
        for issue in issues.into_iter().flatten() {
            self.index.issues.push(issue);
        }
    }

    /// Takes the character set that MSH-18 names.
    fn read_charset(&mut self) {
        let declared = self.header().map(|header| header.character_set());
        let Some(field) = declared.filter(super::Element::is_valued) else {
            return;
        };
        let position = field.position().start;
        // MSH-18 repeats; the first names the set that everything starts in.
        let first = field.repetition(1);
        let name = std::str::from_utf8(first.raw()).unwrap_or_default();
        let code = match Charset::from_name(name) {
            Some(charset) => {
                self.syntax.charset = charset;
                charset
                    .may_hold_separators()
                    .then_some(IssueCode::CharsetMultibyte)
            }
            None => (!first.is_blank()).then_some(IssueCode::CharsetUnknown),
        };
        if let Some(code) = code {
            let issue = Issue::in_field(code, 1, 18, position);
            self.index.issues.push(issue);
        }
    }

    /// Reports bytes that are not text.
    fn check_bytes(&mut self) {
        let charset = self.syntax.charset;
        self.syntax.is_text =
            charset.is_utf8() || (!self.index.has_non_ascii && !charset.may_hold_separators());
        if self.index.has_non_ascii
            && let Some(position) = charset.first_fault(self.bytes)
        {
            self.syntax.is_text = false;
            self.report(IssueCode::CharsetMismatch, position);
        }
        if self.index.has_nul
            && let Some(position) = memchr::memchr(0, self.bytes)
        {
            self.report(IssueCode::NulByte, position);
        }
    }
}
