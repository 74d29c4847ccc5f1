//! What holds for a patient's page as it was known at a moment, and for what came late or was corrected.

use ui::{Known, Theme, Window, sample};

#[test]
fn what_was_known_says_so_stands_still_and_keeps_its_moment() {
    let frame = sample::frame(Theme::System);
    let html = ui::patient_page(&frame, &sample::patient_then("a"));
    assert!(
        html.contains(
            "<strong>As it was known</strong> on 21 November 2026 05:46:40 CET (1 h ago)"
        )
    );
    assert!(html.contains("what arrived before 20 November 2026 05:46:40 CET was not read"));
    assert!(html.contains("Doe, Jane, as it was known ·"));
    // It does not go on by itself, and another window is of the same moment.
    assert!(!html.contains("sse-connect"));
    let longer = "/patients/7c1e?window=48h&#38;known=2026-11-21T05%3A46%3A40%2B01%3A00";
    assert!(html.contains(longer), "{html}");
    assert!(html.contains("<a href=\"/patients/7c1e?window=24h\">Back to now</a>"));
    assert!(html.contains("value=\"2026-11-21T05:46:40\""));
}

#[test]
fn what_is_known_now_is_live_and_leads_back() {
    let frame = sample::frame(Theme::System);
    let mut patient = sample::patient("a");
    patient.window = Window::Hours6;
    let html = ui::patient_page(&frame, &patient);
    assert!(html.contains("sse-connect=\"/live/patients/7c1e?window=6h\""));
    assert!(!html.contains("class=\"known\""));
    assert!(html.contains("/patients/7c1e?window=6h&#38;known=2026-11-21T06%3A27%3A40%2B01%3A00"));
    assert!(html.contains("<form class=\"known-form\" method=\"get\" action=\"/patients/7c1e\""));
}

#[test]
fn all_of_it_says_nothing_of_a_limit() {
    let frame = sample::frame(Theme::System);
    let mut patient = sample::patient_then("a");
    patient.known = patient.known.map(|known| Known {
        read_from_us: None,
        ..known
    });
    assert!(!ui::patient_live(&frame, &patient).contains("Not all of it"));
}

#[test]
fn late_and_corrected_items_have_both_times() {
    let frame = sample::frame(Theme::System);
    let html = ui::patient_live(&frame, &sample::patient("a"));
    assert!(html.contains("<span class=\"sub\">before 5.0 mmol/L, known 06:22</span>"));
    assert!(html.contains("<span class=\"sub\">late, 40 min after</span>"));
    assert!(
        html.contains("corrected: known 05:16; before 33, known 02:58"),
        "{html}"
    );
    assert!(
        html.contains("(first known as 5 at 06:28, revised 06:35)"),
        "{html}"
    );
}
