//! What the items of charting and laboratory mean.

use std::collections::BTreeMap;
use std::str::FromStr;

use clinical::{Code, Decimal};

const FILE: &str = include_str!("../../data/mimic_items.tsv");

/// The item by which a blood gas says what it was taken from.
pub(super) const SPECIMEN: i64 = 50800;
/// The pressure of oxygen of a blood gas, which is of use only where it is arterial.
pub(super) const OXYGEN_PRESSURE: i64 = 50821;
/// No greater pressure of oxygen is used (mimic-code, `pivoted_bg`).
pub(super) const OXYGEN_PRESSURE_MAX: Decimal = Decimal::from_parts(800, 0, 0, false, 0);
/// What flows in to irrigate.
pub(super) const IRRIGATION: i64 = 227_488;

/// Urine, by whatever it came (mimic-code, `pivoted_uo`).
const URINE: [i64; 26] = [
    40055, 43175, 40069, 40094, 40715, 40473, 40085, 40057, 40056, 40405, 40428, 40086, 40096,
    40651, 226_559, 226_560, 226_561, 226_584, 226_563, 226_564, 226_565, 226_567, 226_557,
    226_558, 227_488, 227_489,
];
/// Items of which any value says that a ventilator runs (mimic-code, `ventilation_classification`).
const VENTILATOR: [i64; 66] = [
    223_849, 445, 448, 449, 450, 1340, 1486, 1600, 224_687, 639, 654, 681, 682, 683, 684, 224_685,
    224_684, 224_686, 218, 436, 535, 444, 224_697, 224_695, 224_696, 224_746, 224_747, 221, 1,
    1211, 1655, 2000, 226_873, 224_738, 224_419, 224_750, 227_187, 543, 5865, 5866, 224_707,
    224_709, 224_705, 224_706, 60, 437, 505, 506, 686, 220_339, 224_700, 3459, 501, 502, 503,
    224_702, 223, 667, 668, 669, 670, 671, 672, 224_701, 720, 223_848,
];

/// Devices that give oxygen to who breathes alone, by the words of the newer system; a tube is none (the same).
const OXYGEN_DEVICES: [&str; 12] = [
    "Nasal cannula",
    "Face tent",
    "Aerosol-cool",
    "Trach mask ",
    "High flow neb",
    "Non-rebreather",
    "Venti mask ",
    "Medium conc mask ",
    "T-piece",
    "High flow nasal cannula",
    "Ultrasonic neb",
    "Vapomist",
];
/// By the words of the older system.
const OLDER_OXYGEN_DEVICES: [&str; 16] = [
    "Cannula",
    "Nasal Cannula",
    "Face Tent",
    "Aerosol-Cool",
    "Trach Mask",
    "Hi Flow Neb",
    "Non-Rebreather",
    "Venti Mask",
    "Medium Conc Mask",
    "Vapotherm",
    "T-Piece",
    "Hood",
    "Hut",
    "TranstrachealCat",
    "Heated Neb",
    "Ultrasonic Neb",
];

/// The table of items.
#[derive(Clone, Debug)]
pub(super) struct Items {
    charted: BTreeMap<i64, Vec<Item>>,
    laboratory: BTreeMap<i64, Vec<Item>>,
}

#[derive(Clone, Copy, Debug)]
struct Item {
    code: &'static str,
    unit: &'static str,
    least: Decimal,
    most: Decimal,
    factor: Decimal,
}

impl Items {
    /// Reads the table that is part of the program.
    pub(super) fn new() -> Self {
        let mut items = Self {
            charted: BTreeMap::new(),
            laboratory: BTreeMap::new(),
        };
        for line in FILE.lines().filter(|line| !line.starts_with('#')) {
            let (table, id, item) = row(line).expect("every row is an item, as a test shows");
            let of = match table {
                "chartevents" => &mut items.charted,
                _ => &mut items.laboratory,
            };
            of.entry(id).or_default().push(item);
        }
        items
    }

    /// Says whether the values of a charted item are used.
    pub(super) fn charts(&self, item: i64) -> bool {
        self.charted.contains_key(&item)
    }

