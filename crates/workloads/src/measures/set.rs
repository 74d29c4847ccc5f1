//! The value sets and codes that the measures name, and how a site's own files fill them.

use std::sync::LazyLock;

use clinical::{Members, ValueSets};

/// A value set or code; its number in stored state is its place here, as in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    /// Office Visit.
    OfficeVisit,
    /// Annual Wellness Visit.
    AnnualWellnessVisit,
    /// Preventive Care Services Established Office Visit, 18 and Up.
    EstablishedPreventiveVisit,
    /// Preventive Care Services Initial Office Visit, 18 and Up.
    InitialPreventiveVisit,
    /// Home Healthcare Services.
    HomeHealthcare,
    /// Virtual Encounter.
    VirtualEncounter,
    /// Telephone Visits.
    TelephoneVisit,
    /// Encounter Inpatient.
    EncounterInpatient,
    /// Hospice Encounter.
    HospiceEncounter,
    /// Hospice Care Ambulatory.
    HospiceCareAmbulatory,
    /// Hospice Diagnosis.
    HospiceDiagnosis,
    /// Palliative Care Encounter.
    PalliativeCareEncounter,
    /// Palliative Care Intervention.
    PalliativeCareIntervention,
    /// Palliative Care Diagnosis.
    PalliativeCareDiagnosis,
    /// Advanced Illness.
    AdvancedIllness,
    /// Dementia Medications.
    DementiaMedications,
    /// Frailty Device.
    FrailtyDevice,
    /// Frailty Diagnosis.
    FrailtyDiagnosis,
    /// Frailty Encounter.
    FrailtyEncounter,
    /// Frailty Symptom.
    FrailtySymptom,
    /// Diabetes.
    Diabetes,
    /// HbA1c Laboratory Test.
    GlycatedHaemoglobinTest,
    /// Essential Hypertension.
    EssentialHypertension,
    /// Pregnancy.
    Pregnancy,
    /// End Stage Renal Disease.
    EndStageRenalDisease,
    /// Kidney Transplant Recipient.
    KidneyTransplantRecipient,
    /// Chronic Kidney Disease, Stage 5.
    ChronicKidneyDiseaseStage5,
    /// Kidney Transplant.
    KidneyTransplant,
    /// Dialysis Services.
    DialysisServices,
    /// ESRD Monthly Outpatient Services.
    MonthlyRenalServices,
    /// Mammography.
    Mammography,
    /// Bilateral Mastectomy.
    BilateralMastectomy,
    /// History of bilateral mastectomy.
    HistoryOfBilateralMastectomy,
    /// Status Post Left Mastectomy.
    StatusPostLeftMastectomy,
    /// Status Post Right Mastectomy.
    StatusPostRightMastectomy,
    /// Unilateral Mastectomy Left.
    UnilateralMastectomyLeft,
    /// Unilateral Mastectomy Right.
    UnilateralMastectomyRight,
    /// Unilateral Mastectomy, Unspecified Laterality.
    UnilateralMastectomyUnspecified,
    /// Colonoscopy.
    Colonoscopy,
    /// CT Colonography.
    CtColonography,
    /// Flexible Sigmoidoscopy.
    FlexibleSigmoidoscopy,
    /// sDNA FIT Test.
    StoolDnaTest,
    /// Fecal Occult Blood Test (FOBT).
    FecalOccultBloodTest,
    /// Malignant Neoplasm of Colon.
    MalignantNeoplasmOfColon,
    /// Total Colectomy.
    TotalColectomy,
    /// Emergency Department Visit.
    EmergencyDepartmentVisit,
    /// Observation Services.
    ObservationServices,
    /// Glucose Lab Test Mass Per Volume.
    GlucoseTest,
    /// Hypoglycemics Severe Hypoglycemia.
    SevereHypoglycemics,
    /// Hypoglycemics Treatment Medications.
    HypoglycemicTreatment,
    /// Creatinine Mass Per Volume.
    CreatinineTest,
    /// High Risk Diagnosis for AKI.
    HighRiskDiagnosis,
    /// High Risk Procedures for AKI.
    HighRiskProcedure,
    /// Hospital Based Dialysis Services.
    HospitalDialysis,
    /// Obstetrics and VTE Obstetrics.
    Obstetrics,
    /// Emergency Department Evaluation and Management Visit.
    EmergencyEvaluationVisit,
    /// Triage.
    Triage,
    /// Emergency Department Location.
    EmergencyLocation,
    /// Emergency Department Treatment Location.
    EmergencyTreatmentLocation,
    /// Emergency Department Observation.
    EmergencyObservation,
    /// Emergency Department Evaluation.
    EmergencyEvaluation,
    /// Admit Inpatient.
    AdmitInpatient,
    /// Decision to Admit to Hospital Inpatient.
    DecisionToAdmit,
    /// Decision to Transfer.
    DecisionToTransfer,
    /// Mental Health Diagnosis without Substance Use Disorders.
    MentalHealthDiagnosis,
    /// Glucose management indicator.
    GlucoseManagementIndicator,
    /// Systolic pressure.
    SystolicPressure,
    /// Diastolic pressure.
    DiastolicPressure,
    /// Housing status.
    HousingStatus,
    /// The answer that the patient lives in a nursing home.
    LivesInNursingHome,
    /// Medical equipment used.
    MedicalEquipmentUsed,
    /// Hospice care in the minimum data set.
    HospiceAssessment,
    /// The answer yes.
    AnswerYes,
    /// Discharge to a facility for hospice care.
    DischargeToHospiceFacility,
    /// Discharge home for hospice care.
    DischargeToHospiceHome,
    /// Palliative care questionnaire (FACIT-Pal).
    PalliativeAssessment,
    /// Left.
    LeftSide,
    /// Right.
    RightSide,
    /// A bed is assigned.
    BedAssigned,
    /// The patient left without being seen.
    LeftWithoutBeingSeen,
    /// A diagnosis for billing.
    Billing,
}

