//! Files of X12 and what their senders find.

use super::*;

const INTERCHANGE: &str = "ISA*00*          *00*          *ZZ*S              *ZZ*R              *260301*0900*^*00501*000000905*0*T*:~\
GS*HP*S*R*20260301*0900*7*X*005010X221A1~ST*835*1~BPR*I*34*C*CHK************20260301~TRN*1*77*1512345678~N1*PR*PAYER~N3*1 MAIN ST~N4*MIAMI*FL*33111~N1*PE*PAYEE*XX*1111111112~SE*8*1~\
ST*835*2~BPR*I*0*C*CHK************20260301~TRN*1*78*1512345678~N1*PR*PAYER~N3*1 MAIN ST~N4*MIAMI*FL*33111~N1*PE*PAYEE*XX*1111111112~SE*9*2~GE*2*7~IEA*1*000000905~";

#[test]
fn answers_to_what_was_sent_are_counted_and_nothing_waits_for_anybody() {
    let place = Place::new();
    let isa = INTERCHANGE
        .split("GS*")
        .next()
        .unwrap()
        .replace("*0*T*", "*1*T*");
    let group = "GS*FA*S*R*20260301*0900*7*X*005010X231A1~ST*999*0001*005010X231A1~AK1*HP*7*005010X221A1~AK9*R*1*1*0*5~SE*4*0001~GE*1*7~";
    let answer = "TA1*000000001*260301*0900*A*000~";
    for (name, inside, groups, expected) in [
        ("a.ta1", answer.to_owned(), 0, &[("TA1 A", 1)][..]),
        ("a.999", group.to_owned(), 1, &[("999 R", 1)][..]),
        (
            "both.x12",
            format!("{answer}{group}"),
            1,
            &[("999 R", 1), ("TA1 A", 1)][..],
        ),
    ] {
        place.write(name, format!("{isa}{inside}IEA*{groups}*000000905~"));
        let report = report(place.read(name));
        let told = report.acknowledgements.iter();
        let told: Vec<_> = told.map(|(what, count)| (&**what, *count)).collect();
        assert_eq!(told, expected, "{name}");
        let rows = u64::try_from(expected.len()).unwrap();
        assert_eq!((report.rows, report.made_nothing), (rows, rows), "{name}");
        assert_eq!(place.names("answers"), [""; 0], "{name}");
    }
}

#[test]
fn what_is_no_production_data_is_refused_and_its_sender_told_where_only_that_is_taken() {
    let place = Place::new();
    for (name, usage, accepted, told) in [("t.835", "T", 0, "R*020"), ("p.835", "P", 1, "A*000")] {
        place.write(name, INTERCHANGE.replace("*0*T*", &format!("*0*{usage}*")));
        let only = Job {
            production_only: true,
            ..place.job(name)
        };
        let report = report(place.run(&only));
        assert_eq!(report.accepted, accepted, "{name}");
        let refused = report.reasons.get("not-production").copied();
        assert_eq!(refused, (accepted == 0).then_some(2), "{name}");
        let answer = place.folder.path().join(format!("answers/{name}.ta1"));
        let answer = std::fs::read_to_string(answer).unwrap();
        assert!(answer.contains(told), "{answer}");
    }
}

#[test]
fn the_sender_of_x12_finds_its_answers_and_each_drop_is_answered_beside_the_others() {
    let place = Place::new();
    for _ in 0..2 {
        place.write("pay.835", INTERCHANGE);
        report(place.read("pay.835"));
    }
    let answers = [
        "pay.835.2.999",
        "pay.835.2.ta1",
        "pay.835.999",
        "pay.835.ta1",
    ];
    assert_eq!(place.names("answers"), answers);
    let read = |name: &str| {
        std::fs::read_to_string(place.folder.path().join("answers").join(name)).unwrap()
    };
    expect![[r#"
        ISA*00*          *00*          *ZZ*R              *ZZ*S              *260301*0000*^*00501*000000004*0*T*:~
        GS*FA*R*S*20260301*0000*4*X*005010X231A1~
        ST*999*0001*005010X231A1~
        AK1*HP*7*005010X221A1~
        AK2*835*1~
        IK5*A~
        AK2*835*2~
        IK5*R*4~
        AK9*P*2*2*1~
        SE*8*0001~
        GE*1*4~
        IEA*1*000000004~
        --
        ISA*00*          *00*          *ZZ*R              *ZZ*S              *260301*0000*^*00501*000000003*0*T*:~
        TA1*000000905*260301*0900*A*000~
        IEA*0*000000003~
        --
        ISA*00*          *00*          *ZZ*R              *ZZ*S              *260301*0000*^*00501*000000002*0*T*:~
        GS*FA*R*S*20260301*0000*2*X*005010X231A1~
        ST*999*0001*005010X231A1~
        AK1*HP*7*005010X221A1~
        AK2*835*1~
        IK5*A~
        AK2*835*2~
        IK5*R*4~
        AK9*P*2*2*1~
        SE*8*0001~
        GE*1*2~
        IEA*1*000000002~
        --
        ISA*00*          *00*          *ZZ*R              *ZZ*S              *260301*0000*^*00501*000000001*0*T*:~
        TA1*000000905*260301*0900*A*000~
        IEA*0*000000001~
    "#]].assert_eq(&answers.map(read).join("--\n"));
    // Whoever wants none gets none, and of what failed nothing can be said.
    place.write("other.835", INTERCHANGE.replace("905", "906"));
    let quiet = Job {
        answers: Answers::None,
        ..place.job("other.835")
    };
    assert_eq!(report(place.run(&quiet)).accepted, 1);
    place.write("differs.835", INTERCHANGE.replace("905", "907"));
    place.write("differs.835.manifest", r#"{"rows": 1}"#);
    assert!(report(place.read("differs.835")).failed.is_some());
    assert_eq!(place.names("answers"), answers);
}
