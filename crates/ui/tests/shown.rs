//! Lists that are longer than a page.

use ui::{AlertState, Theme, sample};

#[test]
fn a_long_list_says_how_much_of_it_is_shown_and_where_the_rest_is() {
    let frame = sample::frame(Theme::System);
    let mut list = sample::alerts();
    list.state = Some(AlertState::Open);
    list.shown = ui::Shown::new(2, 1_201);
    let html = ui::alerts_fragment(&frame, &list);
    assert!(html.contains("201 to 400 of 1,201 are shown."), "{html}");
    assert!(html.contains("href=\"/alerts?state=open\">Those before</a>"));
    assert!(html.contains("href=\"/alerts?state=open&#38;page=3\">Those after</a>"));
    assert!(html.contains("sse-connect=\"/live/alerts?state=open&#38;page=2\""));
    let mut patients = sample::patients();
    patients.shown = ui::Shown::new(7, 1_201);
    let html = ui::patients_fragment(&frame, &patients);
    assert!(html.contains("1,201 to 1,201 of 1,201 are shown."));
    assert!(html.contains("href=\"/patients?page=6\""));
    assert!(!html.contains("Those after"));
    let mut quarantine = sample::quarantine();
    quarantine.code = Some("no-patient".to_owned());
    quarantine.shown = ui::Shown::new(1, 201);
    let html = ui::quarantine_fragment(&frame, &quarantine);
    assert!(html.contains("href=\"/quarantine?code=no-patient&#38;page=2\""));
    let mut codes = sample::codes();
    codes.field = Some("OBX-3".to_owned());
    codes.shown = ui::Shown::new(1, 201);
    let html = ui::codes_fragment(&frame, &codes);
    assert!(html.contains("href=\"/codes?field=OBX-3&#38;page=2\""));
    codes.shown = ui::Shown::new(1, 200);
    assert!(!ui::codes_fragment(&frame, &codes).contains("are shown."));
}
