//! The primitive types of FHIR R4, and what JSON writes each as.

/// A primitive type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Primitive {
    /// `true` or `false`.
    Boolean,
    /// A whole number of 32 bits.
    Integer,
    /// A whole number from 0.
    UnsignedInt,
    /// A whole number from 1.
    PositiveInt,
    /// A number whose digits are kept.
    Decimal,
    /// Words.
    String,
    /// Words with marks in them.
    Markdown,
    /// A code.
    Code,
    /// A resource's id.
    Id,
    /// An address or name of something.
    Uri,
    /// An address that leads somewhere.
    Url,
    /// The address of a definition.
    Canonical,
    /// An object identifier, as `urn:oid:`.
    Oid,
    /// A unique identifier, as `urn:uuid:`.
    Uuid,
    /// Bytes in base64.
    Base64Binary,
    /// A day, a month or a year.
    Date,
    /// A time, a day, a month or a year.
    DateTime,
    /// A time to the second or better, with its offset.
    Instant,
    /// A time of day.
    Time,
    /// Words in a part of HTML.
    Xhtml,
}

impl Primitive {
    /// All of them, with their names in FHIR.
    const ALL: [(Self, &str); 20] = [
        (Self::Boolean, "boolean"),
        (Self::Integer, "integer"),
        (Self::UnsignedInt, "unsignedInt"),
        (Self::PositiveInt, "positiveInt"),
        (Self::Decimal, "decimal"),
        (Self::String, "string"),
        (Self::Markdown, "markdown"),
        (Self::Code, "code"),
        (Self::Id, "id"),
        (Self::Uri, "uri"),
        (Self::Url, "url"),
        (Self::Canonical, "canonical"),
        (Self::Oid, "oid"),
        (Self::Uuid, "uuid"),
        (Self::Base64Binary, "base64Binary"),
        (Self::Date, "date"),
        (Self::DateTime, "dateTime"),
        (Self::Instant, "instant"),
        (Self::Time, "time"),
        (Self::Xhtml, "xhtml"),
    ];

    /// Finds one by its name in FHIR.
    pub fn parse(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, own)| *own == name);
        found.map(|(primitive, _)| *primitive)
    }

    /// Gives its name in FHIR.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(primitive, _)| *primitive == self);
        found.map_or("", |(_, name)| name)
    }
}
