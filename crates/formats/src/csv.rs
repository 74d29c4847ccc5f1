//! CSV as RFC 4180 has it, read in pieces: rows within a limit, and what is wrong with one told with its line.

/// The longest row, its quotes and line end not counted.
pub const ROW_BYTES_MAX: usize = 1024 * 1024;

/// The most fields of one row.
pub const FIELDS_MAX: usize = 4096;

/// The bytes that take a row apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// Comes between fields.
    pub delimiter: u8,
    /// Stands around a field that may hold anything, itself when doubled; none where nothing is quoted.
    pub quote: Option<u8>,
}

impl Dialect {
    /// Fields between commas, in double quotes where they need it.
    pub const COMMAS: Self = Self {
        delimiter: b',',
        quote: Some(b'"'),
    };
}

/// Names what can be wrong with a row; nothing of such a row is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is longer than a row may be.
    TooLong {
        /// How long one may be.
        limit: usize,
    },
    /// It has more fields than a row may have.
    TooManyFields {
        /// How many one may have.
        limit: usize,
    },
    /// Something other than a delimiter follows the quote that ends a field.
    TextAfterQuote,
    /// The file ends inside a quoted field.
    QuoteNotClosed,
}

impl Fault {
    /// Returns the name that reports and documents use; it never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLong { .. } => "row-too-long",
            Self::TooManyFields { .. } => "too-many-fields",
            Self::TextAfterQuote => "text-after-quote",
            Self::QuoteNotClosed => "quote-not-closed",
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong { limit } => write!(
                formatter,
                "the row is longer than {limit} bytes; look for a quote that is not closed"
            ),
            Self::TooManyFields { limit } => write!(
                formatter,
                "the row has more than {limit} fields; check the delimiter"
            ),
            Self::TextAfterQuote => formatter.write_str(
                "text follows the quote that ends a field; double each quote inside a quoted field",
            ),
            Self::QuoteNotClosed => formatter.write_str(
                "the file ends inside a quoted field; close the quote, or check whether the file was cut off",
            ),
        }
    }
}

/// Says where a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The row, counted from 1, the header included and blank lines left out.
    pub number: u64,
    /// The line that it begins on, counted from 1.
    pub line: u64,
    /// The line that follows it, or would.
    pub next_line: u64,
    /// How many bytes of the file end with it: where the next one begins.
    pub end: u64,
}

impl Place {
    /// Before the first row.
    pub const START: Self = Self {
        number: 0,
        line: 0,
        next_line: 1,
        end: 0,
    };
}

/// What a file holds, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'d> {
    /// A row.
    Row(Row<'d>),
    /// A row that cannot be used.
    Bad(Place, Fault),
}

/// The fields of one row, without their quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'d> {
    /// Where it is.
    pub place: Place,
    text: &'d [u8],
    ends: &'d [usize],
}

impl<'d> Row<'d> {
    /// Goes through the fields.
    pub fn fields(&self) -> impl Iterator<Item = &'d [u8]> {
        let text = self.text;
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let field = text.get(start..end).unwrap_or_default();
            start = end;
            field
        })
    }

    /// Returns how many fields it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Tells whether it has no field; no row of a file is so.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// Takes a file apart into rows, however it is cut into chunks; its memory is bounded by the longest row and chunk.
///
/// Lines end with a line feed, a carriage return or both; blank ones are skipped, and so is a byte order mark. A quote
/// inside a field that does not begin with one is text.
#[derive(Debug, Clone)]
pub struct Decoder {
    dialect: Dialect,
    row_bytes_max: usize,
    buffer: Vec<u8>,
    /// Bytes of the buffer before this were read.
    at: usize,
    /// Bytes of the file before the buffer.
    before: u64,
    text: Vec<u8>,
    ends: Vec<usize>,
    state: State,
    fault: Option<Fault>,
    /// The last row that ended.
    last: Place,
    /// The line that is being read.
    line: u64,
    /// The line on which the row being read began.
    row_line: u64,
    /// Whether what was handed out has to go before the next row is read.
    is_handed_out: bool,
    /// Whether a row was read that was not handed out.
    is_ready: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing of a row was read.
    RowStart,
    /// Nothing of a field was read.
    FieldStart,
    Plain,
    Quoted,
    /// A quote came inside a quoted field: it ends the field, or is one of two.
    QuoteSeen,
}

const MARK: &[u8] = b"\xEF\xBB\xBF";

