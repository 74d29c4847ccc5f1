//! What the reader of X12 makes of good, odd and damaged files.

mod corpus;

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

/// An interchange of one group of one set.
pub(crate) fn whole() -> String {
    format!(
        "{HEADER}GS*HS*S*R*20260301*1200*7*X*005010X279A1~\nST*270*0001*005010X279A1~\nBHT*0022*13*1*20260301*1200~\n\
         HL*1**20*0~\nNM1*PR*2*PAYER*****PI*99~\nSE*5*0001~\nGE*1*7~\nIEA*1*000000905~\n"
    )
}

const HEADER: &str = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260301*1200*^*00501*000000905*0*T*:~\n";

fn shown(text: &[u8]) -> String {
    let file = read(text);
    let mut out = String::new();
    for interchange in file.interchanges() {
        out.push_str("interchange\n");
        for group in &interchange.groups {
            out.push_str(" group\n");
            for set in &group.sets {
                let trailer = if set.has_trailer { "" } else { ", no end" };
                writeln!(out, "  set of {}{trailer}", set.segments.len()).unwrap();
            }
        }
    }
    for issue in file.issues() {
        let name = issue.code.as_str();
        writeln!(out, "{name} {}:{:?}", issue.segment, issue.element).unwrap();
    }
    out
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&shown(text.as_bytes()));
}

