//! What is answered, when nothing is, and that no answer takes the place of another.

use expect_test::{Expect, expect};

use super::*;

fn now() -> ReceivedTime {
    ReceivedTime::parse("2026-03-01T09:05:30.25Z").unwrap()
}

/// An interchange of one group with one set, which asks for a TA1 or does not.
fn interchange(asks: bool, kind: &str, trailer: &str) -> String {
    let asks = u8::from(asks);
    format!(
        "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260301*0900*^*00501*000000905*{asks}*T*:~\
         GS*{kind}*S*R*20260301*0900*7*X*005010X221A1~ST*835*0001~BPR*I*34*C*CHK************20260301~TRN*1*77*1512345678~\
         N1*PR*PAYER~N3*1 MAIN ST~N4*MIAMI*FL*33111~N1*PE*PAYEE*XX*1111111112~{trailer}~GE*1*7~IEA*1*000000905~"
    )
}

const GOOD: &str = "SE*8*0001";

fn check(text: &str, wanted: Answers, expected: &Expect) {
    let file = x12::read(text.as_bytes());
    let answers = compose(&file, wanted, 41, now());
    let answers = answers.map(|bytes| String::from_utf8(bytes).unwrap());
    expected.assert_eq(&answers.join("--\n"));
}

#[test]
fn what_can_be_read_is_accepted() {
    let accepted = expect![[r#"
            ISA*00*          *00*          *ZZ*RECEIVER       *ZZ*SENDER         *260301*0905*^*00501*000000041*0*T*:~
            TA1*000000905*260301*0900*A*000~
            IEA*0*000000041~
            --
            ISA*00*          *00*          *ZZ*RECEIVER       *ZZ*SENDER         *260301*0905*^*00501*000000042*0*T*:~
            GS*FA*R*S*20260301*0905*42*X*005010X231A1~
            ST*999*0001*005010X231A1~
            AK1*HP*7*005010X221A1~
            AK2*835*0001~
            IK5*A~
            AK9*A*1*1*1~
            SE*6*0001~
            GE*1*42~
            IEA*1*000000042~
        "#]];
    // Because all are wanted, or because the sender asks for it.
    for (asks, wanted) in [(false, Answers::All), (true, Answers::Asked)] {
        check(&interchange(asks, "HP", GOOD), wanted, &accepted);
    }
}

#[test]
fn nobody_answers_answers_whatever_they_ask_for() {
    let isa = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260301*0900*^*00501*000000905*1*T*:~";
    let answer = "TA1*000000001*260301*0900*R*005~";
    let group = "GS*FA*S*R*20260301*0900*7*X*005010X231A1~ST*999*0001*005010X231A1~AK1*HP*7*005010X221A1~AK9*R*1*1*0*5~SE*4*0001~GE*1*7~";
    for (inside, groups) in [(answer, 0), (group, 1), (&*format!("{answer}{group}"), 1)] {
        for number in ["000000905", "000000906"] {
            // Not even where its trailer is wrong.
            let text = format!("{isa}{inside}IEA*{groups}*{number}~");
            let file = x12::read(text.as_bytes());
            let answers = compose(&file, Answers::All, 41, now());
            assert!(answers.iter().all(Vec::is_empty), "{text}");
        }
    }
    // An interchange of nothing is no answer.
    let text = format!("{isa}IEA*0*000000905~");
    let [ta1, _] = compose(&x12::read(text.as_bytes()), Answers::All, 41, now());
    assert!(!ta1.is_empty());
}

#[test]
fn a_ta1_is_not_written_where_nobody_asks_for_it() {
    check(
        &interchange(false, "HP", GOOD),
        Answers::Asked,
        &expect![[r#"
            --
            ISA*00*          *00*          *ZZ*RECEIVER       *ZZ*SENDER         *260301*0905*^*00501*000000041*0*T*:~
            GS*FA*R*S*20260301*0905*41*X*005010X231A1~
            ST*999*0001*005010X231A1~
            AK1*HP*7*005010X221A1~
            AK2*835*0001~
            IK5*A~
            AK9*A*1*1*1~
            SE*6*0001~
            GE*1*41~
            IEA*1*000000041~
        "#]],
    );
    check(
        &interchange(true, "HP", GOOD),
        Answers::None,
        &expect![[r#"
            --
        "#]],
    );
}

#[test]
fn what_is_refused_is_answered_with_its_code() {
    // The set was cut.
    check(
        &interchange(false, "HP", "SE*9*0001"),
        Answers::All,
        &expect![[r#"
            ISA*00*          *00*          *ZZ*RECEIVER       *ZZ*SENDER         *260301*0905*^*00501*000000041*0*T*:~
            TA1*000000905*260301*0900*A*000~
            IEA*0*000000041~
            --
            ISA*00*          *00*          *ZZ*RECEIVER       *ZZ*SENDER         *260301*0905*^*00501*000000042*0*T*:~
            GS*FA*R*S*20260301*0905*42*X*005010X231A1~
            ST*999*0001*005010X231A1~
            AK1*HP*7*005010X221A1~
            AK2*835*0001~
            IK5*R*4~
            AK9*R*1*1*0~
            SE*6*0001~
            GE*1*42~
            IEA*1*000000042~
        "#]],
    );
    // Nothing in an interchange that is refused is looked at.
    let cut = interchange(false, "HP", GOOD).replace("IEA*1*000000905~", "");
    check(
        &cut,
        Answers::Asked,
        &expect![[r#"
        ISA*00*          *00*          *ZZ*RECEIVER       *ZZ*SENDER         *260301*0905*^*00501*000000041*0*T*:~
        TA1*000000905*260301*0900*R*023~
        IEA*0*000000041~
        --
    "#]],
    );
}

#[test]
fn an_answer_is_not_answered_and_neither_is_nobody() {
    check(
        &interchange(false, "FA", GOOD),
        Answers::All,
        &expect![[r#"
            --
        "#]],
    );
    check(
        "ST*835*0001~BPR*I*34~SE*3*0001~",
        Answers::All,
        &expect![[r#"
            --
        "#]],
    );
}

#[test]
fn control_numbers_begin_again() {
    for (number, after) in [(1, 2), (NUMBER_MAX - 1, NUMBER_MAX), (NUMBER_MAX, 1)] {
        assert_eq!(next(number), after);
    }
    let two = interchange(false, "HP", GOOD).repeat(2);
    assert_eq!(numbers(&x12::read(two.as_bytes())), 4);
}

#[test]
fn an_answer_that_is_there_stays() {
    let folder = tempfile::tempdir().unwrap();
    let first = [b"first".to_vec(), Vec::new()];
    write(folder.path(), "a.835", &first).unwrap();
    write(
        folder.path(),
        "a.835",
        &[b"second".to_vec(), b"999".to_vec()],
    )
    .unwrap();
    let read = |place: &PathBuf| fs::read_to_string(place).unwrap();
    let found = places(folder.path(), "a.835");
    assert_eq!(found.each_ref().map(read), ["first", "999"]);
    let names = fs::read_dir(folder.path().join(ANSWERS)).unwrap();
    assert_eq!(names.count(), 2, "nothing unfinished is left");
}
