//! The tables of loops: which set has which, what begins one, and what stands in it.

use std::sync::LazyLock;

use crate::x12::segment::Segment;

/// Names the set of loops that a transaction set has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guide {
    /// 270, an eligibility inquiry.
    EligibilityInquiry,
    /// 271, its answer.
    EligibilityResponse,
    /// 276, a claim status request.
    StatusRequest,
    /// 277, its answer.
    StatusResponse,
    /// 277CA, a claim acknowledgement.
    ClaimAcknowledgement,
    /// 278, a request for a review of services, or its answer.
    ServicesReview,
    /// 834, an enrolment.
    Enrolment,
    /// 835, a remittance advice.
    Remittance,
    /// 837P, a professional claim.
    ProfessionalClaim,
    /// 837I, an institutional claim.
    InstitutionalClaim,
    /// 837D, a dental claim.
    DentalClaim,
    /// 999, an implementation acknowledgement.
    Acknowledgement,
}

impl Guide {
    const ALL: [Self; 12] = [
        Self::EligibilityInquiry,
        Self::EligibilityResponse,
        Self::StatusRequest,
        Self::StatusResponse,
        Self::ClaimAcknowledgement,
        Self::ServicesReview,
        Self::Enrolment,
        Self::Remittance,
        Self::ProfessionalClaim,
        Self::InstitutionalClaim,
        Self::DentalClaim,
        Self::Acknowledgement,
    ];

    /// Finds it by the set's kind (ST01) and its implementation guide (ST03 or GS08).
    #[must_use]
    pub fn of(kind: &str, guide: &str) -> Option<Self> {
        let rows = lines(include_str!("../../../data/x12/guides.tsv"));
        let found = rows.into_iter().find_map(|cells| {
            let [set, part, name] = cells;
            let fits = *set == *kind && (*part == *"*" || guide.contains(part));
            fits.then_some(name)
        })?;
        Self::ALL.into_iter().find(|guide| guide.name() == found)
    }

    /// Gives its name, such as `837P`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EligibilityInquiry => "270",
            Self::EligibilityResponse => "271",
            Self::StatusRequest => "276",
            Self::StatusResponse => "277",
            Self::ClaimAcknowledgement => "277CA",
            Self::ServicesReview => "278",
            Self::Enrolment => "834",
            Self::Remittance => "835",
            Self::ProfessionalClaim => "837P",
            Self::InstitutionalClaim => "837I",
            Self::DentalClaim => "837D",
            Self::Acknowledgement => "999",
        }
    }
}

/// A loop of a set.
#[derive(Debug)]
pub(crate) struct Row {
    pub(super) id: &'static str,
    pub(super) parent: &'static str,
    segment: &'static str,
    /// The element that must have one of the codes.
    element: usize,
    codes: Vec<&'static str>,
    members: Vec<&'static str>,
}

impl Row {
    /// Whether a segment begins it.
    pub(super) fn begins_with(&self, name: &[u8], segment: &Segment<'_>) -> bool {
        if name != self.segment.as_bytes() {
            return false;
        }
        let found = segment.element(self.element);
        let code = found.raw().trim_ascii();
        self.codes.is_empty() || self.codes.iter().any(|known| known.as_bytes() == code)
    }

    /// Whether such a segment stands in it behind the one that begins it.
    pub(super) fn holds(&self, name: &[u8]) -> bool {
        self.segment.as_bytes() != name && self.has(name)
    }

    /// Whether such a segment stands in it.
    pub(super) fn has(&self, name: &[u8]) -> bool {
        self.members.iter().any(|member| member.as_bytes() == name)
    }
}

/// All rows, by guide.
pub(crate) struct Tables(Vec<(Guide, Vec<Row>)>);

pub(crate) static TABLES: LazyLock<Tables> = LazyLock::new(Tables::read);

impl Tables {
    fn read() -> Self {
        let text = include_str!("../../../data/x12/loops.tsv");
        let of = |guide: Guide| {
            let rows = lines::<5>(text).filter(|[name, ..]| *name == guide.name());
            (guide, rows.map(row).collect())
        };
        Self(Guide::ALL.into_iter().map(of).collect())
    }

    /// Whether any set has such a segment.
    pub(crate) fn know(&self, name: &[u8]) -> bool {
        let mut rows = self.0.iter().flat_map(|(_, rows)| rows);
        rows.any(|row| row.has(name))
    }

    /// The segment that a loop begins with.
    pub(crate) fn begin(&'static self, guide: Guide, id: &str) -> &'static str {
        let found = self.of(guide).iter().find(|row| row.id == id);
        found.map_or("", |row| row.segment)
    }

    pub(super) fn of(&'static self, guide: Guide) -> &'static [Row] {
        let found = self.0.iter().find(|(known, _)| *known == guide);
        found.map_or(&[], |(_, rows)| rows.as_slice())
    }
}

fn row([_, id, parent, begins, members]: [&'static str; 5]) -> Row {
    let (segment, codes) = begins.split_once('=').unwrap_or((begins, ""));
    let (segment, element) = segment.split_once('-').unwrap_or((segment, "0"));
    Row {
        id,
        parent,
        segment,
        element: element.parse().unwrap_or_default(),
        codes: codes.split('|').filter(|code| !code.is_empty()).collect(),
        members: members.split(' ').collect(),
    }
}

/// Gives the cells of each line that is not a remark.
pub(crate) fn lines<const N: usize>(text: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            <[&str; N]>::try_from(cells).ok()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_reached() {
        for (guide, rows) in &TABLES.0 {
            assert_eq!(rows.first().map(|row| row.id), Some("ST"), "{guide:?}");
            for row in rows.iter().skip(1) {
                let parent = rows.iter().find(|other| other.id == row.parent);
                assert!(parent.is_some(), "{guide:?} {} {}", row.id, row.parent);
                assert!(row.has(row.segment.as_bytes()), "{guide:?} {}", row.id);
                assert_eq!(row.codes.is_empty(), row.element == 0, "{}", row.id);
            }
        }
        let text = include_str!("../../../data/x12/loops.tsv");
        let told = text.lines().filter(|line| !line.starts_with('#')).count();
        let read: usize = TABLES.0.iter().map(|(_, rows)| rows.len()).sum();
        assert_eq!(told, read, "a line has not five cells or an unknown guide");
    }
}
