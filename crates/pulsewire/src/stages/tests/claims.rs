//! Answers of payers that name no member: they are about whoever has the claim that they answer.

use clinical::{PatientKey, ReceivedTime};

use super::*;
use crate::intake::keep::{RETIRED_KEY, WAY, X12};

const SITE: [u8; 32] = [7; 32];
const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

fn framed(kind: &str, version: &str, body: &str) -> String {
    let count = body.matches('~').count() + 2;
    format!(
        "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260301*0900*^*00501*000000905*0*T*:~\
         GS*HP*S*R*20260301*0900*7*X*{version}~ST*{kind}*0001*{version}~{body}SE*{count}*0001~GE*1*7~IEA*1*000000905~"
    )
}

/// A claim of a member of a payer by number A1.
fn claim(payer: &str, member: &str) -> String {
    let body = format!(
        "BHT*0019*00*B1*20260301*0900*CH~NM1*41*2*CLINIC*****46*S1~NM1*40*2*PAYER*****46*R1~HL*1**20*1~\
         NM1*85*2*CLINIC*****XX*1999996666~HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*SMITH*JANE****MI*{member}~\
         NM1*PR*2*PAYER*****PI*{payer}~CLM*A1*100***11:B:1*Y*A*Y*Y~HI*ABK:J20~LX*1~SV1*HC:99213*100*UN*1***1~DTP*472*D8*20260225~"
    );
    framed("837", "005010X222A1", &body)
}

/// An acknowledgement of a claim by number and the name of the patient alone; from a clearinghouse or a payer.
fn acknowledged(by: &str, number: &str) -> String {
    let body = format!(
        "BHT*0085*08*B9*20260302*1000*TH~HL*1**20*1~NM1*{by}~TRN*1*B9~DTP*050*D8*20260302~DTP*009*D8*20260302~HL*2*1*21*1~NM1*41*2*CLINIC*****46*S1~\
         TRN*2*B1~STC*A1:19:PR*20260302*WQ*100~QTY*90*1~AMT*YU*100~HL*3*2*19*1~NM1*85*2*CLINIC*****XX*1999996666~HL*4*3*PT~\
         NM1*QC*1*SMITH*JANE~TRN*2*{number}~STC*A2:20:PR*20260302*WQ*100~DTP*472*D8*20260225~"
    );
    framed("277", "005010X214", &body)
}

const CLEARINGHOUSE: &str = "AY*2*HOUSE*****46*C1";

fn paid(number: &str) -> String {
    let body = format!(
        "BPR*I*80*C*CHK************20260320~TRN*1*77*1512345678~DTM*405*20260320~N1*PR*PAYER*XV*P1~N1*PE*CLINIC*XX*1999996666~LX*1~\
         CLP*{number}*1*100*80*20*12*P7~CAS*PR*1*20~NM1*QC*1*SMITH*JANE~"
    );
    framed("835", "005010X221A1", &body)
}

/// What comes in, one after the other.
enum Sent {
    Set(String),
    /// The same message each time, as one that is sent through again.
    Through(String),
    /// The first goes into the second, both members of payer P1.
    Merge(&'static str, &'static str),
    /// So many days pass.
    Days(i64),
}

fn member(payer: &str, number: &str) -> PatientKey {
    SiteKey::new(SITE).patient(payer, number)
}

fn raw(sent: &Sent, at: i64) -> Option<(TopicPartition, Record)> {
    let (topic, key, bytes, mut headers) = match sent {
        Sent::Set(text) | Sent::Through(text) => {
            let key = SiteKey::new(SITE).unassigned("default", text.as_bytes());
            let headers = vec![header("content-type", X12)];
            (topics::X12_RECEIVED, key, text.clone(), headers)
        }
        Sent::Merge(gone, stays) => {
            let text = format!(
                r#"{{"resourceType":"Patient","id":"p","identifier":[{{"value":"{stays}"}}]}}"#
            );
            let headers = vec![
                header("content-type", mapping::event::FHIR_JSON),
                header(WAY, "http"),
                header(RETIRED_KEY, member("P1", gone).to_string()),
            ];
            (topics::FHIR_RECEIVED, member("P1", stays), text, headers)
        }
        Sent::Days(_) => return None,
    };
    let id = match sent {
        Sent::Through(_) => MessageId::derive(&[bytes.as_bytes()]),
        _ => MessageId::derive(&[bytes.as_bytes(), &at.to_be_bytes()]),
    };
    headers.push(header("message-id", id.to_string()));
    headers.push(header("source-system", "default"));
    let record = Record {
        key: (*key.as_bytes()).into(),
        event_time: at,
        received_time: at,
        seal: 0,
        headers,
        value: Some(bytes.into_bytes().into()),
    };
    Some((TopicPartition::new(topic, 0), record))
}

