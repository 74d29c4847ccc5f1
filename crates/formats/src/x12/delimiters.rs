//! The characters that split an interchange, as its ISA segment gives them.

use super::issue::IssueCode;

/// Holds the characters that split an interchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiters {
    /// Between elements, the byte behind `ISA`.
    pub element: u8,
    /// Between repetitions, ISA11; none before version 00402.
    pub repetition: Option<u8>,
    /// Between components, ISA16.
    pub component: Option<u8>,
    /// Behind each segment, the byte behind ISA16.
    pub segment: u8,
}

/// Where the separators stand in an ISA segment, whose elements have fixed widths.
const PLACES: [usize; 16] = [
    3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103,
];

/// The length of an ISA segment with its terminator.
pub(crate) const HEADER_BYTES: usize = 106;

/// The longest ISA segment whose end is looked for, where its elements have not the widths that they must have.
pub(crate) const HEADER_BYTES_MAX: usize = 256;

impl Delimiters {
    /// What is taken where no ISA segment says otherwise: `*`, `^`, `:` and `~`.
    pub const STANDARD: Self = Self {
        element: b'*',
        repetition: Some(b'^'),
        component: Some(b':'),
        segment: b'~',
    };

    /// Reads the delimiters of bytes that start with ISA; an issue says what is odd about them.
    pub(crate) fn read(header: &[u8]) -> Result<(Self, Option<IssueCode>), IssueCode> {
        let at = |place: usize| header.get(place).copied();
        let element = at(3)
            .filter(|byte| is_usable(*byte))
            .ok_or(IssueCode::HeaderInvalid)?;
        let is_fixed = PLACES.iter().all(|place| at(*place) == Some(element));
        let (repetition, version, end) = if is_fixed {
            (at(82), header.get(84..89), 104)
        } else {
            let places = separators(header, element).ok_or(IssueCode::HeaderInvalid)?;
            let [.., eleventh, twelfth, thirteenth, _, _, last] = places;
            let one = twelfth == eleventh + 2;
            let version = header.get(twelfth + 1..thirteenth);
            (at(eleventh + 1).filter(|_| one), version, last + 1)
        };
        let (Some(component), Some(segment)) = (at(end), at(end + 1)) else {
            return Err(IssueCode::HeaderInvalid);
        };
        let is_end = is_usable(segment) || matches!(segment, b'\r' | b'\n');
        if !is_usable(component) || !is_end {
            return Err(IssueCode::DelimitersInvalid);
        }
        let has_repetition = version.is_some_and(|version| version >= &b"00402"[..]);
        let repetition = repetition.filter(|byte| has_repetition && is_usable(*byte));
        let found = Self {
            element,
            repetition,
            component: Some(component),
            segment,
        };
        if found.has_duplicates() {
            return Err(IssueCode::DelimitersDuplicate);
        }
        Ok((found, (!is_fixed).then_some(IssueCode::HeaderWidth)))
    }

    /// The delimiters inside a segment that declares them: nothing splits its elements.
    pub(crate) const fn of_header(self) -> Self {
        Self {
            repetition: None,
            component: None,
            ..self
        }
    }

    /// Reports whether a byte splits something.
    #[must_use]
    pub fn has(&self, byte: u8) -> bool {
        byte == self.element
            || byte == self.segment
            || self.repetition == Some(byte)
            || self.component == Some(byte)
    }

    fn has_duplicates(&self) -> bool {
        let all = [
            Some(self.element),
            Some(self.segment),
            self.component,
            self.repetition,
        ];
        let mut rest = all.iter();
        while let Some(one) = rest.next() {
            if one.is_some() && rest.clone().any(|other| other == one) {
                return true;
            }
        }
        false
    }
}

impl Default for Delimiters {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// Finds the sixteen separators of a header whose elements have other widths than they must have.
fn separators(header: &[u8], element: u8) -> Option<[usize; 16]> {
    let mut places = [0; 16];
    let window = header.get(..HEADER_BYTES_MAX).unwrap_or(header);
    let mut found = memchr::memchr_iter(element, window);
    for place in &mut places {
        *place = found.next()?;
    }
    Some(places)
}

/// A letter, a digit, a blank or half of a character of several bytes would split the data itself.
fn is_usable(byte: u8) -> bool {
    byte.is_ascii_punctuation() || (byte.is_ascii_control() && !matches!(byte, b'\r' | b'\n'))
}
