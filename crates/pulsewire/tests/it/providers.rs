//! Days of providers on the running platform: claims of X12 by two members to an alert about whoever gave the services, and
//! back when one is called off.

use serde_json::Value;

use crate::message::minutes_ago;
use crate::platform::{Site, complained, quoted, said};
use crate::setting::wait_for;

const CASES: &str = "healthcare.events.integrity-case";
const ALERTS: &str = "healthcare.events.care-alert";

/// A set of one claim for so many hours three days ago, by its number and what kind of bill it is.
fn claim(member: &str, number: &str, kind: char, hours: u32) -> String {
    let date = |moment: String| moment.chars().take(8).collect::<String>();
    let (day, sent) = (date(minutes_ago(3 * 24 * 60)), minutes_ago(60));
    let hour: String = sent.chars().skip(8).take(4).collect();
    let today = date(sent);
    let body = format!(
        "BHT*0019*00*{number}{kind}*{today}*{hour}*CH~NM1*41*2*BILLING*****46*S1~PER*IC*JERRY*TE*3055552222~NM1*40*2*PAYER*****46*P1~\
        HL*1**20*1~NM1*85*2*CLINIC*****XX*1999996666~N3*1 SEA ST~N4*MIAMI*FL*33111~REF*EI*123456789~\
        HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*DOE*JO****MI*{member}~DMG*D8*19730501*F~NM1*PR*2*PAYER*****PI*P1~\
        CLM*{number}*100***11:B:{kind}*Y*A*Y*I~REF*F8*{number}~HI*ABK:J0300~NM1*82*1*ITO*KEN****XX*1234567893~PRV*PE*PXC*207Q00000X~\
        LX*1~SV1*HC:SYN21*100*UN*{hours}***1~DTP*472*D8*{day}~"
    );
    let count = body.matches('~').count() + 2;
    format!(
        "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260301*1200*^*00501*000000905*0*T*:~\n\
        GS*HC*S*R*20260301*1200*7*X*005010X222A1~\nST*837*0001*005010X222A1~{body}SE*{count}*0001~\nGE*1*7~\nIEA*1*000000905~\n"
    )
}

fn newest(site: &Site, topic: &str) -> Option<Value> {
    let records = site.records(topic);
    let read = records.iter().filter(|kept| !kept.bytes().is_empty());
    let mut json = read.map(|kept| serde_json::from_slice(kept.bytes()).expect("a record is JSON"));
    json.rfind(|told: &Value| told["condition"].to_string().contains("impossible-day/"))
}

#[test]
fn a_day_of_more_hours_than_there_are_is_told_of_and_taken_back() {
    let mut site = Site::default();
    let folder = site.folder().join("feed");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let directory = quoted(&folder.display().to_string());
    site.set("workloads.payer", "enabled", "true")
        .set("files.feed", "directory", &directory)
        .set("files.feed", "settle", "\"0s\"");
    let platform = site.start();
    let drop = |name: &str, text: String| {
        std::fs::write(folder.join(name), text).expect("the file can be written");
    };
    drop("one.837", claim("M1", "A1", '1', 13));
    drop("two.837", claim("M2", "A2", '1', 12));
    let alert = wait_for("the alert", || newest(&site, ALERTS));
    assert_eq!(
        (&alert["state"], &alert["severity"]),
        (&"open".into(), &"medium".into())
    );
    let case = wait_for("the case", || newest(&site, CASES));
    let found = &case["found"];
    assert_eq!(
        (&found["minutes"], &found["unpaid"], &found["members"]),
        (&"1500".into(), &"200".into(), &2.into())
    );
    assert_eq!(case["provider"], alert["patient"]);
    // One is called off.
    drop("three.837", claim("M2", "A2", '8', 12));
    wait_for("that it is taken back", || {
        newest(&site, CASES).filter(|case| case["open"] == false)
    });
    wait_for("that the alert is taken back", || {
        newest(&site, ALERTS).filter(|alert| alert["state"] == "retracted")
    });
    platform.wait_until_idle();
    assert!(platform.stop().success());
    let verified = site.command(&["state", "--verify"]);
    let said = said(&verified);
    assert!(verified.status.success(), "{said}");
    assert!(said.contains("providers"), "{said}");
    let shown = site.command(&["workload", "show", "provider-integrity"]);
    assert!(shown.status.success(), "{}", complained(&shown));
}
