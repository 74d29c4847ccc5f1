//! Tests of what ends a coverage.

use clinical::ReceivedTime;
use clinical::payer::EVERY_PRODUCT;

use super::super::authorization::tests::cut;
use super::*;

/// A coverage of a product, by the numbers that name it.
fn product(name: &str, made: &str, from: &str, names: &[&str]) -> Document {
    let numbers: Vec<_> = names.iter().map(|one| link(one)).collect();
    let mut document = Document {
        from: Some(day(from)),
        code: "HLT".into(),
        insurer: 5,
        replaces: numbers.clone(),
        ..document(DocumentKind::Coverage, name, made, &[])
    };
    document.links.extend(numbers);
    document
}

/// That something ended with February, said of what numbers name.
fn end(made: &str, names: &[&str]) -> Document {
    Document {
        from: None,
        until: Some(day("2026-02-28")),
        standing: Standing::Cancelled,
        ..product("K0", made, "2026-01-01", names)
    }
}

fn came() -> Document {
    visit("V1", "AMB", "2026-03-02", "2026-03-02")
}

const EARLIER: &str = "2026-01-01T00:00:00Z";
const LATER: &str = "2026-03-01T00:00:00Z";
const ENDED: &str = "inactive, coverage ended on 2026-02-28";

fn ended(held: Document, end: Document) -> String {
    let straight = signs(vec![held.clone(), end.clone(), came()]);
    let events = told(vec![held, end, came()]);
    let turned: Vec<_> = events.iter().rev().cloned().collect();
    let (straight_state, ..) = run(&events, "2026-05-01T00:00:00Z");
    let (turned_state, ..) = run(&turned, "2026-05-01T00:00:00Z");
    assert_eq!(standing(&turned_state), standing(&straight_state));
    straight.concat()
}

#[test]
fn a_coverage_that_is_called_off_ends_what_it_names_and_nothing_more() {
    let held = || product("K1", EARLIER, "2025-01-01", &["P1"]);
    let of = |end: Document| ended(held(), end);
    assert_eq!(of(end(LATER, &["P1"])), ENDED);
    assert_eq!(of(end(LATER, &["P2"])), "active");
    assert_eq!(of(end(LATER, &[])), "active");
    let untyped = |names: &[&str]| Document {
        code: "".into(),
        ..end(LATER, names)
    };
    assert_eq!(of(untyped(&[])), "active");
    assert_eq!(of(untyped(&["P1"])), ENDED);
    let of_other = Document {
        insurer: 6,
        ..end(LATER, &["P1"])
    };
    assert_eq!(of(of_other), "active");
    // What says since when it held ends that, and what was said since stands.
    let begun = |from| Document {
        from: Some(day(from)),
        ..end(LATER, &["P1"])
    };
    assert_eq!(of(begun("2025-01-01")), ENDED);
    assert_eq!(of(begun("2024-01-01")), "active");
    // What is named as the product itself is said of all its times, whatever first day it has of the membership.
    let of_all = Document {
        from: Some(day("2024-01-01")),
        ..end(LATER, &["P1", "K0"])
    };
    assert!(of_all.replaces.contains(&of_all.resource));
    assert_eq!(of(of_all), ENDED);
    assert_eq!(of(end("2025-12-01T00:00:00Z", &["P1"])), "active");
}

#[test]
fn the_end_of_a_membership_ends_all_products_of_its_payer() {
    let of = |insurer| {
        let membership = Document {
            code: EVERY_PRODUCT.into(),
            insurer,
            ..end(LATER, &["M1"])
        };
        ended(product("K1", EARLIER, "2025-01-01", &["P1"]), membership)
    };
    assert_eq!(of(5), ENDED);
    assert_eq!(of(6), "active");
}

