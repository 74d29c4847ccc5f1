//! The laboratory: what is ordered, taken, found at first and in the end.

use std::time::Duration;

use clinical::EventTime;

use super::chance::Chance;
use super::messages::{Answer, Reading, Report, Sender, fixed};
use super::physiology::{FULL, Illness};
use super::{Act, Ward, Who};

/// Something the laboratory measures; amounts are in units of its last digit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Analyte {
    code: (&'static str, &'static str),
    unit: &'static str,
    places: u32,
    /// What is normal, and what this laboratory telephones about.
    normal: (i64, i64),
    critical: (i64, i64),
    usual: i64,
    pub(super) spread: i64,
    /// What each illness at its worst adds.
    changes: [i64; 5],
}

const fn analyte(
    code: (&'static str, &'static str),
    (unit, places): (&'static str, u32),
    [normal, critical]: [(i64, i64); 2],
    (usual, spread): (i64, i64),
    changes: [i64; 5],
) -> Analyte {
    Analyte {
        code,
        unit,
        places,
        normal,
        critical,
        usual,
        spread,
        changes,
    }
}

/// Further than any amount gets: the laboratory does not telephone about that side.
const NEVER: i64 = 1_000_000;

pub(super) const POTASSIUM: usize = 1;
pub(super) const HAEMOGLOBIN: usize = 5;

#[rustfmt::skip]
pub(super) const ANALYTES: [Analyte; 13] = [
    analyte(("2951-2", "Sodium"), ("mmol/L", 0), [(135, 145), (120, 160)], (139, 2), [-3, 0, 2, -4, 0]),
    analyte(("2823-3", "Potassium"), ("mmol/L", 1), [(35, 51), (28, 62)], (41, 3), [2, 0, 1, 31, 0]),
    analyte(("1963-8", "Bicarbonate"), ("mmol/L", 0), [(22, 29), (10, 40)], (25, 1), [-8, 4, -7, -7, 0]),
    analyte(("2345-7", "Glucose"), ("mg/dL", 0), [(70, 139), (40, 450)], (108, 12), [40, 10, 30, 0, -74]),
    analyte(("2160-0", "Creatinine"), ("mg/dL", 1), [(6, 12), (-1, NEVER)], (9, 1), [12, 0, 8, 52, 0]),
    analyte(("718-7", "Haemoglobin"), ("g/dL", 1), [(120, 160), (70, 210)], (132, 8), [-8, 0, -66, -20, 0]),
    analyte(("6690-2", "Leukocytes"), ("10*9/L", 1), [(40, 110), (20, 400)], (75, 14), [110, 30, 25, 0, 0]),
    analyte(("777-3", "Platelets"), ("10*9/L", 0), [(150, 400), (20, 1000)], (240, 40), [-90, 0, -40, 0, 0]),
    analyte(("2524-7", "Lactate"), ("mmol/L", 1), [(5, 20), (-1, 40)], (11, 2), [42, 8, 45, 5, 0]),
    analyte(("2744-1", "pH of arterial blood"), ("[pH]", 2), [(735, 745), (720, 760)], (740, 1), [-12, -15, -10, -10, 0]),
    analyte(("2019-8", "Carbon dioxide pressure"), ("mm[Hg]", 0), [(35, 45), (19, 60)], (40, 2), [-9, 22, -6, -8, 0]),
    analyte(("2703-7", "Oxygen pressure"), ("mm[Hg]", 0), [(80, 100), (40, NEVER)], (90, 4), [-18, -34, -4, 0, 0]),
    analyte(("41653-7", "Glucose in capillary blood"), ("mg/dL", 0), [(70, 139), (40, 450)], (108, 12), [40, 10, 30, 0, -74]),
];

/// Several analytes from one specimen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Panel {
    Chemistry,
    BloodCount,
    Lactate,
    BloodGas,
    CapillaryGlucose,
    BloodCulture,
}

impl Panel {
    const fn code(self) -> (&'static str, &'static str) {
        match self {
            Self::Chemistry => ("51990-0", "Basic metabolic panel"),
            Self::BloodCount => ("58410-2", "Complete blood count"),
            Self::Lactate => ("2524-7", "Lactate"),
            Self::BloodGas => ("24336-0", "Arterial blood gas panel"),
            Self::CapillaryGlucose => ("41653-7", "Glucose in capillary blood"),
            Self::BloodCulture => ("600-7", "Bacteria identified in blood by culture"),
        }
    }

