//! What is kept together, and when.

use super::*;

#[test]
fn history_keeps_nothing_while_live_records_wait() {
    let place = Place::new();
    place.write("labs.csv", rows(3));
    let site = SiteKey::new([7; 32]);
    let door = |_: &str, pieces: Vec<Piece>| Ok(place.keep(&pieces));
    // Live records go first: three looks until so few are left that history may go on.
    let lag = AtomicUsize::new(3);
    let rests = AtomicUsize::new(0);
    let mut work = Work {
        memory: Some(&place.memory),
        door: &door,
        site: &site,
        now: &|| ReceivedTime::from_micros(0),
        rest: &|span| {
            if lag.load(Ordering::Relaxed) > 0 {
                assert_eq!((span, place.count()), (AGAIN, 0));
                lag.fetch_sub(1, Ordering::Relaxed);
            }
            rests.fetch_add(1, Ordering::Relaxed);
            true
        },
        lag: &|| match lag.load(Ordering::Relaxed) {
            0 => crate::intake::files::pace::LAG_MAX,
            _ => crate::intake::files::pace::LAG_MAX + 1,
        },
        pace: Pace::new(None, true),
        tell: &mut |_, _| {},
    };
    let job = Job {
        is_history: true,
        moves: false,
        ..place.job("labs.csv")
    };
    let ending = work.run(&job).unwrap();
    assert_eq!((report(ending).accepted, place.count()), (3, 3));
    assert!(rests.load(Ordering::Relaxed) >= 3);
    assert!(
        place.names("").contains(&"labs.csv".to_owned()),
        "it stays where it is"
    );
}

#[test]
fn two_versions_of_a_resource_are_never_in_one_batch() {
    let place = Place::new();
    // What a crash lets be kept again is then known: the older version does not come after the newer one.
    let lines = ["a 1", "b 1", "a 1", "a 2", "c 1", "a 2", "b 2"].map(|line| {
        let (id, text) = line.split_once(' ').unwrap();
        format!("{{\"resourceType\":\"Basic\",\"id\":\"{id}\",\"language\":\"{text}\"}}\n")
    });
    let bundle = "{\"resourceType\":\"Bundle\"}\n".to_owned();
    place.write(
        "a.ndjson",
        [lines.concat(), bundle.clone(), lines.concat()].concat(),
    );
    let batches = Mutex::new(Vec::new());
    let site = SiteKey::new([7; 32]);
    let door = |_: &str, pieces: Vec<Piece>| {
        batches.lock().unwrap().push(pieces.len());
        Ok(place.keep(&pieces))
    };
    let mut work = Work {
        memory: Some(&place.memory),
        door: &door,
        site: &site,
        now: &|| ReceivedTime::from_micros(0),
        rest: &|_| true,
        lag: &|| 0,
        pace: Pace::new(None, false),
        tell: &mut |_, _| {},
    };
    let report = report(work.run(&place.job("a.ndjson")).unwrap());
    assert_eq!(
        (report.rows, report.accepted, report.already_known),
        (15, 6, 9)
    );
    assert_eq!(*batches.lock().unwrap(), [3, 4, 1, 3, 4]);
}
