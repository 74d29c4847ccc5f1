//! Visits of several providers from the claims of many members, compared.

use super::*;

/// Visits of five providers of one specialty: the last one's are of a higher level, and one of them is called off.
fn visits() -> Vec<(u8, Document)> {
    let visit = |number: u8, provider: Link, code: &str| {
        let name = format!("V{number}");
        let line = ServiceLine {
            specialty: "207Q00000X".into(),
            renderer: provider,
            ..service(code, "2026-03-02", 1)
        };
        let claim = Document {
            lines: vec![line],
            ..claim(&name, "2026-03-03T00:00:00Z", 0)
        };
        (number % 3, claim)
    };
    let codes = [
        ["SYN33", "SYN33"],
        ["SYN33", "SYN32"],
        ["SYN33", "SYN34"],
        ["SYN32", "SYN32"],
        ["SYN35", "SYN35"],
    ];
    let mut all = Vec::new();
    for (provider, codes) in (1..).zip(codes) {
        for code in codes {
            let number = u8::try_from(all.len()).unwrap();
            all.push(visit(number, provider, code));
        }
    }
    let mut void = visit(0, 1, "SYN33");
    void.1.standing = Standing::Cancelled;
    void.1.created = Some(Stated::Moment(at("2026-03-09T00:00:00Z")));
    all.push(void);
    all
}

/// Which mixes are known in the end, and whether any member's claim is too many for the comparison.
fn compared(given: &[(u8, Document)]) -> (Vec<(u32, Option<Decimal>)>, usize) {
    let config = PayerConfig {
        ledger: LedgerConfig {
            peers: Some(3),
            visits: 1,
            ..LedgerConfig::default()
        },
        ..PayerConfig::default()
    };
    let world = World {
        config: config.clone(),
        ..World::default()
    };
    let events: Vec<_> = given
        .iter()
        .map(|(member, of)| told(*member, of.clone()))
        .collect();
    let mut world = world.run(&events);
    let kind = MixKind {
        specialty: "207Q00000X".into(),
        family: "office".into(),
    };
    let peers = world.peers.get_mut(&kind).unwrap();
    let (until, rules) = (at("2026-03-20T00:00:00Z"), PeerRules::new(config));
    let judged = rules.judge(
        peers,
        &kind,
        until,
        ReceivedTime::from_micros(until.micros()),
    );
    let mixes = peers.weeks.values().map(|mix| (mix.visits(), mix.mean()));
    (mixes.collect(), judged.findings.len())
}

#[test]
fn visits_of_all_members_are_compared_by_provider() {
    let (mixes, found) = compared(&visits());
    let mean = |tenths: i64| Some(Decimal::new(tenths, 1));
    let want = [
        (1, mean(30)),
        (2, mean(25)),
        (2, mean(35)),
        (2, mean(20)),
        (2, mean(50)),
    ];
    assert_eq!((mixes, found), (want.into(), 0));
    // Who has none is known by none, where nobody is compared.
    assert!(run(&visits()).peers.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_claims_ends_in_the_same_mixes(
        order in Just((0..11).chain(0..11).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let all = visits();
        let given: Vec<_> = order.iter().filter_map(|place| all.get(*place).cloned()).collect();
        prop_assert_eq!(compared(&given), compared(&all));
    }
}
