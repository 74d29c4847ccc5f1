//! What is answered to good and bad interchanges.

use expect_test::{Expect, expect};

use super::*;
use crate::x12::read;

/// An interchange of one group of one set, which has all that its guide requires.
fn whole() -> String {
    let more = "HL*2*1*21*1~\nNM1*1P*2*CLINIC*****XX*1999996666~\nHL*3*2*22*0~\nNM1*IL*1*SMITH*JANE****MI*M1~\nSE*9*0001~";
    crate::x12::tests::whole()
        .replace("HL*1**20*0~", "HL*1**20*1~")
        .replace("SE*5*0001~", more)
}

const STAMP: Stamp = Stamp {
    interchange: 41,
    group: 42,
    year: 2026,
    month: 3,
    day: 1,
    hour: 9,
    minute: 5,
};

fn check(text: &str, expected: Expect) {
    let file = read(text.as_bytes());
    let mut out = String::new();
    for interchange in file.interchanges() {
        let answer = ta1(&file, interchange, &STAMP).unwrap_or_default();
        out.push_str(&String::from_utf8(answer).unwrap());
        for group in &interchange.groups {
            let answer = implementation_acknowledgement(&file, interchange, group, &STAMP);
            out.push_str(&String::from_utf8(answer.unwrap_or_default()).unwrap());
        }
    }
    assert_eq!(read(out.as_bytes()).issues(), [], "{out}");
    expected.assert_eq(&out);
}

#[test]
fn a_good_interchange_is_accepted() {
    check(
        &whole(),
        expect![[r#"
            ISA*00*          *00*          *ZZ*RECEIVER       *ZZ*SENDER         *260301*0905*^*00501*000000041*0*T*:~
            TA1*000000905*260301*1200*A*000~
            IEA*0*000000041~
            ISA*00*          *00*          *ZZ*RECEIVER       *ZZ*SENDER         *260301*0905*^*00501*000000041*0*T*:~
            GS*FA*R*S*20260301*0905*42*X*005010X231A1~
            ST*999*0001*005010X231A1~
            AK1*HS*7*005010X279A1~
            AK2*270*0001*005010X279A1~
            IK5*A~
            AK9*A*1*1*1~
            SE*6*0001~
            GE*1*42~
            IEA*1*000000041~
        "#]],
    );
}

#[test]
fn what_is_wrong_is_told_with_its_codes() {
    let text = whole()
        .replace("BHT*0022*13*1*20260301*1200~", "BHT*0022~ZZZ*1~CLM*1~")
        .replace("SE*9*0001", "SE*9*0009")
        .replace("GE*1*7", "GE*2*7")
        .replace("IEA*1*000000905", "IEA*1*000000904");
    check(
        &text,
        expect![[r#"
            ISA*00*          *00*          *ZZ*RECEIVER       *ZZ*SENDER         *260301*0905*^*00501*000000041*0*T*:~
            TA1*000000905*260301*1200*R*001~
            IEA*0*000000041~
            ISA*00*          *00*          *ZZ*RECEIVER       *ZZ*SENDER         *260301*0905*^*00501*000000041*0*T*:~
            GS*FA*R*S*20260301*0905*42*X*005010X231A1~
            ST*999*0001*005010X231A1~
            AK1*HS*7*005010X279A1~
            AK2*270*0001*005010X279A1~
            IK3*BHT*2**8~
            IK4*2**1~
            IK3*ZZZ*3**1~
            IK3*CLM*4**6~
            IK5*R*4*3*5~
            AK9*R*2*1*0*5~
            SE*10*0001~
            GE*1*42~
            IEA*1*000000041~
        "#]],
    );
}

#[test]
fn some_sets_of_a_group_are_accepted() {
    let text = whole()
        .replace(
            "SE*9*0001~",
            "SE*9*0001~\nST*270*0001~BHT*0022*13~SE*3*0001~\nST*999*3~SE*2*3~",
        )
        .replace("GE*1*7", "GE*3*7");
    check(
        &text,
        expect![[r#"
            ISA*00*          *00*          *ZZ*RECEIVER       *ZZ*SENDER         *260301*0905*^*00501*000000041*0*T*:~
            TA1*000000905*260301*1200*A*000~
            IEA*0*000000041~
            ISA*00*          *00*          *ZZ*RECEIVER       *ZZ*SENDER         *260301*0905*^*00501*000000041*0*T*:~
            GS*FA*R*S*20260301*0905*42*X*005010X231A1~
            ST*999*0001*005010X231A1~
            AK1*HS*7*005010X279A1~
            AK2*270*0001*005010X279A1~
            IK5*A~
            AK2*270*0001~
            IK3*HL*3*2000A*3~
            IK5*R*23*5~
            AK2*999*3~
            IK5*A~
            AK9*P*3*3*2~
            SE*11*0001~
            GE*1*42~
            IEA*1*000000041~
        "#]],
    );
}

#[test]
fn acknowledgements_and_fragments_get_no_answer() {
    let text = whole().replace("GS*HS", "GS*FA");
    let file = read(text.as_bytes());
    let interchange = file.interchanges().first().unwrap();
    let group = interchange.groups.first().unwrap();
    assert_eq!(
        implementation_acknowledgement(&file, interchange, group, &STAMP),
        None
    );
    let file = read(b"ST*270*1~SE*2*1~");
    let interchange = file.interchanges().first().unwrap();
    assert_eq!(ta1(&file, interchange, &STAMP), None);
}

#[test]
fn the_verdict_of_a_group_is_that_of_its_sets() {
    let text = whole();
    let of = |text: &str| {
        let file = read(text.as_bytes());
        let interchange = file.interchanges().first().unwrap();
        group_verdict(&file, interchange, interchange.groups.first().unwrap())
    };
    assert_eq!(of(&text), Verdict::Accepted);
    assert_eq!(
        of(&text.replace("BHT*0022*13", "BHT*0022*")),
        Verdict::AcceptedWithErrors
    );
    assert_eq!(of(&text.replace("SE*9", "SE*8")), Verdict::Refused);
    assert_eq!(of(&text.replace("GE*1", "GE*2")), Verdict::Refused);
}

#[test]
fn an_answer_is_split_as_what_it_answers() {
    let text = whole().replace('*', "|").replace("~\n", "\r");
    let file = read(text.as_bytes());
    let answer = ta1(&file, file.interchanges().first().unwrap(), &STAMP).unwrap();
    assert!(answer.starts_with(b"ISA|00|"));
    assert_eq!(answer.iter().filter(|byte| **byte == b'\r').count(), 3);
    let older = whole().replace("*^*00501", "*U*00401");
    let file = read(older.as_bytes());
    let answer = ta1(&file, file.interchanges().first().unwrap(), &STAMP).unwrap();
    assert_eq!(read(&answer).issues(), []);
}