/// Gives the journal after all of it was normalized, and what was counted.
fn sent(all: &[Sent]) -> (Arc<MemoryJournal>, String) {
    let config = config::defaults();
    let metrics = Arc::new(Metrics::default());
    let sources = Arc::new(Sources::new(&config.sources).unwrap());
    let (spec, payer) = (NormalizeStage::spec(1), PayerStage::spec(1));
    let journal = journal_for(&[&spec, &payer]);
    let stage = NormalizeStage::new(sources, SiteKey::new(SITE), Arc::clone(&metrics));
    let shared: Arc<dyn Journal> = Arc::<MemoryJournal>::clone(&journal);
    let mut task = Task::open(spec, 0, Arc::new(stage), shared, MemoryStore::default()).unwrap();
    let mut at = ReceivedTime::parse("2026-03-21T00:00:00Z")
        .unwrap()
        .micros();
    for one in all {
        let tick = Record {
            event_time: at,
            received_time: at,
            headers: vec![header("tick", "1")],
            ..Record::default()
        };
        at += match one {
            Sent::Days(days) => days * DAY_US,
            _ => 1_000_000,
        };
        let to = TopicPartition::new(topics::PATIENT_SPLIT, 0);
        let ticked = Record {
            event_time: at,
            received_time: at,
            ..tick
        };
        let record = raw(one, at).unwrap_or((to, ticked));
        let write = Write {
            records: vec![record],
            offsets: Vec::new(),
        };
        journal.append(write).unwrap();
        while task.run_once(100).unwrap().records > 0 {}
    }
    (journal, metrics.text())
}

/// Whose each answer became, and why others are set aside.
fn whose(all: &[Sent]) -> String {
    let (journal, _) = sent(all);
    let known = [("P1", "M1"), ("P1", "M2"), ("P2", "M3"), ("P1", "M1/TED")];
    let name = |key: &[u8]| {
        let found = known
            .iter()
            .find(|(payer, one)| member(payer, one).as_bytes() == key);
        found.map_or("nobody", |(_, number)| number)
    };
    let mut lines = Vec::new();
    for kind in ["Task", "ExplanationOfBenefit"] {
        for record in records(&journal, &topics::fhir(kind)) {
            let json: serde_json::Value =
                serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
            let who = if kind == "Task" { "for" } else { "patient" };
            // What is said of a batch is nobody's.
            if let Some(who) = json[who]["reference"].as_str() {
                let key = PatientKey::parse(who.trim_start_matches("Patient/")).unwrap();
                assert_eq!(name(key.as_bytes()), name(&record.key));
                lines.push(format!("{kind} of {}", name(&record.key)));
            }
        }
    }
    for record in records(&journal, &topics::quarantine(topics::PATIENT_SPLIT)) {
        lines.push(plausibility::value(&record, stream::REASON_HEADER).unwrap_or_default());
    }
    lines.join(", ")
}

fn one() -> Sent {
    Sent::Set(claim("P1", "M1"))
}

fn other() -> Sent {
    Sent::Set(claim("P1", "M2"))
}

fn answer() -> Sent {
    Sent::Set(acknowledged(CLEARINGHOUSE, "A1"))
}

#[test]
fn an_answer_that_names_no_member_is_about_whoever_has_its_claim() {
    assert_eq!(whose(&[one(), answer()]), "Task of M1");
    assert_eq!(
        whose(&[one(), Sent::Set(paid("A1"))]),
        "ExplanationOfBenefit of M1"
    );
    let again = [one(), answer(), one(), answer()];
    assert_eq!(whose(&again), "Task of M1");
}

