//! Files of X12 and what their senders find.

use super::*;

const INTERCHANGE: &str = "ISA*00*          *00*          *ZZ*S              *ZZ*R              *260301*0900*^*00501*000000905*0*T*:~\
GS*HP*S*R*20260301*0900*7*X*005010X221A1~ST*835*1~BPR*I*34*C*CHK************20260301~TRN*1*77*1512345678~N1*PR*PAYER~N3*1 MAIN ST~N4*MIAMI*FL*33111~N1*PE*PAYEE*XX*1111111112~SE*8*1~\
ST*835*2~BPR*I*0*C*CHK************20260301~TRN*1*78*1512345678~N1*PR*PAYER~N3*1 MAIN ST~N4*MIAMI*FL*33111~N1*PE*PAYEE*XX*1111111112~SE*9*2~GE*2*7~IEA*1*000000905~";

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
