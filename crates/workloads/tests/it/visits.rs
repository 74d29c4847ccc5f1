//! Visits to an emergency department, from the messages of their senders to the milestones that follow; whatever comes when.

mod moves;

mod ordering;

mod overtaken;

use clinical::{
    EventId, EventTime, MessageId, Origin, Presence, ReceivedTime, SiteKey, VisitClass, VisitPlace,
    VisitState, VisitStatus,
};
use expect_test::{Expect, expect};
use formats::hl7v2;
use mapping::event::{Envelope, FHIR_JSON, event};
use mapping::normalize::{self, Normalizer, Output, RawInfo, Shows, Way};
use mapping::visit::visit_state;
use mapping::{Source, map};
use workloads::Now;
use workloads::throughput::{
    Course, Department, Emergency, Heard, Input, MAX_SNAPSHOTS, Milestone, PatientState, Standing,
    signs,
};

use crate::events::event_time;

fn department() -> Department {
    Department {
        waiting: ["WAIT".into()].into(),
        left_unseen: ["LWBS".into()].into(),
        ..Department::default()
    }
}

/// The way of one patient's messages from their sender to what is said of visits.
struct Feed {
    site: SiteKey,
    known: normalize::State,
    said: Vec<Input>,
    received: i64,
}

impl Feed {
    fn new() -> Self {
        Self {
            site: SiteKey::new([7; 32]),
            known: normalize::State::default(),
            said: Vec::new(),
            received: 0,
        }
    }

    /// Takes a message of a minute after 2026-03-02T00:00Z in.
    fn take(&mut self, minute: i64, text: &str) {
        let source = Source::new("adt1");
        let key = self.site.patient("H", "7");
        let at = event_time(minute);
        self.received = self.received.max(at.micros()) + 1_000_000;
        let received = ReceivedTime::from_micros(self.received);
        let mapped = map(
            &hl7v2::parse(text.as_bytes()),
            &source,
            &self.site,
            received,
        );
        let raw = RawInfo {
            message_id: MessageId::derive(&[text.as_bytes()]),
            addressed: key,
            message_time: at,
            received_time: received,
            topic: "healthcare.hl7v2.adt",
            partition: 3,
            offset: 7,
            source: "adt1",
            way: Way::Mllp,
            backfill: false,
            retired: None,
            bytes: b"MSH|",
        };
        let input = normalize::Input::Message {
            raw,
            drafts: &mapped.drafts,
        };
        let outputs = Normalizer::default().step(key, &mut self.known, &input);
        for record in outputs.expect("the message can be used").records {
            let own = Shows::by(&raw);
            match record {
                Output::Resource {
                    event_id,
                    json,
                    event_time,
                    shows,
                    ..
                } => self.hear(event_id, event_time, shows.unwrap_or(own), &json),
                Output::Moment {
                    event_id,
                    json,
                    event_time,
                    shows,
                } => self.hear(event_id, event_time, shows, &json),
                Output::Merge { .. } | Output::Split { .. } => {}
            }
        }
    }

    fn hear(&mut self, id: EventId, at: EventTime, shows: Shows, json: &[u8]) {
        if let Some(state) = visit_state(json).expect("a resource is read") {
            let heard = Heard {
                at,
                said: shows.said,
                known: shows.known,
                event: id,
                message: shows.message,
                origin: Origin::default(),
                backfill: shows.backfill,
                undoes: shows.undoes,
            };
            self.said.push(Input::Visit(heard, state));
            return;
        }
        let read = event(&Envelope {
            key: self.site.patient("H", "7"),
            content_type: FHIR_JSON,
            event_id: id,
            event_time: at,
            recorded: None,
            received_time: shows.known,
            origin: Origin::default(),
            plausibility: "",
            backfill: false,
            bytes: json,
        });
        if let Some(event) = read.expect("a resource is read") {
            let signs = signs(&department().signs, &event);
            let resource = signs.first().map_or(0, |sign| sign.resource);
            self.said.push(Input::Signs {
                resource,
                known: shows.known,
                event: id,
                signs,
            });
        }
    }
}