    /// Gives what a charted value says.
    pub(super) fn charted(
        &self,
        item: i64,
        value: Decimal,
    ) -> Option<(Code, Decimal, &'static str)> {
        said(self.charted.get(&item)?, value)
    }

    /// Gives what a laboratory result says.
    pub(super) fn laboratory(
        &self,
        item: i64,
        value: Decimal,
    ) -> Option<(Code, Decimal, &'static str)> {
        said(self.laboratory.get(&item)?, value)
    }
}

fn said(rows: &[Item], value: Decimal) -> Option<(Code, Decimal, &'static str)> {
    let takes = |item: &&Item| (item.least..=item.most).contains(&value);
    let item = rows.iter().find(takes)?;
    let value = value.checked_mul(item.factor)?.normalize();
    Some((Code::loinc(item.code), value, item.unit))
}

fn row(line: &'static str) -> Option<(&'static str, i64, Item)> {
    let cells: Vec<&'static str> = line.split('\t').collect();
    let [
        table @ ("chartevents" | "labevents"),
        id,
        "loinc",
        code,
        unit,
        least,
        most,
        factor,
    ] = cells.as_slice()
    else {
        return None;
    };
    let number = |text: &str| Decimal::from_str(text).ok();
    let item = Item {
        code,
        unit,
        least: number(least)?,
        most: number(most)?,
        factor: number(factor)?,
    };
    Some((table, id.parse().ok()?, item))
}

/// Says whether an item of output is urine.
pub(super) fn is_urine(item: i64) -> bool {
    URINE.contains(&item)
}

/// Says whether a verbal response is none because of a tube.
pub(super) fn is_intubated(item: i64, said: &str) -> bool {
    matches!(
        (item, said),
        (723, "1.0 ET/Trach") | (223_900, "No Response-ETT")
    )
}

/// Gives what a charted row means for breathing, in the words of the workloads (mimic-code, `ventilation_classification`).
pub(super) fn support(item: i64, said: &str) -> Option<&'static str> {
    match (item, said) {
        (_, "") | (720, "Other/Remarks") | (223_848, "Other") => None,
        (467, "Ventilator") => Some("ventilator"),
        (467, said) => OLDER_OXYGEN_DEVICES
            .contains(&said)
            .then_some("oxygen device"),
        (226_732, said) => OXYGEN_DEVICES.contains(&said).then_some("oxygen device"),
        (640, "Extubated" | "Self Extubation") => Some("extubated"),
        (item, _) => VENTILATOR.contains(&item).then_some("ventilator"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_an_item() {
        for line in FILE.lines().filter(|line| !line.starts_with('#')) {
            assert!(row(line).is_some(), "{line}");
        }
    }

    #[test]
    fn a_value_is_taken_by_the_first_row_that_holds_it() {
        let items = Items::new();
        let said = |item: i64, text: &str| {
            let value = Decimal::from_str(text).unwrap();
            let found = items.charted(item, value);
            found.map(|(_, value, unit)| format!("{value} {unit}"))
        };
        assert_eq!(said(223_835, "0.40").as_deref(), Some("40 %"));
        assert_eq!(said(223_835, "40").as_deref(), Some("40 %"));
        assert_eq!(said(223_835, "5"), None);
        assert_eq!(said(211, "0.5"), None);
        assert_eq!(said(211, "1").as_deref(), Some("1 /min"));
        assert_eq!(said(211, "301"), None);
        assert_eq!(said(999, "1"), None);
    }

    #[test]
    fn breathing_is_read_from_devices() {
        assert_eq!(support(467, "Ventilator"), Some("ventilator"));
        assert_eq!(support(226_732, "Nasal cannula"), Some("oxygen device"));
        assert_eq!(support(226_732, "None"), None);
        assert_eq!(support(226_732, "Endotracheal tube"), None);
        assert_eq!(support(467, "Hi Flow Neb"), Some("oxygen device"));
        assert_eq!(support(640, "Extubated"), Some("extubated"));
        assert_eq!(support(445, "12"), Some("ventilator"));
        assert_eq!(support(224_690, "12"), None);
        assert_eq!(support(445, ""), None);
    }
}
