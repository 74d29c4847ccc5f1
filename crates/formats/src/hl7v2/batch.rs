//! Batches: a file or frame that holds several messages between FHS, BHS, BTS and FTS segments.

mod answer;

use std::ops::Range;

use super::separators::Separators;

pub use answer::answer;

/// A file taken apart into its messages; every byte is in a message, an envelope segment, or `leading`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The messages, in order.
    pub messages: Vec<BatchMessage>,
    /// The FHS, BHS, BTS and FTS segments, in order, with what ends them.
    pub envelope: Vec<Range<usize>>,
    /// The bytes before the first of either.
    pub leading: Range<usize>,
    /// What is wrong with the batch.
    pub issues: Vec<BatchIssue>,
}

/// Says where one message of a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchMessage {
    /// Its bytes.
    pub span: Range<usize>,
    /// The batch it is in, counted from 1; 0 if it is in none.
    pub batch: usize,
}

/// Says what is wrong with a batch; its messages can be used all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchIssue {
    /// What is wrong.
    pub code: BatchIssueCode,
    /// The batch it is in, counted from 1; 0 if it is the file's or what is in no batch.
    pub batch: usize,
    /// The byte it is found at.
    pub position: usize,
}

/// Names what can be wrong with a batch; a count that is off means that messages may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchIssueCode {
    /// A BHS segment without its BTS.
    BatchTrailerMissing,
    /// A BTS segment without its BHS.
    BatchHeaderMissing,
    /// An FHS segment without its FTS.
    FileTrailerMissing,
    /// An FTS segment without its FHS.
    FileHeaderMissing,
    /// BTS-1 is not the number of messages.
    MessageCount {
        /// What BTS-1 says.
        declared: usize,
        /// How many there are.
        found: usize,
    },
    /// FTS-1 is not the number of batches.
    BatchCount {
        /// What FTS-1 says.
        declared: usize,
        /// How many there are.
        found: usize,
    },
    /// Bytes before the first header.
    LeadingBytes,
}

impl BatchIssueCode {
    /// Returns the name that configuration, metrics and documents use; it never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BatchTrailerMissing => "batch-trailer-missing",
            Self::BatchHeaderMissing => "batch-header-missing",
            Self::FileTrailerMissing => "file-trailer-missing",
            Self::FileHeaderMissing => "file-header-missing",
            Self::MessageCount { .. } => "batch-message-count",
            Self::BatchCount { .. } => "file-batch-count",
            Self::LeadingBytes => "batch-leading-bytes",
        }
    }

    /// Tells whether it concerns the file and none of its batches.
    const fn is_of_file(self) -> bool {
        matches!(
            self,
            Self::FileTrailerMissing
                | Self::FileHeaderMissing
                | Self::BatchCount { .. }
                | Self::LeadingBytes
        )
    }
}

impl std::fmt::Display for BatchIssue {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "byte {}: {}", self.position, self.code)
    }
}

impl std::fmt::Display for BatchIssueCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BatchTrailerMissing => {
                formatter.write_str("a batch has no BTS; check whether the file was cut off")
            }
            Self::BatchHeaderMissing => {
                formatter.write_str("a BTS ends no batch; start the batch with BHS")
            }
            Self::FileTrailerMissing => {
                formatter.write_str("the file has no FTS; check whether it was cut off")
            }
            Self::FileHeaderMissing => {
                formatter.write_str("an FTS ends no file; start the file with FHS")
            }
            Self::MessageCount { declared, found } => write!(
                formatter,
                "BTS-1 says {declared} messages, {found} came; check what was cut off and send the rest"
            ),
            Self::BatchCount { declared, found } => write!(
                formatter,
                "FTS-1 says {declared} batches, {found} came; check what was cut off and send the rest"
            ),
            Self::LeadingBytes => formatter.write_str(
                "bytes before the first header were skipped; start with FHS, BHS or MSH",
            ),
        }
    }
}

/// Takes a file apart into its messages; a single message is a batch of one, in no batch.
#[must_use]
pub fn split(bytes: &[u8]) -> Batch {
    let mut splitter = Splitter::new(bytes);
    for line in lines(bytes) {
        splitter.line(line);
    }
    splitter.finish()
}

/// A count sender did not give, or one that is no number, says nothing.
type Declared = Option<usize>;

struct Splitter<'b> {
    bytes: &'b [u8],
    batch: Batch,
    /// The byte at which the open file or batch started.
    file_open: Option<usize>,
    batch_open: Option<usize>,
    batches: usize,
    batches_in_file: usize,
    messages_in_batch: usize,
    /// Whether messages came that no BHS announced: to the count of FTS-1 they are a batch.
    is_unannounced: bool,
    field: u8,
    has_started: bool,
}

impl<'b> Splitter<'b> {
    fn new(bytes: &'b [u8]) -> Self {
        Self {
            bytes,
            batch: Batch {
                messages: Vec::new(),
                envelope: Vec::new(),
                leading: 0..0,
                issues: Vec::new(),
            },
            file_open: None,
            batch_open: None,
            batches: 0,
            batches_in_file: 0,
            messages_in_batch: 0,
            is_unannounced: false,
            field: Separators::STANDARD.field,
            has_started: false,
        }
    }

