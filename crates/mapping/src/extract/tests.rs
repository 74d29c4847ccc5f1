//! The example mappings on rows of their extracts, mistakes in mapping files, and real extracts where they are at hand.

use expect_test::{Expect, expect};
use formats::csv::{Decoder, Event};
use formats::fhir::validate::{Severity, validate};

use super::*;

const LABS: &str = include_str!("../../../../testdata/extracts/labs.toml");
const LABS_ROWS: &[u8] = include_bytes!("../../../../testdata/extracts/labs.csv");
const STAYS: &str = include_str!("../../../../testdata/extracts/encounters.toml");
const STAYS_ROWS: &[u8] = include_bytes!("../../../../testdata/extracts/encounters.csv");

type Rows = Vec<Result<Vec<Resource>, Vec<Refusal>>>;

fn plan(text: &str) -> Plan {
    toml::from_str(text).unwrap()
}

/// What each row after the header becomes.
fn made(plan: Plan, bytes: &[u8]) -> Rows {
    let extract = Extract::new(plan).unwrap();
    let site = SiteKey::new([7; 32]);
    let about = About {
        source: "lab",
        site: &site,
        equal_before: 0,
    };
    let mut decoder = Decoder::new(extract.dialect());
    decoder.push(bytes);
    let mut bound: Option<Bound> = None;
    let mut rows = Vec::new();
    loop {
        let event = match decoder.next_event() {
            Some(event) => event,
            None => match decoder.finish() {
                Some(event) => event,
                None => return rows,
            },
        };
        let Event::Row(row) = event else {
            panic!("{event:?}");
        };
        match &bound {
            None => bound = Some(extract.bind(row.fields(), &Zone::UTC).unwrap()),
            Some(bound) => rows.push(bound.row(row.fields(), &about)),
        }
    }
}

fn check(rows: &Rows, expected: Expect) {
    let mut text = String::new();
    for (number, row) in (1..).zip(rows) {
        match row {
            Ok(resources) => {
                for resource in resources {
                    let json = std::str::from_utf8(&resource.json).unwrap();
                    text += &format!("{number}: {json}\n");
                    let issues = validate(&resource.json);
                    let wrong = issues
                        .iter()
                        .find(|issue| issue.severity > Severity::Warning);
                    assert_eq!(wrong, None, "{json}");
                }
            }
            Err(refusals) => {
                for Refusal { code, column, hint } in refusals {
                    let column = column.as_deref().unwrap_or("-");
                    text += &format!("{number}: refused {code} {column}: {hint}\n");
                }
            }
        }
    }
    expected.assert_eq(&text);
}

#[test]
fn a_laboratorys_rows_become_observations() {
    check(
        &made(plan(LABS), LABS_ROWS),
        expect![[r#"
        1: {"resourceType":"Observation","id":"bd446a673f09743fe677f92dadd7d540","identifier":[{"system":"urn:example:laboratory:result","value":"1001"}],"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"2823-3","display":"Potassium [Moles/volume] in Serum or Plasma"}],"text":"Potassium [Moles/volume] in Serum or Plasma"},"subject":{"type":"Patient","identifier":{"system":"urn:example:hospital:mrn","value":"4711"}},"effectiveDateTime":"2026-03-01T06:15:00-05:00","issued":"2026-03-01T06:52:10-05:00","valueQuantity":{"value":6.90,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"},"interpretation":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"HH"}]}]}
        2: {"resourceType":"Observation","id":"191231e8db074b0c073e25313fdfc413","identifier":[{"system":"urn:example:laboratory:result","value":"1002"}],"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"2160-0","display":"Creatinine [Mass/volume] in Serum or Plasma"}],"text":"Creatinine [Mass/volume] in Serum or Plasma"},"subject":{"type":"Patient","identifier":{"system":"urn:example:hospital:mrn","value":"4711"}},"effectiveDateTime":"2026-03-01T06:15:00-05:00","valueQuantity":{"value":0.20,"comparator":"<","unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"}}
        3: {"resourceType":"Observation","id":"dd90bfc8cb2017a7e2dc555b5e4cdbfc","identifier":[{"system":"urn:example:laboratory:result","value":"1003"}],"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"code":"HCG","display":"Pregnancy test, urine"}],"text":"Pregnancy test, urine"},"subject":{"type":"Patient","identifier":{"system":"urn:example:hospital:mrn","value":"4712"}},"effectiveDateTime":"2026-07-01T06:15:00-04:00","valueString":"negative"}
        4: refused not-a-number value: a quantity is a number, or one after <, <=, > or >=: say decimal = "," in [extract] where it is written as 9,60, and put other words into another element by a condition on number
        5: refused code-unknown status: add it to its table of codes, or say in `unknown` that such are kept or left out
        5: refused value-missing mrn: the mapping asks for a value in every row
        5: refused date-unreadable collected: say in `format` how the column writes dates
        6: refused field-count -: give each row as many fields as there are columns
    "#]],
    );
}

