//! From a sender's socket to the line on the console, with everything in between on the broker.

use crate::broker::Place;
use crate::instance::site;
use crate::message::{Potassium, admission, minutes_ago, potassium};
use crate::sender::Sender;
use crate::setting::wait_for;

#[test]
fn a_critical_potassium_is_an_alert() {
    let Some(place) = Place::new("story") else {
        return;
    };
    let mut site = site();
    place.configure(&mut site);
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    sender.accepted(&admission("77", "A1"));
    sender.accepted(&potassium(&Potassium {
        patient: "77",
        control_id: "K1",
        order: "9",
        taken: &minutes_ago(10),
        value: "6.9",
        status: "F",
    }));
    let line = wait_for("the line on the console", || {
        let printed = platform.printed().into_iter();
        let mut alerts = printed.filter(|line| line.starts_with("ALERT raised"));
        alerts.next()
    });
    assert!(line.contains("critical-result/potassium"), "{line}");
    wait_for("the alert on the page", || {
        let (status, page) = platform.get("/alerts?state=open");
        (status == 200 && page.contains("potassium 6.9 mmol/L")).then_some(())
    });
    assert_eq!(platform.get("/ready").0, 200);
    assert!(platform.stop().success());
    let log = site.log();
    assert!(!log.contains(" ERROR "), "{log}");
}