    /// Gives the section that answers (HL7 table 0074).
    const fn section(self) -> &'static str {
        match self {
            Self::Chemistry | Self::Lactate | Self::CapillaryGlucose => "CH",
            Self::BloodCount => "HM",
            Self::BloodGas => "BG",
            Self::BloodCulture => "MB",
        }
    }

    const fn analytes(self) -> &'static [usize] {
        match self {
            Self::Chemistry => &[0, 1, 2, 3, 4],
            Self::BloodCount => &[5, 6, 7],
            Self::Lactate => &[8],
            Self::BloodGas => &[9, 10, 11],
            Self::CapillaryGlucose => &[12],
            Self::BloodCulture => &[],
        }
    }

    /// Gives the minutes from the specimen to the result.
    const fn minutes(self) -> (i64, i64) {
        match self {
            Self::Chemistry => (30, 55),
            Self::BloodCount => (20, 40),
            Self::Lactate => (10, 18),
            Self::BloodGas | Self::CapillaryGlucose => (2, 5),
            Self::BloodCulture => (5 * 60, 9 * 60),
        }
    }
}

/// What happens in the laboratory next.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Somebody asks for it.
    Order(Who, Panel),
    /// The specimen is taken.
    Collect(Who, Panel, String),
    /// The blood that is taken from everybody.
    Routine(Who),
}

impl Ward {
    pub(super) fn laboratory(&mut self, at: EventTime, step: Step) {
        match step {
            Step::Order(who, panel) => self.order(at, who, panel),
            Step::Collect(who, panel, number) => self.collect(at, who, panel, number),
            Step::Routine(who) => self.routine(at, who),
        }
    }

    fn order(&mut self, at: EventTime, who: Who, panel: Panel) {
        if !self.patients[who].is_present() {
            return;
        }
        let number = self.order_number();
        self.register(at, who, panel, &number, at);
        let taken = at.plus(self.chance.minutes(3, 14));
        self.plan(taken, Act::Laboratory(Step::Collect(who, panel, number)));
    }

    /// Sends that something was ordered, without any result.
    pub(super) fn register(
        &mut self,
        sent: EventTime,
        who: Who,
        panel: Panel,
        number: &str,
        at: EventTime,
    ) {
        let mut report = report(panel, number.to_owned(), at);
        report.status = "O";
        self.send_results(sent, Sender::Laboratory, who, &[report]);
    }

    fn routine(&mut self, at: EventTime, who: Who) {
        if !self.patients[who].is_present() {
            return;
        }
        for panel in [Panel::Chemistry, Panel::BloodCount] {
            self.order(at, who, panel);
        }
        if self.chance.permille(400) {
            self.order(at, who, Panel::CapillaryGlucose);
        }
        let next = at.plus(self.chance.minutes(9 * 60, 14 * 60));
        self.plan(next, Act::Laboratory(Step::Routine(who)));
    }

    fn collect(&mut self, at: EventTime, who: Who, panel: Panel, number: String) {
        if !self.patients[who].is_present() {
            let mut cancelled = report(panel, number, at);
            cancelled.status = "X";
            self.send_results(at, Sender::Laboratory, who, &[cancelled]);
            return;
        }
        let mut arrived = report(panel, number.clone(), at);
        arrived.status = "I";
        let reached = at.plus(self.chance.minutes(2, 8));
        if panel != Panel::CapillaryGlucose && panel != Panel::BloodGas {
            self.send_results(reached, Sender::Laboratory, who, &[arrived]);
        }
        let (least, most) = panel.minutes();
        let done = reached.plus(self.chance.minutes(least, most));
        self.find(at, done, who, panel, number);
    }

