//! What is told of segments that are missing or too many, and of elements that are too short or too long.

use crate::x12::loops::tables::{TABLES, lines};
use crate::x12::{Guide, check, loops, read};

const PAID: [&str; 10] = [
    "BPR*I*30*C*CHK************20260301",
    "TRN*1*T1*1999999999",
    "N1*PR*PAYER*XV*P1",
    "N3*1 MAIN ST",
    "N4*MIAMI*FL*33111",
    "N1*PE*CLINIC*XX*1999996666",
    "LX*1",
    "CLP*A1*1*30*30**12*C1",
    "NM1*QC*1*SMITH*JANE****MI*M1",
    "SVC*HC:99213*30*30",
];

/// The faults of a set, each as segment, place, loop and code, with those of its elements.
fn faults_of(kind: &str, guide: &str, body: &[&str]) -> Vec<String> {
    let count = body.len() + 2;
    let body: String = body.iter().map(|one| format!("{one}~")).collect();
    let text = format!("ST*{kind}*1*{guide}~{body}SE*{count}*1~");
    let file = read(text.as_bytes());
    let set = file.sets().next().unwrap();
    let faults = check(&set).into_iter().map(|fault| {
        let of = fault.elements.iter();
        let of: String = of
            .map(|one| format!(" {}:{}", one.element, one.code))
            .collect();
        format!(
            "{} {} {} {}{of}",
            fault.name, fault.place, fault.kept_in, fault.code
        )
    });
    faults.collect()
}

fn paid(body: &[&str]) -> Vec<String> {
    faults_of("835", "005010X221A1", body)
}

#[test]
fn what_a_guide_requires_is_told_of_where_it_is_missing() {
    assert_eq!(paid(&PAID), [""; 0]);
    let without = |place: usize| {
        let mut body = PAID.to_vec();
        body.remove(place);
        paid(&body)
    };
    assert_eq!(without(0), ["BPR 3 ST 3"]);
    assert_eq!(without(1), ["TRN 3 ST 3"]);
    assert_eq!(without(3), ["N3 6 1000A 3"]);
    assert_eq!(without(5), ["N1 4 1000B 3"]);
    assert_eq!(without(8), ["NM1 10 2100 3"]);
    assert_eq!(without(9), [""; 0]);
    // A set of which there is nothing.
    assert_eq!(
        paid(&[]),
        ["BPR 2 ST 3", "TRN 2 ST 3", "N1 2 1000A 3", "N1 2 1000B 3"]
    );
}

#[test]
fn what_an_older_guide_asks_is_not_known() {
    assert_eq!(faults_of("835", "004010X091A1", &[]), [""; 0]);
    let long = format!("TRN*1*{}*1999999999", "9".repeat(51));
    assert_eq!(faults_of("835", "004010X091A1", &[&long]), [""; 0]);
}

#[test]
fn what_stands_more_often_than_it_may_is_told_of() {
    let mut twice = PAID.to_vec();
    twice.insert(1, PAID[0]);
    assert_eq!(paid(&twice), ["BPR 3 ST 5"]);
    // Of a segment of which its elements are wrong, too, both are told.
    twice[1] = "BPR*I*much";
    assert_eq!(paid(&twice), ["BPR 3 ST 5 2:6"]);
    let mut payers = PAID.to_vec();
    for (place, segment) in (6..).zip(PAID.iter().skip(2).take(3)) {
        payers.insert(place, segment);
    }
    assert_eq!(paid(&payers), ["N1 8 1000A 4"]);
    let lines = |count: usize| {
        let mut body = CLAIM.to_vec();
        for _ in 0..count {
            body.extend(["LX*1", "SV1*HC:99213*1*UN*1***1", "DTP*472*D8*20260225"]);
        }
        faults_of("837", "005010X222A1", &body)
    };
    assert_eq!(lines(50), [""; 0]);
    assert_eq!(lines(51), ["LX 170 2400 4"]);
}

const CLAIM: [&str; 18] = [
    "BHT*0019*00*77*20260301*1023*CH",
    "NM1*41*2*BILLING*****46*S1",
    "PER*IC*JERRY*TE*3055552222",
    "NM1*40*2*PAYER*****46*P1",
    "HL*1**20*1",
    "NM1*85*2*CLINIC*****XX*1999996666",
    "N3*1 SEA ST",
    "N4*MIAMI*FL*33111",
    "REF*EI*123456789",
    "HL*2*1*22*0",
    "SBR*P*18*******CI",
    "NM1*IL*1*SMITH*JANE****MI*M1",
    "DMG*D8*19730501*F",
    "NM1*PR*2*PAYER*****PI*P1",
    "CLM*A1*100***11:B:1*Y*A*Y*Y",
    "REF*D9*17",
    "HI*ABK:J0300",
    "HCP*00*7",
];

