//! Rows as they stand in the tables, and what they become.

use super::*;

const WANTED: [(&str, &str, &[&str]); 8] = [
    (
        "patients",
        "subject_id,gender,dob",
        &["7,F,2094-03-05 00:00:00"],
    ),
    (
        "admissions",
        "subject_id,hadm_id,admittime,dischtime,deathtime",
        &["7,1,2164-10-23 20:00:00,2164-11-01 17:15:00,2164-11-01 17:00:00"],
    ),
    (
        "icustays",
        "subject_id,icustay_id,first_careunit,intime,outtime",
        &["7,20,MICU,2164-10-23 21:00:00,2164-10-25 21:00:00"],
    ),
    (
        "chartevents",
        "subject_id,itemid,charttime,storetime,value,valuenum,error",
        &[
            "7,211,2164-10-23 22:00:00,2164-10-23 22:14:00,88,88.0,0",
            "7,211,2164-10-23 23:00:00,,500,500.0,0",
            "7,211,2164-10-23 23:00:00,,90,90.0,1",
            "7,723,2164-10-23 23:00:00,,1.0 ET/Trach,1.0,",
            "7,720,2164-10-23 23:00:00,,CMV,,",
            "7,1,,,x,,",
        ],
    ),
    (
        "labevents",
        "subject_id,itemid,charttime,value,valuenum",
        &[
            "7,50912,2164-10-23 23:30:00,1.1,1.1",
            "7,50821,2164-10-23 23:40:00,90,90.0",
            "7,50800,2164-10-23 23:40:00,ART,",
            "7,50821,2164-10-23 23:50:00,40,40.0",
        ],
    ),
    (
        "outputevents",
        "subject_id,itemid,charttime,storetime,value,iserror",
        &[
            "7,40055,2164-10-24 00:00:00,2164-10-24 00:10:00,60.0,",
            "7,227488,2164-10-24 00:00:00,,20.0,",
            "7,40055,2164-10-24 00:00:00,,60.0,1",
        ],
    ),
    (
        "inputevents_mv",
        "subject_id,itemid,starttime,endtime,storetime,rate,rateuom,statusdescription",
        &[
            "7,221906,2164-10-24 01:00:00,2164-10-24 02:00:00,2164-10-24 01:05:00,0.1,mcg/kg/min,FinishedRunning",
        ],
    ),
    (
        "microbiologyevents",
        "subject_id,chartdate,charttime,spec_type_desc",
        &[
            "7,2164-10-23 00:00:00,2164-10-23 22:30:00,BLOOD CULTURE",
            "7,2164-10-23 00:00:00,2164-10-23 22:30:00,BLOOD CULTURE",
            "7,2164-10-24 00:00:00,,URINE",
        ],
    ),
];

fn fields(line: &str) -> impl Iterator<Item = &[u8]> {
    line.split(',').map(str::as_bytes)
}

fn read() -> Vec<History> {
    let mut mimic = Mimic::default();
    for (name, header, rows) in WANTED {
        mimic
            .begin(Table::named(name).unwrap(), fields(header))
            .unwrap();
        for (number, row) in (2..).zip(rows) {
            mimic.row(number, fields(row)).unwrap();
        }
    }
    mimic.finish()
}

#[test]
fn rows_become_a_history_in_the_order_in_which_it_was_known() {
    let histories = read();
    let [history] = histories.as_slice() else {
        panic!("one patient has one history");
    };
    let line = |event: &Event| {
        let said = match &event.fact {
            Fact::Observation(observation) => {
                let value = match &observation.value {
                    Some(Value::Quantity(quantity)) => {
                        format!("{} {}", quantity.value.normalize(), quantity.unit)
                    }
                    other => format!("{other:?}"),
                };
                format!("{} {value}", observation.codes[0].code)
            }
            Fact::Order(order) => format!("{:?}", order.kind),
            Fact::Encounter(encounter) => format!("{:?}", encounter.status),
            Fact::Person(person) => format!("{:?} {}", person.birth_date, person.deceased),
            Fact::Problem(_) | Fact::Merge(_) | Fact::Handover { .. } => String::new(),
        };
        format!("{} {said}\n", event.received)
    };
    let told: String = history.events.iter().map(line).collect();
    expect_test::expect![[r#"
        2164-10-23T20:00:00Z Some("2094-03-05") false
        2164-10-23T21:00:00Z InProgress
        2164-10-23T22:14:00Z 8867-4 88 /min
        2164-10-23T22:30:00Z Specimen
        2164-10-23T23:00:00Z 9270-0 Some(Text("1.0 ET/Trach"))
        2164-10-23T23:00:00Z respiratory-support Some(Text("ventilator"))
        2164-10-23T23:30:00Z 2160-0 1.1 mg/dL
        2164-10-23T23:40:00Z 2703-7 90 mm[Hg]
        2164-10-24T00:00:00Z 9187-6 -20 mL
        2164-10-24T00:00:00Z Specimen
        2164-10-24T00:10:00Z 9187-6 60 mL
        2164-10-24T01:05:00Z C01CA03 0.1 ug/kg/min
        2164-10-24T02:00:00Z C01CA03 0 ug/kg/min
        2164-10-25T21:00:00Z Finished
        2164-11-01T17:00:00Z Some("2094-03-05") true
    "#]]
    .assert_eq(&told);
    let stay = &history.stays[0];
    assert_eq!(
        (stay.unit(stay.began), stay.outcome),
        (Some("MICU"), Outcome::Unknown)
    );
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let mut mimic = Mimic::default();
    let lacks = mimic.begin(Table::Charted, fields("subject_id,itemid"));
    assert_eq!(
        lacks.unwrap_err().to_string(),
        "chartevents has no column `charttime`: give the tables with the columns of MIMIC-III or MIMIC-IV"
    );
    mimic
        .begin(
            Table::Patients,
            fields("subject_id,gender,anchor_year,anchor_age"),
        )
        .unwrap();
    mimic.row(2, fields("7,F,2180,60")).unwrap();
    let wrong = mimic.row(3, fields("7,F,soon,60")).unwrap_err();
    assert!(wrong.to_string().contains("row 3") && wrong.to_string().contains("anchor_year"));
}