#[test]
fn answers_to_one_claim_in_one_set_are_told_apart_without_a_member_too() {
    let (first, second) = ("CLP*A1*1*60*50*10*12*P7~", "CLP*A1*1*40*30*10*12*P7~");
    let of = |name: &str| {
        let claims =
            [first, second].map(|claim| format!("{claim}CAS*PR*1*10~NM1*QC*1*SMITH*JANE{name}~"));
        let whole = paid("A1");
        let (head, _) = whole.split_once("CLP*").unwrap();
        let (_, head) = head
            .split_once("*005010X221A1~ST*835*0001*005010X221A1~")
            .unwrap();
        let body = [head, &claims.concat()].concat();
        whose(&[one(), Sent::Set(framed("835", "005010X221A1", &body))])
    };
    let both = "ExplanationOfBenefit of M1, ExplanationOfBenefit of M1";
    assert_eq!(of(""), both);
    assert_eq!(of("****MI*M1").matches("ExplanationOfBenefit").count(), 2);
}

#[test]
fn what_is_said_of_a_batch_is_no_claim_of_the_one_member_in_it() {
    let text = acknowledged("PR*2*PAYER*****PI*P1", "A1");
    let named = text.replace("NM1*QC*1*SMITH*JANE~", "NM1*QC*1*SMITH*JANE****MI*M1~");
    assert_eq!(whose(&[Sent::Set(named)]), "Task of M1");
}

#[test]
fn an_answer_that_comes_before_its_claim_waits_for_it() {
    let sets = [answer(), Sent::Set(paid("A1")), Sent::Days(4), one()];
    assert_eq!(whose(&sets), "Task of M1, ExplanationOfBenefit of M1");
    let (_, counted) = sent(&sets);
    assert!(
        counted.contains("answer that waits for its claim\"} 2"),
        "{counted}"
    );
}

#[test]
fn normalize_is_told_the_time_on_one_of_its_inputs() {
    let spec = NormalizeStage::spec(1);
    let is_input = |topic: &str| spec.inputs.iter().any(|input| **input == *topic);
    let told = crate::upkeep::TOLD.iter();
    assert_eq!(told.filter(|(_, topic, _)| is_input(topic)).count(), 1);
}

#[test]
fn an_answer_whose_claim_does_not_come_is_kept_for_a_person() {
    assert_eq!(whose(&[answer(), Sent::Days(4)]), "");
    let late = [answer(), Sent::Days(6), one()];
    assert_eq!(whose(&late), "claim-unknown");
    // It is sent through again, as it was received.
    let (journal, _) = sent(&late);
    let kept = records(&journal, &topics::quarantine(topics::PATIENT_SPLIT));
    let origin = plausibility::value(&kept[0], stream::ORIGIN_HEADER).unwrap_or_default();
    assert_eq!(origin, "healthcare.x12.received/0/0");
    let redriven = [answer(), Sent::Days(6), one(), answer()];
    assert_eq!(whose(&redriven), "Task of M1, claim-unknown");
    let other_claim = [
        Sent::Set(acknowledged(CLEARINGHOUSE, "A2")),
        one(),
        Sent::Days(6),
    ];
    assert_eq!(whose(&other_claim), "claim-unknown");
}

#[test]
fn an_answer_that_may_be_about_two_patients_is_nobodys() {
    assert_eq!(whose(&[one(), other(), answer()]), "claim-of-several");
}

#[test]
fn of_two_payers_who_have_a_claim_of_one_number_each_answers_its_own() {
    let second = || Sent::Set(claim("P2", "M3"));
    let by = |payer: &str| Sent::Set(acknowledged(&format!("PR*2*PAYER*****PI*{payer}"), "A1"));
    assert_eq!(whose(&[one(), second(), by("P2")]), "Task of M3");
    assert_eq!(whose(&[one(), by("P2"), second()]), "Task of M3");
    assert_eq!(
        whose(&[by("P2"), one(), second(), by("P1")]),
        "Task of M3, Task of M1"
    );
    assert_eq!(whose(&[one(), second(), answer()]), "claim-of-several");
}

#[test]
fn an_answer_finds_who_the_patient_is_after_a_merge() {
    let merge = || Sent::Merge("M1", "M2");
    assert_eq!(whose(&[one(), merge(), answer()]), "Task of M2");
    assert_eq!(whose(&[merge(), one(), answer()]), "Task of M2");
    assert_eq!(whose(&[answer(), merge(), one()]), "Task of M2");
    assert_eq!(whose(&[one(), other(), merge(), answer()]), "Task of M2");
    assert_eq!(whose(&[one(), merge(), other(), answer()]), "Task of M2");
    assert_eq!(whose(&[merge(), other(), one(), answer()]), "Task of M2");
}