#[test]
fn an_element_is_as_long_as_the_standard_has_it() {
    let with = |place: usize, segment: &str| {
        let mut body = PAID.to_vec();
        body[place] = segment;
        paid(&body)
    };
    let traced = |number: usize, company: usize| {
        let (number, company) = ("9".repeat(number), "9".repeat(company));
        with(1, &format!("TRN*1*{number}*{company}"))
    };
    assert_eq!(traced(1, 10), [""; 0]);
    assert_eq!(traced(50, 10), [""; 0]);
    assert_eq!(traced(51, 10), ["TRN 3 ST 8 2:5"]);
    assert_eq!(traced(50, 9), ["TRN 3 ST 8 3:4"]);
    assert_eq!(traced(51, 11), ["TRN 3 ST 8 2:5 3:5"]);
    // Letters count, and not the bytes that they have.
    let name = |name: &str| with(2, &format!("N1*PR*{name}*XV*P1"));
    assert_eq!(name(&"é".repeat(60)), [""; 0]);
    assert_eq!(name(&"é".repeat(61)), ["N1 4 1000A 8 2:5"]);
    // The sign and the point of a number do not.
    let charged = |amount: &str| with(9, &format!("SVC*HC:99213*{amount}*30"));
    assert_eq!(charged("-1234567890123456.78"), [""; 0]);
    assert_eq!(charged("-1234567890123456.789"), ["SVC 11 2110 8 2:5"]);
    // What is no number at all is that and nothing more.
    assert_eq!(charged(&"x".repeat(20)), ["SVC 11 2110 8 2:6"]);
}

/// What is told where one segment of a whole set is left out, the places counted from 0.
fn told_without(kind: &str, guide: &str, whole: &[&str], place: usize) -> Vec<String> {
    let mut body = whole.to_vec();
    body.remove(place);
    faults_of(kind, guide, &body)
}

#[test]
fn questions_and_answers_have_the_names_of_their_levels() {
    let asked = [
        "BHT*0022*13*B1*20260301*1319",
        "HL*1**20*1",
        "NM1*PR*2*PAYER*****PI*P1",
        "HL*2*1*21*1",
        "NM1*1P*2*CLINIC*****XX*1999996666",
        "HL*3*2*22*1",
        "NM1*IL*1*SMITH*JOHN****MI*M1",
        "HL*4*3*23*0",
        "TRN*1*T1*9999999999",
        "NM1*03*1*SMITH*JANE",
        "EQ*30",
    ];
    let of = |kind: &str, guide: &str, whole: &[&str], place: usize| {
        assert_eq!(faults_of(kind, guide, whole), [""; 0], "{kind}");
        told_without(kind, guide, whole, place)
    };
    let inquiry = |place: usize| of("270", "005010X279A1", &asked, place);
    assert_eq!(inquiry(4), ["NM1 6 2100B 3"]);
    assert_eq!(inquiry(6), ["NM1 8 2100C 3"]);
    assert_eq!(inquiry(10), ["EQ 12 2110D 3"]);
    let mut answered = asked;
    answered[0] = "BHT*0022*11*B1*20260301*1319";
    answered[10] = "EB*1**30";
    let answer = |place: usize| of("271", "005010X279A1", &answered, place);
    assert_eq!(answer(4), ["NM1 6 2100B 3"]);
    assert_eq!(answer(6), ["NM1 8 2100C 3"]);
    assert_eq!(answer(10), [""; 0]);
    let of_claims = [
        "BHT*0010*13*B1*20260301*1319",
        "HL*1**20*1",
        "NM1*PR*2*PAYER*****PI*P1",
        "HL*2*1*21*1",
        "NM1*41*2*SENDER*****46*S1",
        "HL*3*2*19*1",
        "NM1*1P*2*CLINIC*****XX*1999996666",
        "HL*4*3*22*0",
        "NM1*IL*1*SMITH*JOHN****MI*M1",
        "TRN*1*T1",
    ];
    let status = |place: usize| of("276", "005010X212", &of_claims, place);
    assert_eq!(status(4), ["NM1 6 2100B 3"]);
    assert_eq!(status(6), ["NM1 8 2100C 3"]);
    assert_eq!(status(8), ["NM1 10 2100D 3"]);
    let reviewed = [
        "BHT*0007*13*B1*20260301*1023",
        "HL*1**20*1",
        "NM1*X3*2*PAYER*****PI*P1",
        "HL*2*1*21*1",
        "NM1*1P*2*CLINIC*****XX*1999996666",
        "HL*3*2*22*1",
        "NM1*IL*1*SMITH*JOHN****MI*M1",
        "HL*4*3*EV*0",
        "UM*HS*I*3",
    ];
    let review = |place: usize| of("278", "005010X217", &reviewed, place);
    assert_eq!(review(4), ["NM1 6 2010B 3"]);
    assert_eq!(review(6), ["NM1 8 2010C 3"]);
}