#[test]
fn a_coverage_that_is_told_anew_under_another_id_is_one() {
    let of_product = |document: Document| Document {
        product: link("P1"),
        ..document
    };
    let anew = |from| Document {
        until: Some(day("2026-02-28")),
        ..product("K2", LATER, from, &["P1"])
    };
    let held = || product("K1", EARLIER, "2025-01-01", &["P1"]);
    let of = |from| ended(of_product(held()), of_product(anew(from)));
    assert_eq!(of("2025-01-01"), ENDED);
    assert_eq!(of("2025-06-01"), "active");
    // What was kept before the product's name was told from other numbers has it among them.
    assert_eq!(ended(held(), of_product(anew("2025-01-01"))), ENDED);
    assert_eq!(ended(of_product(held()), anew("2025-01-01")), ENDED);
    // Another number that both have, such as an untyped one of the member, makes no product of two.
    assert_eq!(ended(held(), anew("2025-01-01")), "active");
}

#[test]
fn what_names_a_product_is_kept_between_two_inputs() {
    let held = Document {
        product: link("P1"),
        ..product("K1", EARLIER, "2025-01-01", &["P1"])
    };
    let (state, ..) = run(&told(vec![held]), LATER);
    let mut bytes = Vec::new();
    assert!(state.encode(&mut bytes));
    assert_eq!(super::super::State::decode(&bytes).unwrap(), state);
}

#[test]
fn a_membership_that_ended_before_it_said_so_itself_still_does() {
    let untyped = Document {
        code: "".into(),
        product: link("P1"),
        ..end(EARLIER, &[])
    };
    let (state, ..) = run(&told(vec![untyped]), LATER);
    let mut bytes = Vec::new();
    assert!(state.encode(&mut bytes));
    // Services and their numbers, which the earlier version had not, there are none of; what names the product is cut out.
    let code = |bytes: &[u8]| {
        super::super::State::decode(bytes).unwrap().documents[0]
            .document
            .code
            .clone()
    };
    assert_eq!(&*code(&bytes), "");
    cut(&mut bytes, link("P1"));
    bytes[0] = 4;
    assert_eq!(&*code(&bytes), EVERY_PRODUCT);
}

/// A coverage as a sender may say it: of which product, with which first and last day, and since when it was known.
type Said = (u8, u8, Option<u8>, bool);