#[test]
fn it_is_forgotten_whose_a_claim_was_when_its_documents_are() {
    assert_eq!(whose(&[one(), Sent::Days(799), answer()]), "Task of M1");
    assert_eq!(whose(&[one(), Sent::Days(801), answer()]), "");
    let again = [one(), Sent::Days(801), one(), answer()];
    assert_eq!(whose(&again), "Task of M1");
}

#[test]
fn whose_a_claim_is_stays_known_while_it_is_in_use() {
    let used = [one(), Sent::Days(500), one(), Sent::Days(500), answer()];
    assert_eq!(whose(&used), "Task of M1");
}

#[test]
fn an_answer_that_is_sent_through_again_waits_once() {
    let through = || Sent::Through(acknowledged(CLEARINGHOUSE, "A1"));
    let waits = [through(), Sent::Days(1), through(), through()];
    let over = |days| {
        let mut all: Vec<Sent> = Vec::new();
        all.extend([
            through(),
            Sent::Days(1),
            through(),
            through(),
            Sent::Days(days),
        ]);
        whose(&all)
    };
    assert_eq!(whose(&waits), "");
    // As long as the first copy waits, and no longer.
    assert_eq!(over(3), "");
    assert_eq!(over(5), "claim-unknown");
}

#[test]
fn what_waited_in_vain_is_sent_through_again_without_telling_the_others_of_its_set_twice() {
    let named = "CLP*A9*1*60*50*10*12*P6~CAS*PR*1*10~NM1*QC*1*SMITH*JANE****MI*M1~";
    let text = paid("A1")
        .replacen("CLP*", &format!("{named}CLP*"), 1)
        .replace("BPR*I*80*", "BPR*I*130*");
    let count = text
        .split_once("~ST*")
        .and_then(|(_, set)| set.split_once("~SE*"))
        .map_or(0, |(set, _)| set.matches('~').count() + 2);
    let (head, tail) = text.split_once("~SE*").unwrap();
    let (_, tail) = tail.split_once('*').unwrap();
    let text = format!("{head}~SE*{count}*{tail}");
    let through = || Sent::Through(text.clone());
    let first = [through(), Sent::Days(6)];
    assert_eq!(whose(&first), "ExplanationOfBenefit of M1, claim-unknown");
    let again = [through(), Sent::Days(6), one(), through()];
    assert_eq!(
        whose(&again),
        "ExplanationOfBenefit of M1, ExplanationOfBenefit of M1, claim-unknown"
    );
}

#[test]
fn of_two_who_have_a_claim_of_one_number_an_answer_goes_to_whom_is_known_when_it_is_taken_in() {
    assert_eq!(whose(&[one(), answer(), other()]), "Task of M1");
    assert_eq!(whose(&[answer(), one(), other()]), "Task of M1");
    assert_eq!(whose(&[answer(), other(), one()]), "Task of M2");
}

#[test]
fn what_comes_too_often_before_its_claim_is_kept_for_a_person() {
    let most = mapping::normalize::MAX_WAITING;
    let many = |count: usize| -> Vec<Sent> {
        let mut all: Vec<Sent> = (0..count).map(|_| answer()).collect();
        all.push(one());
        all
    };
    assert_eq!(whose(&many(most)), "Task of M1");
    assert_eq!(whose(&many(most + 1)), "Task of M1, claim-unknown");
}

#[test]
fn the_key_of_a_claim_says_nothing_of_it() {
    let key = SiteKey::new(SITE).claim("1999996666", "A1");
    assert_ne!(key, SiteKey::new([8; 32]).claim("1999996666", "A1"));
    let (journal, _) = sent(&[one()]);
    let told = records(&journal, topics::PATIENT_SPLIT);
    let told: Vec<_> = told
        .iter()
        .filter(|record| *record.key == *key.as_bytes())
        .collect();
    assert_eq!(told.len(), 1);
    let value = told[0].value.as_deref().unwrap();
    assert!(!value.windows(10).any(|part| part == b"1999996666"));
}