/// A message of the administration: event, class, place, earlier place, and when the visit ended and how.
fn adt(
    minute: i64,
    event: &str,
    class: &str,
    place: &str,
    earlier: &str,
    end: &str,
    how: &str,
) -> (i64, String) {
    let at = time(minute);
    let begun = if event == "A12" || event == "A13" || event == "A11" {
        String::new()
    } else {
        time(0)
    };
    let end = if end.is_empty() {
        String::new()
    } else {
        format!("|{end}")
    };
    let text = format!(
        "MSH|^~\\&|A|B|||{at}||ADT^{event}|{event}{minute}|P|2.5\rEVN|{event}|{at}\rPID|||7^^^H^MR||Doe^Jane\r\
         PV1||{class}|{place}|||{earlier}|||||||||||||V1|||||||||||||||||{how}||||||||{begun}{end}\r"
    );
    (minute, text)
}

/// An observation in words of a table's code.
fn oru(minute: i64, order: &str, status: &str, obx: &str) -> (i64, String) {
    let at = time(minute);
    let text = format!(
        "MSH|^~\\&|A|B|||{at}||ORU^R01|R{minute}|P|2.5\rPID|||7^^^H^MR||Doe^Jane\r\
         OBR|1|{order}|{order}|1^x|||{at}\rOBX|1|{obx}||||||{status}|||{at}\r"
    );
    (minute, text)
}

fn time(minute: i64) -> String {
    let text = event_time(minute).to_string();
    let digits: String = text.chars().take(19).filter(char::is_ascii_digit).collect();
    format!("{digits}+0000")
}

fn shown(standing: &Standing) -> String {
    let reached = Milestone::ALL.into_iter().filter_map(|milestone| {
        let minutes = standing
            .visit
            .at(milestone)?
            .since(event_time(0))?
            .as_secs()
            / 60;
        Some(format!("{} {minutes}", milestone.word()))
    });
    let reached: Vec<String> = reached.collect();
    let mut line = format!(
        "{} at {:?}: {}",
        standing.unit,
        standing.place,
        reached.join(", ")
    );
    let visit = &standing.visit;
    line.extend(
        visit
            .disposition()
            .map(|ended| format!(", {}", ended.word())),
    );
    let more = [
        (visit.is_observation(), "observation"),
        (visit.is_ventilated(), "ventilated"),
        (visit.is_cancelled(), "cancelled"),
        (standing.is_waiting, "waiting"),
    ];
    line.extend(
        more.iter()
            .filter(|(is, _)| *is)
            .map(|(_, what)| format!(", {what}")),
    );
    line.extend(standing.acuity.map(|acuity| format!(", acuity {acuity}")));
    line
}

/// Shows how the visit stands after each message.
fn check(messages: &[(i64, String)], want: Expect) {
    let mut feed = Feed::new();
    let mut state = PatientState::default();
    let emergency = Emergency::new(department());
    let mut out = String::new();
    for (minute, text) in messages {
        feed.take(*minute, text);
        for said in feed.said.drain(..) {
            state.take(said);
        }
        let effects = emergency.conclude(&mut state, now(*minute), None);
        for standing in &effects.standings {
            out += &format!("{minute}: {}\n", shown(standing));
        }
        for (unit, _) in &effects.gone {
            out += &format!("{minute}: not in {unit} any more\n");
        }
    }
    want.assert_eq(&out);
}

fn now(minute: i64) -> Now {
    Now {
        watermark: event_time(minute),
        received: ReceivedTime::from_micros(event_time(minute).micros()),
        patient: SiteKey::new([7; 32]).patient("H", "7"),
    }
}

