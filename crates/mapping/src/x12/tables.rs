//! The tables of codes: what qualifiers are in FHIR, and which elements are left out on purpose.

use std::sync::LazyLock;

/// A row of a table of so many cells.
type Rows<const N: usize> = LazyLock<Vec<[&'static str; N]>>;

static IDENTIFIERS: Rows<4> =
    LazyLock::new(|| rows(include_str!("../../data/x12/identifiers.tsv")));
static PRODUCTS: Rows<3> = LazyLock::new(|| rows(include_str!("../../data/x12/products.tsv")));
static HEALTH: Rows<4> = LazyLock::new(|| rows(include_str!("../../data/x12/health-codes.tsv")));
static CODES: Rows<3> = LazyLock::new(|| rows(include_str!("../../data/x12/codes.tsv")));
static SEGMENTS: Rows<3> = LazyLock::new(|| rows(include_str!("../../data/x12/segments.tsv")));
static IGNORED: Rows<4> = LazyLock::new(|| rows(include_str!("../../data/x12/ignored.tsv")));

/// What an identifier's qualifier says: its system and its type, of HL7 table 0203.
pub(super) struct Kind {
    pub(super) system: &'static str,
    pub(super) code: &'static str,
}

/// Gives what a qualifier of NM108, N103 (`66`) or REF01 (`128`) says.
pub(super) fn identifier(element: &str, qualifier: &str) -> Option<Kind> {
    let mut rows = IDENTIFIERS.iter();
    let found = rows.find(|[of, code, ..]| *of == element && *code == qualifier);
    found.map(|[_, _, system, code]| Kind { system, code })
}

/// Gives the system of a product's or service's code by its qualifier; of `HC`, a code that begins with a digit is one of CPT.
pub(super) fn product(qualifier: &str, code: &str) -> &'static str {
    let is_digit = code.starts_with(|first: char| first.is_ascii_digit());
    let wanted = if is_digit { "digit" } else { "letter" };
    let mut rows = PRODUCTS.iter();
    let found = rows.find(|[of, first, _]| *of == qualifier && (*first == "*" || *first == wanted));
    found.map_or("", |[_, _, system]| system)
}

/// What a qualifier of HI says: whether it is a `diagnosis`, a `procedure` or `other`, its system, and its role.
pub(super) struct Health {
    pub(super) kind: &'static str,
    pub(super) system: &'static str,
    pub(super) role: &'static str,
}

/// Gives what a qualifier of HI says.
pub(super) fn health(qualifier: &str) -> Option<Health> {
    let mut rows = HEALTH.iter();
    let found = rows.find(|[of, ..]| *of == qualifier)?;
    let [_, kind, system, role] = *found;
    Some(Health { kind, system, role })
}

/// Gives what a code of a table is in FHIR; `*` is any other.
pub(super) fn code(table: &str, code: &str) -> &'static str {
    let mut rows = CODES.iter();
    let found = rows.find(|[of, from, _]| *of == table && (*from == code || *from == "*"));
    found.map_or("", |[_, _, to]| to)
}

/// Whether a table has a row of its own for a code.
pub(super) fn has(table: &str, code: &str) -> bool {
    let mut rows = CODES.iter();
    rows.any(|[of, from, _]| *of == table && *from == code)
}

/// Says what a segment's qualifier is, by the number of its data element, and what its value is: `span`, `amount`, `text`.
pub(super) fn segment(name: &str) -> (&'static str, &'static str) {
    let mut rows = SEGMENTS.iter();
    let found = rows.find(|[of, ..]| *of == name);
    found.map_or(("", "text"), |[_, element, kind]| (element, kind))
}

/// Says why an element is left out, where a table says it.
pub(super) fn ignored(segment: &[u8], qualifier: &str, element: usize) -> Option<&'static str> {
    let mut rows = IGNORED.iter();
    let found = rows.find(|[of, number, only, _]| {
        of.as_bytes() == segment
            && (*number == "*" || number.parse() == Ok(element))
            && (*only == "*" || only.split('|').any(|one| one == qualifier))
    });
    found.map(|[.., reason]| *reason)
}

/// Gives the cells of each line that is not a remark.
fn rows<const N: usize>(text: &'static str) -> Vec<[&'static str; N]> {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    let cells = lines.map(|line| line.split('\t').collect::<Vec<_>>());
    cells.filter_map(|cells| cells.try_into().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_whole<const N: usize>(text: &str, rows: &[[&'static str; N]]) {
        let told = text.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(told, rows.len(), "a line has not {N} cells: {text}");
    }

    #[test]
    fn every_line_has_its_cells() {
        is_whole(include_str!("../../data/x12/identifiers.tsv"), &IDENTIFIERS);
        is_whole(include_str!("../../data/x12/products.tsv"), &PRODUCTS);
        is_whole(include_str!("../../data/x12/health-codes.tsv"), &HEALTH);
        is_whole(include_str!("../../data/x12/codes.tsv"), &CODES);
        is_whole(include_str!("../../data/x12/segments.tsv"), &SEGMENTS);
        is_whole(include_str!("../../data/x12/ignored.tsv"), &IGNORED);
    }

    #[test]
    fn a_service_is_told_by_its_first_character() {
        assert_eq!(product("HC", "99213"), "http://www.ama-assn.org/go/cpt");
        assert_ne!(product("HC", "A0427"), product("HC", "99213"));
        assert_eq!(product("??", "1"), "");
    }
}