    fn line(&mut self, line: Range<usize>) {
        let text = self.bytes.get(line.clone()).unwrap_or_default();
        let marks = text.iter().take_while(|&&byte| is_mark(byte)).count();
        let text = text.get(marks..).unwrap_or_default();
        let name = text.get(..3).unwrap_or_default();
        match name {
            b"FHS" | b"BHS" | b"MSH" => {
                self.field = text.get(3).copied().unwrap_or(self.field);
                self.start(line.start, marks);
                match name {
                    b"FHS" => self.file_header(line),
                    b"BHS" => self.batch_header(line),
                    _ => self.message(line),
                }
            }
            b"BTS" if self.has_started => self.batch_trailer(line, text),
            b"FTS" if self.has_started => self.file_trailer(line, text),
            _ => self.other(line),
        }
    }

    /// Notes what came before the first header.
    fn start(&mut self, start: usize, marks: usize) {
        if self.has_started {
            return;
        }
        self.has_started = true;
        self.batch.leading = 0..start;
        let leading = self.bytes.get(..start).unwrap_or_default();
        let is_junk = !leading.trim_ascii().is_empty();
        if is_junk || marks > 0 {
            self.report(BatchIssueCode::LeadingBytes, 0, 0);
        }
    }

    fn file_header(&mut self, line: Range<usize>) {
        self.close_batch();
        self.close_file();
        self.file_open = Some(line.start);
        self.batches_in_file = 0;
        self.messages_in_batch = 0;
        self.batch.envelope.push(line);
    }

    fn batch_header(&mut self, line: Range<usize>) {
        self.close_batch();
        self.batch_open = Some(line.start);
        self.batches += 1;
        self.batches_in_file += 1;
        self.messages_in_batch = 0;
        self.is_unannounced = false;
        self.batch.envelope.push(line);
    }

    fn message(&mut self, line: Range<usize>) {
        self.messages_in_batch += 1;
        let batch = self.number();
        if batch == 0 && !self.is_unannounced {
            self.is_unannounced = true;
            self.batches_in_file += 1;
        }
        self.batch.messages.push(BatchMessage { span: line, batch });
    }

    /// The batch that is open, 0 if none is.
    fn number(&self) -> usize {
        self.batch_open.map_or(0, |_| self.batches)
    }

    fn batch_trailer(&mut self, line: Range<usize>, text: &[u8]) {
        let (number, found) = (self.number(), self.messages_in_batch);
        if self.batch_open.take().is_none() {
            self.report(BatchIssueCode::BatchHeaderMissing, number, line.start);
        }
        if let Some(declared) = self.declared(text).filter(|&declared| declared != found) {
            let code = BatchIssueCode::MessageCount { declared, found };
            self.report(code, number, line.start);
        }
        self.messages_in_batch = 0;
        self.is_unannounced = false;
        self.batch.envelope.push(line);
    }

    fn file_trailer(&mut self, line: Range<usize>, text: &[u8]) {
        self.close_batch();
        if self.file_open.take().is_none() {
            self.report(BatchIssueCode::FileHeaderMissing, 0, line.start);
        }
        let found = self.batches_in_file;
        if let Some(declared) = self.declared(text).filter(|&declared| declared != found) {
            let code = BatchIssueCode::BatchCount { declared, found };
            self.report(code, 0, line.start);
        }
        self.batches_in_file = 0;
        self.is_unannounced = false;
        self.batch.envelope.push(line);
    }

    /// A line that starts nothing belongs to what is before it.
    fn other(&mut self, line: Range<usize>) {
        if !self.has_started {
            return;
        }
        let last_message = self
            .batch
            .messages
            .last_mut()
            .map(|message| &mut message.span);
        let last_envelope = self.batch.envelope.last_mut();
        let before = last_message
            .into_iter()
            .chain(last_envelope)
            .max_by_key(|span| span.end);
        if let Some(span) = before {
            span.end = line.end;
        }
    }

    fn close_batch(&mut self) {
        let number = self.number();
        if let Some(position) = self.batch_open.take() {
            self.report(BatchIssueCode::BatchTrailerMissing, number, position);
        }
    }

    fn close_file(&mut self) {
        if let Some(position) = self.file_open.take() {
            self.report(BatchIssueCode::FileTrailerMissing, 0, position);
        }
    }

    fn finish(mut self) -> Batch {
        self.close_batch();
        self.close_file();
        if !self.has_started {
            self.batch.leading = 0..self.bytes.len();
        }
        self.batch
    }

    fn declared(&self, text: &[u8]) -> Declared {
        let first = text.split(|&byte| byte == self.field).nth(1)?;
        std::str::from_utf8(first.trim_ascii()).ok()?.parse().ok()
    }

    fn report(&mut self, code: BatchIssueCode, batch: usize, position: usize) {
        self.batch.issues.push(BatchIssue {
            code,
            batch,
            position,
        });
    }
}

/// Tells the bytes that may stand before a segment's name: framing, the three of a byte order mark, blanks.
fn is_mark(byte: u8) -> bool {
    matches!(byte, 0x0B | 0x1C | 0xEF | 0xBB | 0xBF | b' ')
}

/// Returns the lines with what ends them; as in a message, line feeds end lines only where there is no carriage return.
fn lines(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let terminator = if memchr::memchr(b'\r', bytes).is_some() {
        b'\r'
    } else {
        b'\n'
    };
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let ended = memchr::memchr(terminator, rest).map_or(rest.len(), |end| end + 1);
        let after = rest.get(ended..).unwrap_or_default();
        let is_feed = |byte: &&u8| terminator == b'\r' && **byte == b'\n';
        let line = start..start + ended + after.iter().take_while(is_feed).count();
        start = line.end;
        Some(line)
    })
}

#[cfg(test)]
mod tests;
