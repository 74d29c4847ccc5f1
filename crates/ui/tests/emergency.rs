//! What holds for the board of emergency departments besides what holds for every page.

use ui::{Link, Theme, sample};

/// Text that breaks out of markup that is not escaped.
const HOSTILE: &str = r#""><script>alert('x')</script><img src=x onerror="y">&amp;"#;

#[test]
fn text_is_escaped_wherever_it_stands() {
    let frame = sample::frame(Theme::System);
    let mut board = sample::emergency();
    for unit in &mut board.units {
        unit.name = HOSTILE.to_owned();
        unit.crowding = None;
        unit.facts = vec![(HOSTILE.to_owned(), HOSTILE.to_owned())];
        for row in &mut unit.rows {
            row.patient = Link::words(HOSTILE);
            row.place = HOSTILE.to_owned();
            row.step = HOSTILE.to_owned();
            row.over = vec![HOSTILE.to_owned()];
            row.measured = vec![HOSTILE.to_owned()];
        }
    }
    let html = ui::emergency_page(&frame, &board);
    assert!(html.contains("&#60;script&#62;alert"));
    assert!(!html.contains("<script>") && !html.contains("<img") && !html.contains(HOSTILE));
}

#[test]
fn a_clock_that_ran_out_is_told_by_its_colour_and_its_time() {
    let html = ui::emergency_live(&sample::frame(Theme::System), &sample::emergency());
    assert!(html.contains("<tr class=\"edge-high\">"));
    assert!(html.contains("<span class=\"due tone-high\">treatment room</span>"));
    assert!(html.contains("12 min ago") && html.contains("in 35 min"));
    assert!(html.contains("<strong>106</strong> overcrowded"));
    assert!(
        html.contains("<span class=\"sub\">CMS1244: waited for a room more than 60 min</span>")
    );
}

#[test]
fn an_empty_board_says_why() {
    let frame = sample::frame(Theme::System);
    let mut board = sample::emergency();
    board.units.clear();
    assert!(ui::emergency_page(&frame, &board).contains("Nobody is in an emergency department."));
    board.is_enabled = false;
    assert!(ui::emergency_page(&frame, &board).contains("Visits are not followed"));
}