impl Set {
    /// Gives it as the lists of a concept that is in nothing else.
    pub(super) const fn members(self) -> Members {
        Members::of(self as u8).expect("there are fewer sets than lists, as a test shows")
    }
}

/// A row of the table.
pub(super) struct Row {
    /// An OID, or a system and a code.
    identifier: &'static str,
    pub(super) title: &'static str,
    /// For how many years something in it may matter; nothing where it always may.
    pub(super) kept_years: Option<i16>,
    measures: &'static str,
}

impl Row {
    fn is_named_by(&self, measure: super::Measure) -> bool {
        let number = measure.word().strip_prefix("cms");
        self.measures
            .split_whitespace()
            .any(|named| Some(named) == number)
    }

    /// Gives the one code that it is, unless it is a value set.
    fn code(&self) -> Option<(&'static str, &'static str)> {
        self.identifier.split_once('|')
    }
}

const TABLE: &str = include_str!("../../data/value_sets.tsv");
static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| lines().map(row).collect());

fn lines() -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter(|line| !line.starts_with('#'))
}

fn row(line: &'static str) -> Row {
    let mut cells = line.split('\t').skip(1);
    let mut cell = || cells.next().unwrap_or_default();
    Row {
        identifier: cell(),
        title: cell(),
        kept_years: cell().parse().ok(),
        measures: cell(),
    }
}

/// Finds the row of a number.
pub(super) fn row_of(number: u8) -> Option<&'static Row> {
    ROWS.get(usize::from(number))
}

/// Finds a value set or code by its title in the table.
pub(crate) fn value_set(title: &str) -> Option<Members> {
    let place = ROWS.iter().position(|row| row.title == title)?;
    Members::of(u8::try_from(place).ok()?)
}

/// The value sets of a site, as they are loaded from its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasureValueSets {
    sets: ValueSets,
    /// Which of the table's rows have a code.
    filled: Members,
}

/// A line of a file of codes that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}: write the value set's OID, the system's URI and the code, with tabs between them"
)]
pub struct ValueSetLineError {
    /// Counted from 1.
    pub line: usize,
}

impl Default for MeasureValueSets {
    fn default() -> Self {
        Self::new()
    }
}

impl MeasureValueSets {
    /// Starts with the single codes that the measures name, and no value set.
    pub fn new() -> Self {
        let mut new = Self {
            sets: ValueSets::default(),
            filled: Members::NONE,
        };
        for (list, row) in (0u8..).zip(ROWS.iter()) {
            if let (Some((system, code)), Some(list)) = (row.code(), Members::of(list)) {
                new.sets.add(list, system, code);
                new.filled = new.filled.and(list);
            }
        }
        new
    }