/// A claim A1 of a child, who has the number of the family, and A2 of the parent.
fn family() -> Sent {
    let claim = |number: &str| {
        format!(
            "CLM*{number}*100***11:B:1*Y*A*Y*Y~HI*ABK:J20~LX*1~SV1*HC:99213*100*UN*1***1~DTP*472*D8*20260225~"
        )
    };
    let body = format!(
        "BHT*0019*00*B1*20260301*0900*CH~NM1*41*2*CLINIC*****46*S1~NM1*40*2*PAYER*****46*R1~HL*1**20*1~NM1*85*2*CLINIC*****XX*1999996666~\
         HL*2*1*22*1~SBR*P*18*******CI~NM1*IL*1*SMITH*JANE****MI*M1~NM1*PR*2*PAYER*****PI*P1~{}\
         HL*3*2*23*0~PAT*19~NM1*QC*1*SMITH*TED~DMG*D8*20150505*M~{}",
        claim("A2"),
        claim("A1")
    );
    Sent::Set(framed("837", "005010X222A1", &body))
}

/// An answer to a claim that names a patient by the number of the family.
fn paid_to(number: &str, name: &str) -> Sent {
    let named = format!("NM1*QC*1*SMITH*{name}****MI*M1~");
    Sent::Set(paid(number).replace("NM1*QC*1*SMITH*JANE~", &named))
}

#[test]
fn an_answer_with_the_number_of_a_family_is_about_whoever_has_its_claim() {
    let child = "ExplanationOfBenefit of M1/TED";
    assert_eq!(whose(&[family(), paid_to("A1", "TED")]), child);
    let parent = "ExplanationOfBenefit of M1";
    assert_eq!(whose(&[family(), paid_to("A2", "JANE")]), parent);
    let acknowledged = acknowledged(CLEARINGHOUSE, "A1");
    let named = acknowledged.replace("SMITH*JANE~", "SMITH*TED****MI*M1~");
    assert_eq!(whose(&[family(), Sent::Set(named)]), "Task of M1/TED");
    // Whose claim is not known, or may be of several, is told by the number.
    assert_eq!(whose(&[paid_to("A1", "TED")]), parent);
    assert_eq!(whose(&[family(), other(), paid_to("A1", "TED")]), parent);
}

#[test]
fn answers_with_one_number_in_one_set_are_about_the_two_who_have_the_claims() {
    let Sent::Set(first) = paid_to("A1", "TED") else {
        return;
    };
    let second = "CLP*A2*1*100*80*20*12*P8~CAS*PR*1*20~NM1*QC*1*SMITH*JANE****MI*M1~";
    let (head, tail) = first.split_once("SE*").unwrap();
    let text = format!("{head}{second}SE*{tail}").replace("BPR*I*80*", "BPR*I*160*");
    let (_, body) = text.split_once("ST*835*0001*005010X221A1~").unwrap();
    let (body, _) = body.split_once("SE*").unwrap();
    let both = Sent::Set(framed("835", "005010X221A1", body));
    assert_eq!(
        whose(&[family(), both]),
        "ExplanationOfBenefit of M1, ExplanationOfBenefit of M1/TED"
    );
}

#[test]
fn an_answer_changes_nothing_of_who_a_member_is() {
    let of = |sets: &[Sent]| {
        let (journal, _) = sent(sets);
        let all = records(&journal, &topics::fhir("Patient"));
        let names = all.iter().map(|record| {
            let value = record.value.as_deref().unwrap();
            let json: serde_json::Value = serde_json::from_slice(value).unwrap();
            let has_number = json["identifier"].is_array();
            format!("{} {has_number}", json["name"][0]["given"][0])
        });
        let mut names: Vec<_> = names.collect();
        names.sort();
        names.join(", ")
    };
    let known = "\"JANE\" true, \"TED\" false";
    assert_eq!(of(&[family()]), known);
    assert_eq!(of(&[family(), paid_to("A1", "TED")]), known);
    // Of a claim that is not known.
    assert_eq!(of(&[family(), paid_to("A9", "TED")]), known);
}

#[test]
fn an_answer_with_a_number_finds_who_the_patient_is_after_a_merge() {
    let merge = || Sent::Merge("M1", "M2");
    let named = || paid_to("A1", "JANE");
    let of_other = "ExplanationOfBenefit of M2";
    assert_eq!(whose(&[one(), merge(), named()]), of_other);
    assert_eq!(whose(&[merge(), one(), named()]), of_other);
    assert_eq!(whose(&[merge(), named()]), of_other);
    assert_eq!(whose(&[one(), other(), merge(), named()]), of_other);
}