#[test]
fn a_dental_claim_has_what_its_guide_requires() {
    let claimed = [
        "BHT*0019*00*B1*20260301*1200*CH",
        "NM1*41*2*SENDER*****46*S1",
        "PER*IC*ANN*TE*3055551234",
        "NM1*40*2*PAYER*****46*P1",
        "HL*1**20*1",
        "NM1*85*2*DENTISTS*****XX*1999996666",
        "N3*1 MAIN ST",
        "N4*MIAMI*FL*33111",
        "HL*2*1*22*0",
        "SBR*P*18*******CI",
        "NM1*IL*1*SMITH*JOHN****MI*M1",
        "NM1*PR*2*PAYER*****PI*P1",
        "CLM*A1*150***11:B:1*Y*A*Y*Y",
        "LX*1",
        "SV3*AD:D2150*150",
    ];
    let guide = "005010X224A2";
    assert_eq!(faults_of("837", guide, &claimed), [""; 0]);
    let without = |place: usize| told_without("837", guide, &claimed, place);
    assert_eq!(without(2), ["PER 4 1000A 3"]);
    assert_eq!(without(7), ["N4 9 2010AA 3"]);
    assert_eq!(without(11), ["NM1 12 2010BB 3"]);
    assert_eq!(without(14), ["SV3 16 2400 3"]);
}

#[test]
fn elements_of_benefits_and_reviews_have_lengths() {
    let of = |segment: &str| {
        let head = [
            "BHT*0022*11*B1*20260301*1319",
            "HL*1**20*1",
            "NM1*PR*2*PAYER*****PI*P1",
            "HL*2*1*21*1",
            "NM1*1P*2*CLINIC*****XX*1999996666",
            "HL*3*2*22*0",
            "NM1*IL*1*SMITH*JOHN****MI*M1",
            "EB*1**30",
            segment,
        ];
        faults_of("271", "005010X279A1", &head)
    };
    let words = |count: usize| format!("MSG*{}", "a".repeat(count));
    assert_eq!(of(&words(264)), [""; 0]);
    assert_eq!(of(&words(265)), ["MSG 10 2110C 8 1:5"]);
    // Each repetition is as long as one may be.
    assert_eq!(of("EB*1**30^98"), [""; 0]);
    assert_eq!(of("EB*1**30^980"), ["EB 10 2110C 8 3:5"]);
    assert_eq!(of("EB*1*IN*30"), ["EB 10 2110C 8 2:4"]);
}

#[test]
fn every_row_of_the_tables_is_read_and_speaks_of_what_there_is() {
    let required = include_str!("../../../data/x12/required.tsv");
    let lengths = include_str!("../../../data/x12/lengths.tsv");
    for text in [required, lengths] {
        let told = text.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(lines::<6>(text).count(), told);
    }
    let number = |text: &str| text.parse::<usize>().unwrap();
    for [guide, kept_in, what, least, most, source] in lines::<6>(required) {
        let kind = guide.get(..3).unwrap();
        let of = Guide::of(kind, source).unwrap();
        assert_eq!(of.name(), guide, "{source}");
        assert!(most == "*" || number(least) <= number(most), "{what}");
        let is_there = kept_in == "ST" || !TABLES.begin(of, kept_in).is_empty();
        assert!(is_there, "{guide} {kept_in}");
        if let Some((_, id)) = what.split_once(':') {
            assert!(!TABLES.begin(of, id).is_empty(), "{guide} {id}");
        }
    }
    for [segment, element, _, kind, least, most] in lines::<6>(lengths) {
        assert!(
            number(least) <= number(most) && number(element) > 0,
            "{segment}"
        );
        assert!(matches!(kind, "text" | "number"), "{segment}");
        assert!(TABLES.know(segment.as_bytes()), "{segment}");
    }
    let file = read(b"ST*835*1*005010X221A1~SE*2*1~");
    let set = file.sets().next().unwrap();
    assert!(loops(&set).is_some());
}