#[test]
fn a_visit_is_followed_from_the_door_to_a_bed_upstairs() {
    check(
        &[
            adt(0, "A04", "E", "ED^WAIT^3", "", "", ""),
            oru(6, "N1", "F", "NM|56839-4^Acuity^LN||3"),
            adt(25, "A02", "E", "ED^BAY2^1", "ED^WAIT^3", "", ""),
            oru(40, "N2", "F", "ST|28568-4^Note^LN||seen"),
            oru(
                90,
                "N3",
                "F",
                "CWE|28568-4^Note^LN||434081000124108^Admit^SCT",
            ),
            adt(120, "A01", "I", "ED^BAY2^1", "", "", ""),
            adt(200, "A02", "I", "6N^603^C", "ED^BAY2^1", "", ""),
            adt(900, "A03", "I", "6N^603^C", "", &time(900), "01"),
        ],
        expect![[r#"
            0: ED at "WAIT / 3": arrival 0, waiting
            6: ED at "WAIT / 3": arrival 0, triage 6, waiting, acuity 3
            25: ED at "BAY2 / 1": arrival 0, triage 6, room 25, acuity 3
            40: ED at "BAY2 / 1": arrival 0, triage 6, room 25, provider 40, acuity 3
            90: ED at "BAY2 / 1": arrival 0, triage 6, room 25, provider 40, decision 90, acuity 3
            120: ED at "BAY2 / 1": arrival 0, triage 6, room 25, provider 40, decision 90, admission 120, acuity 3
            200: ED at "BAY2 / 1": arrival 0, triage 6, room 25, provider 40, decision 90, admission 120, departure 200, admitted, acuity 3
        "#]],
    );
}

#[test]
fn what_is_cancelled_takes_its_milestone_back() {
    check(
        &[
            adt(0, "A04", "E", "ED^WAIT^3", "", "", ""),
            adt(10, "A02", "E", "ED^BAY2^1", "ED^WAIT^3", "", ""),
            adt(14, "A12", "E", "", "", "", ""),
            adt(30, "A02", "E", "ED^BAY4^1", "ED^WAIT^3", "", ""),
            adt(60, "A02", "E", "6N^603^C", "ED^BAY4^1", "", ""),
            adt(65, "A12", "E", "", "", "", ""),
            adt(100, "A03", "E", "ED^BAY4^1", "", &time(100), "01"),
            adt(105, "A13", "E", "", "", "", ""),
            adt(150, "A03", "E", "ED^BAY4^1", "", &time(150), "LWBS"),
            adt(155, "A11", "E", "", "", "", ""),
        ],
        expect![[r#"
            0: ED at "WAIT / 3": arrival 0, waiting
            10: ED at "BAY2 / 1": arrival 0, room 10
            14: ED at "WAIT / 3": arrival 0, waiting
            30: ED at "BAY4 / 1": arrival 0, room 30
            60: ED at "BAY4 / 1": arrival 0, room 30, departure 60
            65: ED at "BAY4 / 1": arrival 0, room 30
            100: ED at "BAY4 / 1": arrival 0, room 30, departure 100, discharged
            105: ED at "BAY4 / 1": arrival 0, room 30
            150: ED at "BAY4 / 1": arrival 0, room 30, departure 150, left-unseen
            155: not in ED any more
        "#]],
    );
}

/// A registration whose patient came at a minute before it was told.
fn registered(minute: i64, event: &str, place: &str, came: i64) -> (i64, String) {
    let (minute, text) = adt(minute, event, "E", place, "", "", "");
    let begun = format!("|{}\r", time(0));
    let text = text.replace(&begun, &format!("|{}\r", time(came)));
    (minute, text)
}

#[test]
fn who_is_in_a_room_from_the_first_is_there_since_an_arrival_that_is_put_right() {
    check(
        &[
            registered(20, "A04", "ED^BAY2^1", 15),
            registered(30, "A08", "ED^BAY2^1", 5),
            registered(40, "A08", "ED^BAY2^1", 18),
        ],
        expect![[r#"
            20: ED at "BAY2 / 1": arrival 15, room 15
            30: ED at "BAY2 / 1": arrival 5, room 5
            40: ED at "BAY2 / 1": arrival 18, room 18
        "#]],
    );
}

#[test]
fn who_is_heard_of_first_as_they_move_was_where_they_came_from() {
    check(
        &[adt(25, "A02", "E", "ED^BAY2^1", "ED^WAIT^3", "", "")],
        expect![[r#"
            25: ED at "BAY2 / 1": arrival 0, room 25
        "#]],
    );
    // Where they were before they came to the department is no place in it.
    check(
        &[adt(25, "A04", "E", "ED^BAY2^1", "7S^1^C", "", "")],
        expect![[r#"
            25: ED at "BAY2 / 1": arrival 0, room 0
        "#]],
    );
    // The registration comes after the move.
    check(
        &[
            adt(25, "A02", "E", "ED^BAY2^1", "ED^WAIT^3", "", ""),
            adt(3, "A04", "E", "ED^WAIT^3", "", "", ""),
        ],
        expect![[r#"
            25: ED at "BAY2 / 1": arrival 0, room 25
        "#]],
    );
}

#[test]
fn a_visit_that_never_was_one_to_the_department_is_on_no_board() {
    check(
        &[
            adt(0, "A01", "I", "6N^603^C", "", "", ""),
            adt(9, "A02", "I", "7S^1^C", "6N^603^C", "", ""),
        ],
        expect![[r#""#]],
    );
    check(
        &[
            adt(0, "A04", "E", "ED^WAIT^3", "", "", ""),
            adt(9, "A08", "O", "ED^WAIT^3", "", "", ""),
        ],
        expect![[r#"
            0: ED at "WAIT / 3": arrival 0, waiting
            9: not in ED any more
        "#]],
    );
}

#[test]
fn a_result_that_is_taken_back_says_nothing_any_more() {
    check(
        &[
            adt(0, "A04", "E", "ED^BAY1^1", "", "", ""),
            oru(6, "N1", "F", "NM|19994-3^FiO2^LN||40"),
            oru(8, "N1", "W", "NM|19994-3^FiO2^LN||40"),
        ],
        expect![[r#"
            0: ED at "BAY1 / 1": arrival 0, room 0
            6: ED at "BAY1 / 1": arrival 0, room 0, ventilated
            8: ED at "BAY1 / 1": arrival 0, room 0
        "#]],
    );
}

fn place(words: &str, presence: Presence, from: Option<i64>, to: Option<i64>) -> VisitPlace {
    VisitPlace {
        words: words.into(),
        presence,
        from: from.map(event_time),
        to: to.map(event_time),
    }
}

fn state(class: VisitClass, status: VisitStatus, places: Vec<VisitPlace>) -> VisitState {
    VisitState {
        visit: 9,
        class,
        status,
        start: Some(event_time(0)),
        end: None,
        places,
        statuses: Vec::new(),
        classes: Vec::new(),
        disposition: "".into(),
    }
}

fn heard(minute: i64, number: u64) -> Heard {
    Heard {
        at: event_time(minute),
        said: event_time(minute),
        known: ReceivedTime::from_micros(event_time(minute).micros()),
        event: EventId::derive(&[&number.to_be_bytes()]),
        message: number,
        origin: Origin::default(),
        backfill: false,
        undoes: false,
    }
}

#[test]
fn times_that_the_source_states_are_taken_as_they_are() {
    let places = vec![
        place("ED / WAIT / 1", Presence::Left, Some(2), Some(30)),
        place("ED / BAY1 / 1", Presence::Left, Some(30), Some(300)),
        place("6N / 603 / C", Presence::Here, Some(310), None),
    ];
    let mut said = state(VisitClass::Inpatient, VisitStatus::InProgress, places);
    said.statuses = vec![
        (VisitStatus::Arrived, event_time(1)),
        (VisitStatus::Triaged, event_time(9)),
        (VisitStatus::InProgress, event_time(41)),
    ];
    said.classes = vec![
        (VisitClass::Emergency, event_time(0)),
        (VisitClass::Inpatient, event_time(200)),
    ];
    let mut course = Course::default();
    course.take(heard(400, 1), said);
    let standing = course.standing(&department(), &[]);
    expect!["ED at \"BAY1 / 1\": arrival 2, triage 9, room 30, provider 41, admission 200, departure 300, admitted"]
        .assert_eq(&shown(&standing));
}

#[test]
fn of_one_visit_so_much_is_kept_and_its_beginning_stays() {
    let mut course = Course::default();
    for number in 0..=MAX_SNAPSHOTS as i64 {
        let is_last = number == MAX_SNAPSHOTS as i64;
        let words = if number == 0 {
            "ED / WAIT / 1"
        } else {
            "ED / BAY1 / 1"
        };
        let places = vec![place(words, Presence::Here, None, None)];
        assert!(course.take(
            heard(number, number.cast_unsigned()),
            state(VisitClass::Emergency, VisitStatus::InProgress, places)
        ));
        let room = course
            .standing(&department(), &[])
            .visit
            .at(Milestone::Room);
        let want = if is_last { 2 } else { 1 };
        assert_eq!(room, (number > 0).then(|| event_time(want)), "{number}");
    }
}