impl Decoder {
    /// Creates a decoder for a file from its beginning.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self::resume(dialect, Place::START)
    }

    /// Creates a decoder for what follows a row: the bytes from its end on.
    #[must_use]
    pub fn resume(dialect: Dialect, after: Place) -> Self {
        Self {
            dialect,
            row_bytes_max: ROW_BYTES_MAX,
            buffer: Vec::new(),
            at: 0,
            before: after.end,
            text: Vec::new(),
            ends: Vec::new(),
            state: State::RowStart,
            fault: None,
            last: after,
            line: after.next_line,
            row_line: after.next_line,
            is_handed_out: false,
            is_ready: false,
        }
    }

    /// Takes a chunk of bytes; ask for events until there are none before the next one.
    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.drain(..self.at);
        self.before += self.at as u64;
        self.at = 0;
        self.buffer.extend_from_slice(chunk);
    }

    /// Returns the next row, or what is wrong with one; none if more bytes are needed.
    pub fn next_event(&mut self) -> Option<Event<'_>> {
        if !self.has_event() {
            return None;
        }
        self.is_ready = false;
        Some(self.event())
    }

    /// Tells whether [`Decoder::next_event`] has a row to return.
    pub fn has_event(&mut self) -> bool {
        if !self.is_ready {
            self.forget();
            self.is_ready = self.skip_mark(false) && self.read(false);
        }
        self.is_ready
    }

    /// Reads on to the end of a row; tells whether there was one.
    fn read(&mut self, is_end: bool) -> bool {
        while let Some(&byte) = self.buffer.get(self.at) {
            if byte == b'\r' && !is_end && self.at + 1 == self.buffer.len() {
                // Whether a line feed belongs to it is not known yet.
                return false;
            }
            if self.step(byte) {
                return true;
            }
            self.run();
        }
        false
    }

    /// Says that the file has ended, and returns what its last line is, if nothing ended it.
    pub fn finish(&mut self) -> Option<Event<'_>> {
        if self.is_ready {
            return self.next_event();
        }
        self.forget();
        self.skip_mark(true);
        // A carriage return may be left that waited for what follows it.
        if self.read(true) {
            return Some(self.event());
        }
        match self.state {
            State::RowStart => return None,
            State::Quoted => {
                // Its last line may have ended all the same.
                self.line -= u64::from(self.text.last() == Some(&b'\n'));
                self.fail(Fault::QuoteNotClosed);
            }
            State::FieldStart | State::Plain | State::QuoteSeen => {}
        }
        self.line += 1;
        self.end_field();
        self.end_row();
        Some(self.event())
    }

    /// Lets the row go that was handed out.
    fn forget(&mut self) {
        if std::mem::take(&mut self.is_handed_out) {
            self.text.clear();
            self.ends.clear();
            self.fault = None;
        }
    }

    /// Skips a byte order mark; tells whether it is known if there is one.
    fn skip_mark(&mut self, is_end: bool) -> bool {
        if self.before + self.at as u64 > 0 || self.last.number > 0 {
            return true;
        }
        let head = self.buffer.get(..MARK.len()).unwrap_or(&self.buffer);
        if head == MARK {
            self.at = MARK.len();
            return true;
        }
        is_end || !MARK.starts_with(head)
    }

    /// Takes one byte, and the line feed after a carriage return; tells whether a row ended with it.
    fn step(&mut self, byte: u8) -> bool {
        self.at += 1;
        if self.state != State::Quoted && matches!(byte, b'\r' | b'\n') {
            let is_two = byte == b'\r' && self.buffer.get(self.at) == Some(&b'\n');
            self.at += usize::from(is_two);
            self.line += 1;
            if self.state == State::RowStart {
                self.row_line = self.line;
                return false;
            }
            self.end_field();
            self.end_row();
            return true;
        }
        let is_quote = self.dialect.quote == Some(byte);
        let is_delimiter = byte == self.dialect.delimiter;
        match self.state {
            State::RowStart | State::FieldStart if is_quote => self.state = State::Quoted,
            State::Quoted if is_quote => self.state = State::QuoteSeen,
            State::Quoted => {
                // A line end inside a field is text, and a line all the same.
                self.line += u64::from(byte == b'\n');
                self.keep(byte);
            }
            State::QuoteSeen if is_quote => {
                self.keep(byte);
                self.state = State::Quoted;
            }
            _ if is_delimiter => {
                self.end_field();
                self.state = State::FieldStart;
            }
            State::QuoteSeen => {
                self.fail(Fault::TextAfterQuote);
                self.state = State::Plain;
            }
            State::RowStart | State::FieldStart | State::Plain => {
                self.keep(byte);
                self.state = State::Plain;
            }
        }
        false
    }

    /// Takes all bytes at once that are nothing but text.
    fn run(&mut self) {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let length = match (self.state, self.dialect.quote) {
            (State::Plain, _) => memchr::memchr3(self.dialect.delimiter, b'\r', b'\n', rest),
            (State::Quoted, Some(quote)) => memchr::memchr2(quote, b'\n', rest),
            _ => return,
        };
        let length = length.unwrap_or(rest.len());
        let text = rest.get(..length).unwrap_or_default();
        let room = self.row_bytes_max.saturating_sub(self.text.len());
        if self.fault.is_none() && length <= room {
            self.text.extend_from_slice(text);
        } else {
            self.overflow();
        }
        self.at += length;
    }

    fn keep(&mut self, byte: u8) {
        if self.fault.is_none() && self.text.len() < self.row_bytes_max {
            self.text.push(byte);
        } else {
            self.overflow();
        }
    }

    fn overflow(&mut self) {
        let limit = self.row_bytes_max;
        self.fail(Fault::TooLong { limit });
    }

    /// Notes what is wrong with the row; what was wrong first counts.
    fn fail(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
        self.text.clear();
        self.ends.clear();
    }

    fn end_field(&mut self) {
        if self.fault.is_some() {
            return;
        }
        if self.ends.len() == FIELDS_MAX {
            let limit = FIELDS_MAX;
            return self.fail(Fault::TooManyFields { limit });
        }
        self.ends.push(self.text.len());
    }

    fn end_row(&mut self) {
        self.last = Place {
            number: self.last.number + 1,
            line: self.row_line,
            next_line: self.line,
            end: self.position(),
        };
        self.row_line = self.line;
        self.state = State::RowStart;
        self.is_handed_out = true;
    }

    fn position(&self) -> u64 {
        self.before + self.at as u64
    }

    fn event(&self) -> Event<'_> {
        match self.fault {
            Some(fault) => Event::Bad(self.last, fault),
            None => Event::Row(Row {
                place: self.last,
                text: &self.text,
                ends: &self.ends,
            }),
        }
    }
}

#[cfg(test)]
mod tests;