/// Whether the member was covered by what stands: of a product and first day what was said last, and all else beside it.
fn is_covered(all: &[Said], on: u8) -> bool {
    all.iter()
        .enumerate()
        .any(|(place, (product, from, until, _))| {
            let later = all.get(place + 1..).unwrap_or_default();
            let is_renewed = later
                .iter()
                .any(|(of, since, ..)| *product > 0 && (of, since) == (product, from));
            !is_renewed && *from <= on && until.is_none_or(|until| on <= until)
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn of_products_and_of_what_shares_a_number_stands_what_was_said_last(
        said in prop::collection::vec((0_u8..3, 1_u8..4, prop::option::of(1_u8..9), any::<bool>()), 1..7),
        on in 1_u8..9,
        order in prop::collection::vec(any::<u16>(), 8),
    ) {
        let all = said.iter().enumerate().map(|(place, (of, from, until, shares))| {
            let (name, made) = (format!("K{place}"), format!("2026-02-{:02}T00:00:00Z", place + 1));
            let number = format!("P{of}");
            let numbers: Vec<&str> = [(*of > 0).then_some(number.as_str()), shares.then_some("M1")]
                .into_iter()
                .flatten()
                .collect();
            Document {
                until: until.map(|until| day(&format!("2026-01-{until:02}"))),
                product: if *of > 0 { link(&number) } else { 0 },
                ..product(&name, &made, &format!("2026-01-{from:02}"), &numbers)
            }
        });
        let on_day = format!("2026-01-{on:02}");
        let mut events = told(all.chain([visit("V1", "AMB", &on_day, &on_day)]).collect());
        let expected = if is_covered(&said, on) { "active" } else { "inactive" };
        for _ in 0..2 {
            let (state, findings, _) = run(&events, "2026-05-01T00:00:00Z");
            let stands = |id| state.lines.iter().any(|line| line.asserted && line.finding == id);
            let of_visit = findings.iter().rfind(|one| one.condition.starts_with("coverage/"));
            let of_visit = of_visit.filter(|one| stands(one.id)).expect("there is a visit");
            let words = format!("{on_day}: {expected}");
            prop_assert!(of_visit.summary.contains(&words), "{} {words}", of_visit.summary);
            let mut keys = order.iter().cycle();
            events.sort_by_cached_key(|_| keys.next().copied());
            // It is known in the order in which it arrives, whenever it was said.
            for (event, day) in events.iter_mut().zip(1..) {
                event.received = ReceivedTime::from_micros(at(&format!("2026-04-{day:02}T00:00:00Z")).micros());
            }
        }
    }
}

/// Gives the members of a file of enrolment when they arrive, whenever they were said.
fn arriving(documents: Vec<Document>) -> Vec<PayerEvent> {
    let all = documents.into_iter().zip(1..);
    all.map(|(document, day)| {
        let name = format!("{}{day}", document.resource);
        event(&name, &format!("2026-04-{day:02}T00:00:00Z"), document)
    })
    .collect()
}

#[test]
fn an_end_that_arrives_before_what_it_ends_ends_it() {
    let begins = || product("K1", "2026-01-02T00:00:00Z", "2026-01-01", &["P1"]);
    let ends = || end("2026-03-01T00:00:00Z", &["P1"]);
    let came = || visit("V1", "AMB", "2026-03-02", "2026-03-02");
    for all in [
        vec![begins(), ends(), came()],
        vec![ends(), begins(), came()],
        vec![came(), ends(), begins()],
    ] {
        let (state, findings, _) = run(&arriving(all), "2026-05-01T00:00:00Z");
        let stands = |id| {
            state
                .lines
                .iter()
                .any(|line| line.asserted && line.finding == id)
        };
        let told = findings
            .iter()
            .rfind(|one| stands(one.id) && one.condition.starts_with("coverage/"));
        assert_eq!(
            told.map(|one| one.summary.as_ref()),
            Some(
                "coverage on the day of the visit, 2026-03-02: inactive, coverage ended on 2026-02-28"
            )
        );
    }
}

#[test]
fn an_end_covers_no_day_before_what_it_ends_begins() {
    let begins = product("K1", EARLIER, "2026-02-01", &["P1"]);
    let early = visit("V1", "AMB", "2026-01-20", "2026-01-20");
    let of = |all: Vec<Document>| signs(all).concat();
    assert_eq!(
        of(vec![begins, end(LATER, &["P1"]), early.clone()]),
        "inactive"
    );
    // Where nobody says since when, it held until then.
    assert_eq!(of(vec![end(LATER, &["P1"]), early]), "active");
}

#[test]
fn a_coverage_that_was_told_years_ago_and_is_loaded_now_is_kept() {
    let begins = product("K1", "2021-01-02T00:00:00Z", "2021-01-01", &["P1"]);
    let (state, findings, _) = run(&arriving(vec![begins, came()]), "2026-05-01T00:00:00Z");
    assert_eq!(state.documents.len(), 2);
    let told = findings
        .iter()
        .rfind(|one| one.condition.starts_with("coverage/"));
    assert!(told.is_some_and(|one| one.summary.ends_with(": active")));
}

#[test]
fn what_states_the_day_on_which_it_was_said_counts_as_of_that_day() {
    let told = |end_said: &str| {
        let ended = Document {
            created: Some(Stated::Day(day(end_said))),
            ..end(LATER, &["P1"])
        };
        let events = [
            event(
                "held",
                EARLIER,
                product("K1", EARLIER, "2025-01-01", &["P1"]),
            ),
            event("visit", "2026-03-02T00:00:00Z", came()),
            event(
                "answer",
                "2026-03-02T08:00:00Z",
                answer("active", "2026-03-02T08:00:00Z"),
            ),
            // It was loaded long after.
            event("end", "2026-03-20T00:00:00Z", ended),
        ];
        let (_, findings, _) = run(&events, "2026-05-01T00:00:00Z");
        let last = findings
            .iter()
            .rfind(|one| one.condition.starts_with("coverage/"));
        let summary = last.unwrap().summary.to_string();
        summary.rsplit_once(": ").unwrap().1.to_owned()
    };
    assert_eq!(told("2026-03-01"), "active");
    assert_eq!(told("2026-03-03"), ENDED);
    // Of one day nobody can tell but by which came first.
    assert_eq!(told("2026-03-02"), ENDED);
}