    /// Puts a code into a value set; says whether any measure uses that.
    pub fn add(&mut self, oid: &str, system: &str, code: &str) -> bool {
        let place = ROWS.iter().position(|row| row.identifier == oid);
        let list = place.and_then(|place| Members::of(u8::try_from(place).ok()?));
        let Some(list) = list else {
            return false;
        };
        self.sets.add(list, system, code);
        self.filled = self.filled.and(list);
        true
    }

    /// Takes in a file: in each line a value set's OID, a system's URI and a code, with tabs between them.
    ///
    /// # Errors
    /// When a line has something else.
    pub fn add_lines(&mut self, text: &str) -> Result<(), ValueSetLineError> {
        for (line, row) in crate::site_rows(text) {
            let cells: Vec<&str> = row.split('\t').collect();
            let [oid, system, code] = cells.as_slice() else {
                return Err(ValueSetLineError { line });
            };
            self.add(oid, system, code);
        }
        Ok(())
    }

    /// Gives the value sets that these measures name and that have no code yet, each with its identifier and title.
    pub fn missing_for(
        &self,
        measures: &[super::Measure],
    ) -> impl Iterator<Item = (&'static str, &'static str)> {
        let filled = self.filled;
        let numbered = (0u8..).zip(ROWS.iter());
        numbered
            .filter(move |(list, _)| Members::of(*list).is_some_and(|list| !filled.any(list)))
            .filter(move |(_, row)| measures.iter().any(|measure| row.is_named_by(*measure)))
            .map(|(_, row)| (row.identifier, row.title))
    }

    /// Gives the codes for reading resources with.
    pub const fn sets(&self) -> &ValueSets {
        &self.sets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_read_and_has_its_name_in_code() {
        let rows = &*ROWS;
        let names: Vec<&str> = lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(rows.len(), Set::Billing as usize + 1);
        assert!(rows.len() <= usize::from(Members::LISTS));
        let named = [
            (Set::OfficeVisit, "OfficeVisit"),
            (Set::AdvancedIllness, "AdvancedIllness"),
            (Set::Mammography, "Mammography"),
            (Set::GlucoseTest, "GlucoseTest"),
            (Set::MentalHealthDiagnosis, "MentalHealthDiagnosis"),
            (Set::Billing, "Billing"),
        ];
        for (set, name) in named {
            assert_eq!(names[set as usize], name);
        }
        let source = include_str!("set.rs");
        let mut last = 0;
        for (row, name) in rows.iter().zip(names) {
            let place = source.find(&format!("\n    {name},\n"));
            assert!(place.is_some_and(|place| place > last), "{name}");
            last = place.unwrap();
            assert!(!row.title.is_empty() && !row.measures.is_empty());
            let oid = row.identifier.starts_with("2.16.840.1.");
            assert_ne!(oid, row.code().is_some(), "{name}");
        }
    }

    #[test]
    fn a_site_loads_its_own_codes_and_hears_what_is_missing() {
        let mut sets = MeasureValueSets::new();
        let all = super::super::Measure::ALL;
        let lacks = |sets: &MeasureValueSets, wanted: &str| {
            sets.missing_for(&all).any(|(_, title)| title == wanted)
        };
        assert!(lacks(&sets, "Office Visit") && !lacks(&sets, "housing status"));
        let of_stays = [super::super::Measure::Cms816];
        assert!(
            !sets
                .missing_for(&of_stays)
                .any(|(_, title)| title == "Office Visit")
        );
        let oid = "2.16.840.1.113883.3.464.1003.101.12.1001";
        let text = format!("# codes\n{oid}\turn:local\tvisit\n1.2.3\turn:local\tunused\n");
        sets.add_lines(&text).unwrap();
        assert!(
            sets.sets()
                .members("urn:local", "visit")
                .any(Set::OfficeVisit.members())
        );
        assert!(sets.sets().members("urn:local", "unused").is_none());
        assert!(!lacks(&sets, "Office Visit"));
        assert_eq!(
            sets.add_lines("1.2.3 x y"),
            Err(ValueSetLineError { line: 1 })
        );
    }
}
