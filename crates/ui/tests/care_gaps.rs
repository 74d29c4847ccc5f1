//! What holds for the work list of care gaps besides what holds for every page.

use ui::{GapStatus, Link, Theme, sample};

/// Text that breaks out of markup that is not escaped.
const HOSTILE: &str = r#""><script>alert('x')</script><img src=x onerror="y">&amp;"#;

#[test]
fn text_is_escaped_wherever_it_stands() {
    let frame = sample::frame(Theme::System);
    let mut gaps = sample::care_gaps();
    gaps.measures = vec![(HOSTILE.to_owned(), 1)];
    for row in &mut gaps.rows {
        row.title = HOSTILE.to_owned();
        row.rule = HOSTILE.to_owned();
        row.patient = Link::words(HOSTILE);
        row.evidence = vec![(HOSTILE.to_owned(), 0)];
    }
    let html = ui::care_gaps_page(&frame, &gaps);
    assert!(html.contains("&#60;script&#62;alert"));
    assert!(!html.contains("<script>") && !html.contains("<img") && !html.contains(HOSTILE));
}

#[test]
fn the_stream_keeps_what_was_chosen() {
    let frame = sample::frame(Theme::System);
    let mut gaps = sample::care_gaps();
    gaps.measure = Some("cms130".to_owned());
    gaps.status = Some(GapStatus::ProvisionallyClosed);
    let html = ui::care_gaps_fragment(&frame, &gaps);
    let path = "/live/care-gaps?measure=cms130&#38;status=provisionally-closed";
    assert!(html.contains(path));
    assert_eq!(html.matches("aria-current=\"true\"").count(), 2);
}

#[test]
fn an_empty_list_says_why() {
    let frame = sample::frame(Theme::System);
    let mut gaps = sample::care_gaps();
    gaps.rows.clear();
    assert!(ui::care_gaps_page(&frame, &gaps).contains("No care gaps here."));
    gaps.is_enabled = false;
    assert!(ui::care_gaps_page(&frame, &gaps).contains("No quality measure is looked at"));
}
