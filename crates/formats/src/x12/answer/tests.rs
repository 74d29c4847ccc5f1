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
    let mut answers = Vec::new();
    for interchange in file.interchanges() {
        answers.extend(ta1(&file, interchange, &STAMP));
        answers.extend(
            interchange.groups.iter().filter_map(|group| {
                implementation_acknowledgement(&file, interchange, group, &STAMP)
            }),
        );
    }
    for answer in &answers {
        assert_eq!(read(answer).issues(), []);
    }
    let out = String::from_utf8(answers.concat()).unwrap();
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
            AK9*P*3*3*2*1~
            SE*11*0001~
            GE*1*42~
            IEA*1*000000041~
        "#]],
    );
}

#[test]
fn what_an_element_of_isa_cannot_be_is_refused_with_its_note() {
    let note = |text: &str| {
        let file = read(text.as_bytes());
        let notes = file.interchanges().iter().map(interchange_verdict);
        notes
            .map(|(verdict, note)| format!("{}{note}", verdict.code()))
            .collect::<Vec<_>>()
            .join(" ")
    };
    for (from, to, expected) in [
        ("ISA*00*", "ISA*00*", "A000"),
        ("ISA*00*", "ISA*99*", "R010"),
        ("*00*          *ZZ", "*02*          *ZZ", "R012"),
        ("*ZZ*SENDER", "*QQ*SENDER", "R005"),
        ("*ZZ*SENDER", "*30*SENDER", "A000"),
        ("*ZZ*SENDER", "*38*SENDER", "A000"),
        ("*ZZ*SENDER", "*39*SENDER", "R005"),
        ("*ZZ*RECEIVER", "*00*RECEIVER", "R007"),
        ("*260301*1200*^", "*991399*1200*^", "R014"),
        ("*260301*1200*^", "*260301*2599*^", "R015"),
        ("*00501*", "*00200*", "R017"),
        ("*00501*", "*00401*", "A000"),
        ("*000000905*0", "*00000ABCD*0", "R018"),
        ("*0*T*:", "*2*T*:", "R019"),
        ("*0*T*:", "*1*P*:", "A000"),
        ("*0*T*:", "*0*X*:", "R020"),
    ] {
        let text = whole().replacen(from, to, 1);
        let text = match to {
            "*00000ABCD*0" => text.replace("IEA*1*000000905", "IEA*1*00000ABCD"),
            _ => text,
        };
        assert_eq!(note(&text), expected, "{from} {to}");
    }
    let other = whole().replace("0022*13*1", "0022*13*2");
    assert_eq!(note(&format!("{}{other}", whole())), "A000 R025");
    let other = other.replace("*ZZ*SENDER         *", "*ZZ*ANOTHER        *");
    assert_eq!(note(&format!("{}{other}", whole())), "A000 A000");
}

#[test]
fn what_is_no_production_data_is_refused_where_only_that_is_taken() {
    for (usage, expected) in [("T", "020"), ("P", "000"), ("I", "020")] {
        let text = whole().replace("*0*T*:", &format!("*0*{usage}*:"));
        let mut file = read(text.as_bytes());
        assert_eq!(interchange_verdict(&file.interchanges()[0]).1, "000");
        file.refuse_tests();
        assert_eq!(interchange_verdict(&file.interchanges()[0]).1, expected);
        let refused = file.sets().next().unwrap().refusal().map(|one| one.code);
        let expected = (usage != "P").then_some(IssueCode::NotProduction);
        assert_eq!(refused, expected, "{usage}");
    }
}

#[test]
fn an_answer_is_no_production_data_where_the_interchange_does_not_say_so() {
    for (usage, expected) in [("P", "*P*:"), ("T", "*T*:"), ("X", "*T*:")] {
        let text = whole().replace("*0*T*:", &format!("*0*{usage}*:"));
        let file = read(text.as_bytes());
        let answer = ta1(&file, &file.interchanges()[0], &STAMP).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.contains(expected), "{answer}");
    }
}

/// The segments that tell what became of a group and its sets.
const TOLD: [&str; 5] = ["AK2", "IK3", "IK4", "IK5", "AK9"];

/// The segments of a 999 from the first AK2 or, where there is none, from AK9.
fn told(text: &str) -> String {
    let file = read(text.as_bytes());
    let interchange = file.interchanges().first().unwrap();
    let group = interchange.groups.first().unwrap();
    let answer = implementation_acknowledgement(&file, interchange, group, &STAMP).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let lines = answer
        .lines()
        .filter(|line| TOLD.iter().any(|name| line.starts_with(name)));
    lines.collect()
}

#[test]
fn no_set_of_a_group_that_is_refused_is_told_as_accepted() {
    for (from, to, expected) in [
        ("GE*1*7", "GE*5*7", "AK9*R*5*1*0*5~"),
        ("GE*1*7", "GE*1*8", "AK9*R*1*1*0*4~"),
        ("GE*1*7~\n", "", "AK9*R*1*1*0*3~"),
    ] {
        let text = whole();
        assert!(text.contains(from), "{from}");
        assert_eq!(told(&text.replace(from, to)), expected);
    }
    // What is wrong with a set is told beside that, and it is refused with its group.
    let text = whole().replace("GE*1*7", "GE*5*7");
    let text = text.replace("BHT*0022*13", "BHT*0022*");
    assert_eq!(
        told(&text),
        "AK2*270*0001*005010X279A1~IK3*BHT*2**8~IK4*2**1~IK5*R*5~AK9*R*5*1*0*5~"
    );
}

#[test]
fn a_group_of_another_kind_or_guide_is_taken_and_told() {
    let accepted = "AK2*270*0001*005010X279A1~IK5*A~";
    for (from, to, expected) in [
        ("GS*HS", "GS*HP", "AK9*E*1*1*1*2*1~"),
        ("X*005010X279A1~", "X*005010X999~", "AK9*E*1*1*1*2~"),
        ("X*005010X279A1~", "X*004010X092A1~", "AK9*E*1*1*1*2~"),
        ("X*005010X279A1~", "X*005010~", "AK9*A*1*1*1~"),
    ] {
        let text = whole();
        assert!(text.contains(from), "{from}");
        let told = told(&text.replacen(from, to, 1));
        assert_eq!(told, format!("{accepted}{expected}"), "{to}");
    }
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