#[test]
fn a_registrations_rows_become_patients_and_stays() {
    check(
        &made(plan(STAYS), STAYS_ROWS),
        expect![[r#"
        1: {"resourceType":"Patient","id":"e9bab2924cf7661f5bc9e082efdc3549","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"urn:example:hospital:mrn","value":"4711"}],"name":[{"family":"Müller","given":["Anna"]}],"gender":"female","birthDate":"1961-04-12"}
        1: {"resourceType":"Encounter","id":"7f0c805e21258361c78ee5bed1326634","identifier":[{"system":"urn:example:hospital:visit","value":"V1"}],"status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP","display":"inpatient encounter"},"subject":{"type":"Patient","identifier":{"system":"urn:example:hospital:mrn","value":"4711"}},"period":{"start":"2026-03-01T05:50:00+01:00","end":"2026-03-04T11:00:00+01:00"},"serviceProvider":{"display":"3B"}}
        2: refused date-unreadable born: say in `format` how the column writes dates
    "#]],
    );
}

#[test]
fn a_row_says_the_same_under_the_same_id() {
    let rows = made(plan(LABS), LABS_ROWS);
    assert_eq!(rows, made(plan(LABS), LABS_ROWS));
    // Without columns that name it, a resource is named by its row and by how many said the same before.
    let mut plan = plan(LABS);
    plan.resource[0].id.clear();
    let extract = Extract::new(plan).unwrap();
    let columns = [
        "result_id",
        "order_id",
        "mrn",
        "test",
        "test_name",
        "value",
        "unit",
        "abnormal",
        "collected",
        "verified",
        "status",
    ];
    let bound = extract
        .bind(columns.map(str::as_bytes), &Zone::UTC)
        .unwrap();
    assert!(bound.counts_equal_rows());
    let site = SiteKey::new([7; 32]);
    let id = |value: &str, equal_before| {
        let about = About {
            source: "lab",
            site: &site,
            equal_before,
        };
        let fields = [
            "1",
            "2",
            "3",
            "K",
            "",
            value,
            "mmol/L",
            "",
            "2026-03-01",
            "",
            "F",
        ];
        let made = bound.row(fields.map(str::as_bytes), &about).unwrap();
        made[0].id.clone()
    };
    assert_eq!(id("4.0", 0), id("4.0", 0));
    assert_ne!(id("4.0", 0), id("4.0", 1));
    assert_ne!(id("4.0", 0), id("4.1", 0));
}

const WRONG: &str = r#"
[extract]
delimiter = ",,"
encoding = "BIG-5"
zone = "Nowhere"

[codes.empty]
a = ""

[[resource]]
type = "Observations"

[[resource]]
type = "Observation"
element = [
  { path = "status", fixed = "done" },
  { path = "code", column = "a", codes = "nowhere" },
  { path = "value", column = "a" },
  { path = "subject", column = "a" },
  { path = "subject", column = "a", to = "Medication" },
  { path = "subject[1]", column = "a", to = "Patient" },
  { path = "id", column = "a" },
  { path = "valuePeriod", column = "a" },
  { path = "issued.start", column = "a" },
  { path = "valueString", column = "a", fixed = "b" },
  { path = "valueString", column = "a", unit = "b" },
  { path = "identifier[0].value", column = "a", system = "urn:example:mrn" },
  { path = "code.coding[0].code", column = "a", display = "b" },
  { path = "issued", column = "a", system = "urn:example:mrn" },
  { path = "effectiveDateTime", column = "a", format = "day" },
  { path = "note[64].text", column = "a" },
  { path = "note[0].text", column = "a", when = [{ column = "b" }] },
]
"#;

#[test]
fn every_mistake_of_a_mapping_file_is_told() {
    let problems = Extract::new(plan(WRONG)).unwrap_err();
    let text: String = problems
        .iter()
        .map(|problem| format!("{problem}\n"))
        .collect();
    expect![[r#"
        [extract]: delimiter is not one character: such as ",", ";", "|" or "tab"
        [extract]: encoding is none that is read: such as "UTF-8", "8859/1" (which is read as windows-1252) or another of HL7 table 0211 whose letters hold no commas
        [extract]: `Nowhere` is no time zone; write an IANA name such as `Europe/Berlin` or an offset such as `+01:00`: or leave it out for the source's zone
        [codes.empty] `a`: it means nothing: write the code alone, or system|code or system|code|display
        resource 1 (Observations): it is no resource: give its type as FHIR R4 writes it, such as Observation
        resource 2 (Observation), status: it cannot be `done`: FHIR allows only some codes there: translate it by a table of codes
        resource 2 (Observation), code: there is no table `nowhere`: add [codes.NAME], or its file under [code_files]
        resource 2 (Observation), value: Observation has no element `value`: write it as FHIR R4 does in JSON, such as valueQuantity for value[x]
        resource 2 (Observation), subject: it does not say to what it refers: give to = "Patient", or whatever it refers to
        resource 2 (Observation), subject: it cannot refer to `Medication`: name a type that FHIR R4 allows there
        resource 2 (Observation), subject[1]: subject is no list: leave its number out
        resource 2 (Observation), id: id is not written by hand: it is derived from the columns named in `id` of the resource
        resource 2 (Observation), valuePeriod: it is a Period: name one of its elements, as in name[0].family
        resource 2 (Observation), issued.start: issued has no elements: end the path there
        resource 2 (Observation), valueString: it does not say where it comes from: give one of column and fixed, or columns for a reference
        resource 2 (Observation), valueString: unit is only for quantities: leave it out here
        resource 2 (Observation), identifier[0].value: system is only for codes, identifiers, quantities and references: write path = "identifier[0]", which takes both, or identifier[0].system as an element of its own
        resource 2 (Observation), code.coding[0].code: display is only for codes, identifiers, quantities and references: write path = "code.coding[0]", which takes both, or code.coding[0].display as an element of its own
        resource 2 (Observation), issued: system is only for codes, identifiers, quantities and references: leave it out here
        resource 2 (Observation), effectiveDateTime: its format is none of a date: write it as strftime does, such as "%d.%m.%Y %H:%M", or epoch, epoch-ms or minutes
        resource 2 (Observation), note[64].text: `note[64]` has no number from 0 to 63: write it as in name[0].family
        resource 2 (Observation), note[0].text: a condition says one thing of its column: give exactly one of equals, not, one_of, present and number; several conditions must all hold
    "#]].assert_eq(&text);
    assert!(Extract::new(Plan::default()).is_err());
    let extract = Extract::new(plan(LABS)).unwrap();
    let problems = extract
        .bind([&b"mrn"[..], b"RESULT_ID "], &Zone::UTC)
        .unwrap_err();
    assert!(
        problems
            .iter()
            .any(|problem| problem.what.contains("no column `status`")),
        "{problems:?}"
    );
    assert!(
        !problems
            .iter()
            .any(|problem| problem.what.contains("result_id")),
        "{problems:?}"
    );
    assert!(toml::from_str::<Plan>("[extract]\ndelimeter = \",\"").is_err());
}

#[test]
fn what_is_not_in_the_character_set_is_told_by_its_column() {
    let rows = made(plan(LABS), b"result_id,order_id,mrn,test,test_name,value,unit,abnormal,collected,verified,status\n1,2,3,K,\xff,1,mmol/L,,2026-03-01,,F\n");
    check(
        &rows,
        expect![[r#"
        1: refused not-in-charset test_name: name the character set of the file as encoding in [extract]
    "#]],
    );
}

#[test]
fn a_row_makes_valid_fhir_or_is_refused() {
    let mapping = r#"
        [extract]
        [[resource]]
        type = "Encounter"
        id = ["visit"]
        element = [
            { path = "status", column = "status" },
            { path = "class.code", fixed = "IMP" },
            { path = "type[0].text", column = "words" },
            { path = "period.start", column = "from" },
            { path = "period.end", column = "to" },
        ]
    "#;
    let codes = |row: &str| {
        let rows = made(
            plan(mapping),
            format!("visit,status,words,from,to\n{row}\n").as_bytes(),
        );
        match &rows[..] {
            [Ok(_)] => vec!["taken"],
            [Err(refusals)] => refusals.iter().map(|refusal| refusal.code).collect(),
            _ => vec![],
        }
    };
    assert_eq!(codes("1,finished,word,2026-03-01,2026-03-02"), ["taken"]);
    assert_eq!(codes("1,,word,2026-03-01,2026-03-02"), ["element-missing"]);
    assert_eq!(
        codes("1,finished,a\u{7},2026-03-01,"),
        ["value-not-allowed"]
    );
    assert_eq!(codes("1,finished,,2026-03-02,2026-03-01"), ["not-valid"]);
}

#[test]
fn numbers_may_be_written_with_a_comma_and_thousands_are_not_guessed() {
    let layout = "delimiter = \";\"\ndecimal = \",\"";
    let text = |layout: &str| {
        format!(
            "[extract]\n{layout}\n[[resource]]\ntype = \"Observation\"\n[[resource.element]]\npath = \"status\"\nfixed = \"final\"\n\
             [[resource.element]]\npath = \"code\"\nfixed = \"K\"\n\
             [[resource.element]]\npath = \"valueQuantity\"\ncolumn = \"v\"\nwhen = [{{ column = \"w\", present = false }}]\n\
             [[resource.element]]\npath = \"valueString\"\ncolumn = \"v\"\nwhen = [{{ column = \"v\", number = false }}]\n\
             [[resource.element]]\npath = \"component[0].code\"\nfixed = \"F\"\n\
             [[resource.element]]\npath = \"component[0].valueQuantity\"\nfixed = \"0.5\"\n"
        )
    };
    let rows = b"v;w\n4,5;\n-7;\n1.234,5;\n1.234;\n1,234,5;\n4,5;x\n4.5;x\n";
    let told = |rows: &Rows| {
        let told = rows.iter().map(|row| match row {
            Ok(made) => {
                let json = std::str::from_utf8(&made[0].json).unwrap();
                let value = json.split_once("\"value").map_or("", |(_, value)| value);
                let value = value
                    .split_once(",\"component")
                    .map_or("nothing", |(own, _)| own);
                format!("{value}\n")
            }
            Err(refusals) => format!("{}\n", refusals[0].code),
        });
        told.collect::<String>()
    };
    expect![[r#"
        Quantity":{"value":4.5}
        Quantity":{"value":-7}
        not-a-number
        not-a-number
        not-a-number
        nothing
        String":"4.5"
    "#]]
    .assert_eq(&told(&made(plan(&text(layout)), rows)));
    // As it was without it: a comma makes no number.
    let pointed = told(&made(plan(&text("delimiter = \";\"")), rows));
    assert!(pointed.starts_with("not-a-number\n"), "{pointed}");
    // What the delimiter would take apart is refused; in quotes it is not.
    let refused = |layout: &str| Extract::new(plan(&text(layout))).is_err();
    assert!(refused("decimal = \",\"\nquote = \"\""));
    assert!(
        !refused("decimal = \",\"")
            && !refused("delimiter = \"tab\"\nquote = \"\"\ndecimal = \",\"")
    );
}