    /// Sends what was found of a specimen, sometimes a preliminary result before.
    pub(super) fn find(
        &mut self,
        taken: EventTime,
        done: EventTime,
        who: Who,
        panel: Panel,
        number: String,
    ) {
        let report = self.found(taken, who, panel, number);
        if panel == Panel::Chemistry && self.chance.permille(350) {
            let mut preliminary = report.clone();
            preliminary.set_status("P");
            self.send_results(
                done.minus(PRELIMINARY_BEFORE),
                Sender::Laboratory,
                who,
                &[preliminary],
            );
        }
        if report
            .results
            .iter()
            .any(|result| matches!(result.flag, "HH" | "LL"))
        {
            self.repeat(done, who, panel);
        }
        self.send_results(done, Sender::Laboratory, who, &[report]);
    }

    /// Has a critical result measured again, twice, unless that is under way.
    pub(super) fn repeat(&mut self, at: EventTime, who: Who, panel: Panel) {
        if self.patients[who]
            .repeated
            .is_some_and(|repeated| repeated > at)
        {
            return;
        }
        let once = at.plus(self.chance.minutes(35, 60));
        let twice = once.plus(self.chance.minutes(60, 80));
        for when in [once, twice] {
            self.plan(when, Act::Laboratory(Step::Order(who, panel)));
        }
        self.patients[who].repeated = Some(twice);
    }

    /// Measures a specimen that was taken then.
    pub(super) fn found(
        &mut self,
        taken: EventTime,
        who: Who,
        panel: Panel,
        number: String,
    ) -> Report {
        let mut report = report(panel, number, taken);
        if panel == Panel::BloodCulture {
            report.results = vec![self.culture(taken, who)];
            report.set_status("P");
        } else {
            let places = panel.analytes().iter();
            report.results = places
                .map(|place| self.measured(taken, who, *place))
                .collect();
        }
        report
    }

    fn measured(&mut self, taken: EventTime, who: Who, place: usize) -> Reading {
        let (patient, analyte) = (&self.patients[who], &ANALYTES[place]);
        let change = match patient.body.illness(taken) {
            Some((illness, severity)) => analyte.changes[illness.place()] * severity / FULL,
            None => 0,
        };
        let amount =
            analyte.usual + patient.usual[place] + change + error(analyte, &mut self.chance);
        result(place, amount.max(1))
    }

    /// Says what grew; in most who have sepsis something does.
    fn culture(&mut self, taken: EventTime, who: Who) -> Reading {
        let septic = matches!(self.patients[who].body.illness(taken), Some((Illness::Sepsis, severity)) if severity > 0);
        let grew = septic && self.chance.permille(700);
        Reading {
            code: Panel::BloodCulture.code(),
            value: Answer::Text(if grew {
                "Positive: gram-negative rods, 2 of 4 bottles"
            } else {
                "No growth to date"
            }),
            flag: if grew { "AA" } else { "N" },
            status: "P",
            note: if grew {
                "Telephoned to the ward; identification & susceptibility follow"
            } else {
                ""
            },
            ..Reading::default()
        }
    }
}

/// How long before the final result of a long panel the preliminary one comes.
const PRELIMINARY_BEFORE: Duration = Duration::from_secs(6 * 60);

/// A laboratory's own error is small beside how patients differ.
fn error(analyte: &Analyte, chance: &mut Chance) -> i64 {
    chance.noise((analyte.spread / 4).max(1))
}

/// Makes an empty report of a panel.
pub(super) fn report(panel: Panel, number: String, taken: EventTime) -> Report {
    Report {
        number,
        code: panel.code(),
        section: panel.section(),
        status: "F",
        taken,
        results: Vec::new(),
    }
}

/// Makes a final result with its reference range and flag.
pub(super) fn result(place: usize, amount: i64) -> Reading {
    let analyte = &ANALYTES[place];
    let ((low, high), (least, most)) = (analyte.normal, analyte.critical);
    let flag = match amount {
        _ if amount < least => "LL",
        _ if amount > most => "HH",
        _ if amount < low => "L",
        _ if amount > high => "H",
        _ => "N",
    };
    Reading {
        code: analyte.code,
        value: Answer::Number(fixed(amount, analyte.places)),
        unit: analyte.unit,
        range: format!(
            "{}-{}",
            fixed(low, analyte.places),
            fixed(high, analyte.places)
        ),
        flag,
        status: "F",
        ..Reading::default()
    }
}
