//! Writes an interchange that goes back to whoever sent one: sender and receiver change places.

use super::Stamp;
use crate::x12::delimiters::Delimiters;
use crate::x12::segment::Segment;

/// The guide that a 999 follows.
const GUIDE: &str = "005010X231A1";

/// An interchange being written.
pub(super) struct Frame {
    out: Vec<u8>,
    delimiters: Delimiters,
    interchange: String,
    group: String,
    /// The segments of the set so far.
    count: usize,
}

impl Frame {
    /// Begins the answer to an interchange, with its delimiters.
    pub(super) fn begin(header: &Segment<'_>, stamp: &Stamp) -> Self {
        let mut frame = Self {
            out: Vec::new(),
            delimiters: for_writing(header.delimiters()),
            interchange: digits(stamp.interchange as usize, 9),
            group: digits(stamp.group as usize, 9),
            count: 0,
        };
        let padded = |element: usize, width: usize| {
            let text = header.element(element).text();
            let cut: String = text.chars().take(width).collect();
            format!("{cut:<width$}")
        };
        let (date, time) = (date(stamp), time(stamp));
        let short = date.get(2..).unwrap_or_default().to_owned();
        let number = frame.interchange.clone();
        let usage = padded(15, 1);
        // What does not say that it is production data is not answered as such.
        let usage = if usage == "P" { "P" } else { "T" };
        let (receiver, sender) = ((padded(7, 2), padded(8, 15)), (padded(5, 2), padded(6, 15)));
        frame.raw("ISA*00*          *00*          ");
        for text in [
            &receiver.0,
            &receiver.1,
            &sender.0,
            &sender.1,
            &short,
            &time,
        ] {
            frame.element(text);
        }
        let Delimiters {
            element,
            repetition,
            component,
            segment,
        } = frame.delimiters;
        frame.out.push(element);
        frame.out.extend(repetition);
        for text in ["00501", &number, "0", usage] {
            frame.element(text);
        }
        frame.out.push(element);
        frame.out.extend(component);
        frame.out.push(segment);
        frame.line_end();
        frame
    }

    /// Begins the group of acknowledgements.
    pub(super) fn group(&mut self, sender: &str, receiver: &str, stamp: &Stamp) {
        let (date, time, number) = (date(stamp), time(stamp), short(&self.group).to_owned());
        let line = [
            "GS", "FA", sender, receiver, &date, &time, &number, "X", GUIDE,
        ];
        self.segment(&line);
    }

    /// Begins its one set.
    pub(super) fn begin_set(&mut self) {
        self.count = 0;
        self.segment(&["ST", "999", "0001", GUIDE]);
    }

    /// Ends its set and the group.
    pub(super) fn end_set(&mut self) {
        let count = digits(self.count + 1, 10);
        self.segment(&["SE", &count, "0001"]);
        let number = short(&self.group).to_owned();
        self.segment(&["GE", "1", &number]);
    }

    /// Ends the interchange.
    pub(super) fn end(mut self, groups: usize) -> Vec<u8> {
        let number = self.interchange.clone();
        self.segment(&["IEA", &groups.to_string(), &number]);
        self.out
    }

    /// Writes a segment without the empty elements at its end.
    pub(super) fn segment(&mut self, parts: &[&str]) {
        let filled = parts.iter().rposition(|part| !part.is_empty());
        let (name, elements) = parts.split_first().unwrap_or((&"", &[]));
        self.text(name);
        for part in elements.iter().take(filled.unwrap_or_default()) {
            self.element(part);
        }
        self.out.push(self.delimiters.segment);
        self.line_end();
        self.count += 1;
    }

    fn element(&mut self, text: &str) {
        self.out.push(self.delimiters.element);
        self.text(text);
    }

    /// Writes a text; what would split it is left out, since X12 cannot escape it.
    fn text(&mut self, text: &str) {
        let delimiters = self.delimiters;
        let is_text = |byte: &u8| !delimiters.has(*byte) && !byte.is_ascii_control();
        self.out.extend(text.bytes().filter(is_text));
    }

    /// Writes a text with `*` for the delimiter.
    fn raw(&mut self, text: &str) {
        let element = self.delimiters.element;
        let bytes = text.bytes();
        self.out.extend(bytes.map(|byte| match byte {
            b'*' => element,
            byte => byte,
        }));
    }

    fn line_end(&mut self) {
        if self.delimiters.segment.is_ascii_punctuation() {
            self.out.push(b'\n');
        }
    }
}

/// Gives delimiters that an interchange of 005010 can be written with.
fn for_writing(found: Delimiters) -> Delimiters {
    let candidates = [b'^', b'!', b'|', b'{'];
    let free = candidates.into_iter().find(|byte| !found.has(*byte));
    let repetition = found.repetition.or(free);
    if found.component.is_some() && repetition.is_some() {
        Delimiters {
            repetition,
            ..found
        }
    } else {
        Delimiters::STANDARD
    }
}

fn date(stamp: &Stamp) -> String {
    let (year, month, day) = (stamp.year % 10_000, stamp.month % 100, stamp.day % 100);
    format!("{year:04}{month:02}{day:02}")
}

fn time(stamp: &Stamp) -> String {
    let (hour, minute) = (stamp.hour % 100, stamp.minute % 100);
    format!("{hour:02}{minute:02}")
}

/// Gives a number as at most so many digits; of nine digits it fills all.
pub(super) fn digits(number: usize, width: u32) -> String {
    let most = 10_usize.checked_pow(width).unwrap_or(usize::MAX);
    let number = number % most;
    if width == 9 {
        format!("{number:09}")
    } else {
        number.to_string()
    }
}

/// Gives a control number without leading zeros.
fn short(number: &str) -> &str {
    let short = number.trim_start_matches('0');
    if short.is_empty() { "0" } else { short }
}