#[test]
fn a_whole_interchange_has_no_issues() {
    check(
        &whole(),
        expect![[r#"
            interchange
             group
              set of 5
        "#]],
    );
}

#[test]
fn a_fragment_is_read_with_the_usual_delimiters() {
    check(
        "ST*835*1~BPR*I*1~SE*3*1~",
        expect![[r#"
            interchange
             group
              set of 3
            interchange-header-missing 1:None
            group-header-missing 1:None
        "#]],
    );
}

#[test]
fn what_does_not_add_up_is_told_where_it_is() {
    let text = whole()
        .replace("SE*5*0001", "SE*6*0002")
        .replace("GE*1*7", "GE*2*8")
        .replace("IEA*1*000000905", "IEA*3*000000906");
    check(
        &text,
        expect![[r#"
            interchange
             group
              set of 5
            segment-count-differs 7:Some(1)
            set-control-differs 7:Some(2)
            set-count-differs 8:Some(1)
            group-control-differs 8:Some(2)
            group-count-differs 9:Some(1)
            interchange-control-differs 9:Some(2)
        "#]],
    );
}

#[test]
fn missing_trailers_are_told_once_each() {
    let text = whole();
    let cut = text.split("SE*").next().unwrap();
    check(
        cut,
        expect![[r#"
            interchange
             group
              set of 4, no end
            set-trailer-missing 6:None
            group-trailer-missing 6:None
            interchange-trailer-missing 6:None
        "#]],
    );
    let twice = format!("{cut}{text}");
    assert_eq!(read(twice.as_bytes()).interchanges().len(), 2);
}

#[test]
fn what_stands_outside_is_told() {
    check(
        "SE*1*1~",
        expect![[r#"
            set-header-missing 1:None
        "#]],
    );
    check(
        "GE*0*1~IEA*1*1~N1*PR~",
        expect![[r#"
            interchange
             group
            interchange-header-missing 1:None
            group-header-missing 1:None
            stray-segment 3:None
        "#]],
    );
    check(
        "",
        expect![[r#"
            empty 0:None
        "#]],
    );
    check(
        "ST*820*~st~SE*3*~",
        expect![[r#"
            interchange
             group
              set of 3
            interchange-header-missing 1:None
            group-header-missing 1:None
            set-unknown 1:Some(1)
            set-control-missing 1:Some(2)
            segment-name 2:None
        "#]],
    );
}

#[test]
fn delimiters_come_from_the_header() {
    let of = |text: &str| {
        let file = read(text.as_bytes());
        let issues: Vec<_> = file.issues().iter().map(|one| one.code.as_str()).collect();
        let first = file.segments().first().map(Segment::delimiters);
        let shown = first.map(|one| {
            let bytes = [
                Some(one.element),
                one.repetition,
                one.component,
                Some(one.segment),
            ];
            bytes
                .map(|byte| byte.map_or('-', char::from))
                .map(String::from)
                .join(" ")
        });
        (shown.unwrap_or_default(), issues)
    };
    let whole = whole();
    assert_eq!(of(&whole), ("* ^ : ~".into(), vec![]));
    for end in ["\n", "\r\n", "\r"] {
        let text = whole.replace("~\n", end);
        let first = end.get(..1).unwrap();
        assert_eq!(of(&text), (format!("* ^ : {first}"), vec![]));
    }
    let other = whole.replace('*', "|").replace(":~", ">~");
    assert_eq!(of(&other), ("| ^ > ~".into(), vec![]));
    let older = whole
        .replace("*^*00501", "*U*00401")
        .replace("*005010", "*004010");
    assert_eq!(of(&older), ("* - : ~".into(), vec!["version-other"]));
    let narrow = whole.replace("          ", "");
    assert_eq!(of(&narrow), ("* ^ : ~".into(), vec!["header-width"]));
    let same = whole.replace("*:~\nGS", "**~\nGS");
    let (_, issues) = of(&same);
    assert!(issues.contains(&"delimiters-duplicate"), "{issues:?}");
    let letters = whole.replace("*:~\nGS", "*A~\nGS");
    let (_, issues) = of(&letters);
    assert!(issues.contains(&"delimiters-invalid"), "{issues:?}");
    let (_, issues) = of("ISA*00*1~");
    assert!(issues.contains(&"header-invalid"), "{issues:?}");
}

#[test]
fn bytes_around_an_interchange_are_kept() {
    let text = format!("\u{feff}To the payer:\n{}\n\u{1a}", whole());
    let file = read(text.as_bytes());
    assert!(file.has("leading-bytes"));
    assert_eq!(file.issues().len(), 1);
    assert_eq!(file.join(), text.as_bytes());
    assert_eq!(read(b"\xEF\xBB\xBF").join(), b"\xEF\xBB\xBF");
}

#[test]
fn a_fragment_behind_an_interchange_is_not_split_as_that_is() {
    let text = format!("{}ST*835*1~SE*2*1~", whole().replace('*', "|"));
    check(
        &text,
        expect![[r#"
            interchange
             group
              set of 5
            interchange
             group
              set of 2
            interchange-header-missing 10:None
            group-header-missing 10:None
        "#]],
    );
}

#[test]
fn elements_repeat_and_have_components() {
    let file = read(b"ST*271*1~EB*B**1^33*HM:X**10.00~SE*3*1~");
    let set = file.sets().next().unwrap();
    let benefit = set.first(b"EB").unwrap();
    let repeated: Vec<_> = benefit
        .element(3)
        .repetitions()
        .map(|one| one.raw())
        .collect();
    assert_eq!(repeated, [b"1".as_slice(), b"33"]);
    assert_eq!(benefit.element(4).component(2).text(), "X");
    assert_eq!(benefit.element(4).component(3).text(), "");
    assert_eq!(benefit.element(0).raw(), b"");
    assert_eq!(benefit.element(9).raw(), b"");
    assert_eq!(benefit.elements().count(), 6);
    let (first, raw) = (benefit.element(6), file.join());
    assert_eq!(
        raw.get(first.position()..first.position() + 5),
        Some(&b"10.00"[..])
    );
}

#[test]
fn limits_hold() {
    let text = whole();
    let with = |limits: Limits| {
        let file = read_with(text.as_bytes(), &limits);
        assert_eq!(file.join(), text.as_bytes());
        file.issues()
            .iter()
            .map(|one| one.code.as_str())
            .collect::<Vec<_>>()
    };
    let default = Limits::DEFAULT;
    let bytes = |file_bytes| {
        with(Limits {
            file_bytes,
            ..default
        })
    };
    assert_eq!(bytes(text.len() + 1), [""; 0]);
    assert_eq!(bytes(text.len()), [""; 0]);
    assert_eq!(bytes(text.len() - 1), ["file-too-long"]);
    let segments = |segments| {
        with(Limits {
            segments,
            ..default
        })
    };
    assert_eq!(segments(10), [""; 0]);
    assert_eq!(segments(9), [""; 0]);
    assert_eq!(
        segments(8),
        ["too-many-segments", "interchange-trailer-missing"]
    );
    let longest = 105;
    let segment = |segment_bytes| {
        with(Limits {
            segment_bytes,
            ..default
        })
    };
    assert_eq!(segment(longest + 1), [""; 0]);
    assert_eq!(segment(longest), [""; 0]);
    assert_eq!(segment(longest - 1), ["segment-too-long"]);
}

#[test]
fn a_wide_header_is_looked_for_so_far() {
    let of = |width: usize| {
        let last = "x".repeat(width);
        let text = format!("ISA*00*a*00*b*ZZ*S*ZZ*R*260301*1200*^*00501*1*0*T{last}*:~IEA*0*1~");
        let end = text.find("*:~").unwrap();
        let file = read(text.as_bytes());
        let first = file.issues().first().map(|one| one.code);
        (end, first)
    };
    let (end, _) = of(0);
    let most = super::delimiters::HEADER_BYTES_MAX - 1;
    for (at, code) in [
        (most - 1, IssueCode::HeaderWidth),
        (most, IssueCode::HeaderWidth),
        (most + 1, IssueCode::HeaderInvalid),
    ] {
        assert_eq!(of(at - end), (at, Some(code)));
    }
}

#[test]
fn faults_are_told_up_to_a_limit() {
    let of = |count: usize| {
        let text = format!("ST*270*1~{}SE*1*1~", "ZZZ~".repeat(count));
        let file = read(text.as_bytes());
        super::check(&file.sets().next().unwrap()).len()
    };
    assert_eq!([99, 100, 101].map(of), [99, FAULTS_MAX, FAULTS_MAX]);
}

#[test]
fn errors_decide_though_there_are_too_many_issues() {
    let mut text = "ST*270*1~".to_owned();
    text.push_str(&"lower~".repeat(500));
    text.push_str("SE*7*2~");
    let file = read(text.as_bytes());
    assert_eq!(file.issues().len(), crate::limits::ISSUES_MAX);
    assert!(file.issues_dropped() > 0);
    let refused = file.sets().next().unwrap().refusal().unwrap().code;
    assert_eq!(refused, IssueCode::SegmentCountDiffers);
}

fn tree(text: &str) -> String {
    let file = read(text.as_bytes());
    let set = file.sets().next().unwrap();
    let tree = loops(&set).unwrap();
    let mut out = String::new();
    fn show(of: Loop<'_, '_, '_>, depth: usize, out: &mut String) {
        let names: Vec<_> = of
            .segments()
            .map(|one| String::from_utf8_lossy(one.name()))
            .collect();
        writeln!(out, "{:depth$}{} {}", "", of.id(), names.join(" ")).unwrap();
        for child in of.children() {
            show(child, depth + 1, out);
        }
    }
    show(tree.root(), 0, &mut out);
    for issue in tree.issues() {
        writeln!(
            out,
            "{} {} {}",
            issue.code.as_str(),
            issue.place,
            issue.kept_in
        )
        .unwrap();
    }
    out
}

#[test]
fn loops_of_a_claim_nest_and_repeat() {
    let text = "ST*837*1*005010X222A1~BHT*0019~NM1*41~HL*1**20*1~NM1*85~N3*A~HL*2*1*22*1~SBR*P~NM1*IL~HL*3*2*23*0~PAT*19~\
                CLM*1~HI*BK:1~NM1*DN~NM1*82~PRV*PE~SBR*S~NM1*IL~SBR*T~LX*1~SV1*HC:1~LX*2~SV1*HC:2~SVD*9~CAS*CO~SVD*8~SE*26*1~";
    expect![[r#"
        ST ST BHT SE
         1000A NM1
         2000A HL
          2010AA NM1 N3
          2000B HL SBR
           2010BA NM1
           2000C HL PAT
            2300 CLM HI
             2310A NM1
             2310B NM1 PRV
             2320 SBR
              2330A NM1
             2320 SBR
             2400 LX SV1
             2400 LX SV1
              2430 SVD CAS
              2430 SVD
    "#]]
    .assert_eq(&tree(text));
}

#[test]
fn levels_go_where_they_say() {
    let text = "ST*276*1~HL*1**20*1~HL*2*1*21*1~HL*3*2*19*1~HL*4*3*22*0~TRN*1~HL*5*2*19*1~HL*6*5*22*0~HL*7*9*22~HL*7*6*19~HL*8**99~XX~SVC~SE*14*1~";
    expect![[r#"
        ST ST SE
         2000A HL
          2000B HL
           2000C HL
            2000D HL
             2200D TRN
           2000C HL
            2000D HL
            2000D HL
           2000C HL HL XX SVC
        parent-unknown 8 2000D
        parent-unknown 9 2000D
        level-duplicate 9 2000C
        level-unknown 10 2000C
        segment-unknown 11 2000C
        segment-misplaced 12 2000C
    "#]]
    .assert_eq(&tree(text));
}

#[test]
fn a_decision_on_services_has_its_own_levels() {
    let text = "ST*278*1*005010X217~BHT*0007*11~HL*1**20*1~NM1*X3~HL*2*1*21*1~NM1*1P~HL*3*2*22*1~NM1*IL~HL*4*3*EV*1~UM*HS~HCR*A1~NM1*SJ~\
                HL*5*4*SS*0~HCR*A3~SV1*HC:1~SE*16*1~";
    expect![[r#"
        ST ST BHT SE
         2000A HL
          2010A NM1
          2000B HL
           2010B NM1
           2000C HL
            2010C NM1
            2000E HL UM HCR
             2010E NM1
             2000F HL HCR SV1
    "#]]
    .assert_eq(&tree(text));
}

#[test]
fn a_claim_acknowledgement_is_told_from_a_status_by_its_guide() {
    let text = "ST*277*1*005010X214~BHT*0085*08~HL*1**20*1~NM1*PR~TRN*1~DTP*050~HL*2*1*21*1~NM1*41~TRN*2~STC*A1~QTY*90~HL*3*2*19*1~NM1*85~\
                HL*4*3*PT~NM1*QC~TRN*2*X~STC*A2:20~REF*1K~SE*19*1~";
    expect![[r#"
        ST ST BHT SE
         2000A HL
          2100A NM1
          2200A TRN DTP
          2000B HL
           2100B NM1
           2200B TRN STC QTY
           2000C HL
            2100C NM1
            2000D HL
             2100D NM1
             2200D TRN STC REF
    "#]]
    .assert_eq(&tree(text));
}

proptest! {
    #[test]
    fn any_bytes_join_again(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let file = read(&bytes);
        prop_assert_eq!(file.join(), bytes);
    }

    #[test]
    fn any_bytes_behind_a_header_are_read(bytes in "[A-Z0-9*:^~\n]{0,300}") {
        let text = format!("{HEADER}{bytes}");
        let file = read(text.as_bytes());
        prop_assert_eq!(file.join(), text.as_bytes());
        for set in file.sets() {
            let found = super::check(&set);
            prop_assert!(found.len() <= check::FAULTS_MAX);
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_refused_or_whole(cut in 0_usize..400) {
        let text = whole();
        let cut = cut.min(text.len());
        let part = text.get(..cut).unwrap();
        let file = read(part.as_bytes());
        prop_assert_eq!(file.join(), part.as_bytes());
        let is_whole = part.contains("IEA*1*000000905");
        prop_assert_eq!(file.has_errors(), !is_whole, "{}", part);
    }

    #[test]
    fn any_loops_hold_every_segment(names in prop::collection::vec("HL\\*[0-9]\\*[0-9]\\*(20|22|23)|NM1\\*(IL|85|82)|CLM|SBR|LX|SV1|XX|SVD|CAS", 0..60)) {
        let text = format!("ST*837*1*005010X222A1~{}~SE*0*1~", names.join("~"));
        let file = read(text.as_bytes());
        let set = file.sets().next().unwrap();
        let tree = loops(&set).unwrap();
        let mut places: Vec<usize> = tree.every().flat_map(|one| one.places().collect::<Vec<_>>()).collect();
        places.sort_unstable();
        prop_assert_eq!(places, (0..set.segments().len()).collect::<Vec<_>>());
    }
}
