//! What holds for a patient's page as it was known at a moment, and for what came late or was corrected.

use ui::{Before, Known, Link, Theme, Window, sample};

/// Text that breaks out of markup that is not escaped.
const HOSTILE: &str = r#""><script>alert('x')</script><img src=x onerror="y">&amp;"#;

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

#[test]
fn text_is_escaped_wherever_it_stands() {
    let frame = sample::frame(Theme::System);
    let mut patient = sample::patient_then("a");
    patient.id = HOSTILE.to_owned();
    patient.moments = vec![(HOSTILE.to_owned(), 0)];
    let before = || {
        Some(Before {
            text: HOSTILE.to_owned(),
            known_us: 0,
        })
    };
    for row in &mut patient.results {
        row.before = before();
    }
    for point in patient
        .vitals
        .iter_mut()
        .flat_map(|vital| &mut vital.points)
    {
        point.before = before();
    }
    for row in &mut patient.findings {
        row.explained = Link::to(HOSTILE, HOSTILE);
        row.workload = Link::words(HOSTILE);
    }
    for html in [
        ui::patient_page(&frame, &patient),
        ui::patient_page(
            &frame,
            &ui::Patient {
                known: None,
                ..patient
            },
        ),
    ] {
        assert!(html.contains("&#60;script&#62;alert"));
        assert!(!html.contains("<script>") && !html.contains("<img") && !html.contains(HOSTILE));
    }
}

#[test]
fn an_alert_leads_to_what_was_known_when_it_opened() {
    let frame = sample::frame(Theme::System);
    let mut alert = sample::alert();
    alert.row.opened_us += 1;
    let html = ui::alert_live(&frame, &alert);
    assert!(html.contains("?known=2026-11-21T"), "{html}");
    // The second that follows: by then it was open.
    let whole = ui::alert_live(&frame, &sample::alert());
    assert!(
        !whole.contains("%3A41%2B") && html.contains("%3A41%2B"),
        "{html}"
    );
    alert.row.patient = Link::to("nobody: a source", "/sources");
    assert!(!ui::alert_live(&frame, &alert).contains("?known="));
}
