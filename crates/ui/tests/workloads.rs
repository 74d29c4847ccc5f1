//! What holds for the pages of rule packs and findings besides what holds for every page.

use ui::{Link, Theme, sample};

/// Text that breaks out of markup that is not escaped.
const HOSTILE: &str = r#""><script>alert('x')</script><img src=x onerror="y">&amp;"#;

#[test]
fn text_is_escaped_wherever_it_stands() {
    let frame = sample::frame(Theme::System);
    let hostile = || HOSTILE.to_owned();
    let mut workload = sample::workload();
    (workload.row.name, workload.row.rule) = (hostile(), hostile());
    (workload.row.concludes, workload.row.station.name) = (hostile(), hostile());
    (workload.owner, workload.output) = (hostile(), hostile());
    (workload.sources, workload.reads) = (vec![hostile()], vec![hostile()]);
    workload.rests_on = vec![Link::words(HOSTILE)];
    workload.late_items = hostile();
    for row in &mut workload.settings {
        (row.key, row.about, row.here) = (hostile(), hostile(), hostile());
    }
    for row in &mut workload.latest {
        row.explained = Link::to(HOSTILE, HOSTILE);
        row.patient = Link::words(HOSTILE);
    }
    let mut finding = sample::finding();
    (finding.summary, finding.condition, finding.rule) = (hostile(), hostile(), hostile());
    (finding.id, finding.place) = (hostile(), hostile());
    finding.taken_back = Some(hostile());
    finding.missing = vec![hostile()];
    let mut table = sample::workloads();
    table.rows = vec![workload.row.clone()];
    for html in [
        ui::workload_page(&frame, &workload),
        ui::workloads_page(&frame, &table),
        ui::finding_page(&frame, &finding),
    ] {
        assert!(html.contains("&#60;script&#62;alert"));
        assert!(!html.contains("<script>") && !html.contains("<img") && !html.contains(HOSTILE));
    }
}

#[test]
fn what_nobody_counts_is_said_and_is_no_zero() {
    let frame = sample::frame(Theme::System);
    let html = ui::workloads_live(&frame, &sample::workloads());
    let (_, claims) = html.split_once("/workloads/claims").expect("it is listed");
    let (claims, _) = claims.split_once("</tr>").expect("a row ends");
    assert!(claims.contains("<span class=\"none\">not counted</span>"));
    assert!(claims.contains("at least 20,000 patients"));
    assert!(claims.contains("in another process"));
    let mut workload = sample::workload();
    workload.row.day.items = None;
    workload.row.station.waiting = None;
    workload.since_us = None;
    let html = ui::workload_live(&frame, &workload);
    assert!(html.contains("<dt>Items read, last day</dt><dd>not counted</dd>"));
    assert!(html.contains("not known here: another process has it"));
    assert!(html.contains("Nothing was counted yet."));
    assert!(!html.contains("Items by hour"));
}

#[test]
fn a_setting_of_the_site_stands_out_beside_its_default() {
    let html = ui::workload_live(&sample::frame(Theme::System), &sample::workload());
    assert_eq!(html.matches("set by the site").count(), 1);
    assert!(html.contains("<strong>30m</strong>"));
    assert!(html.contains("<span>60m</span>"));
}

#[test]
fn drift_is_shown_only_of_what_has_learned() {
    let frame = sample::frame(Theme::System);
    let mut workload = sample::workload();
    assert!(ui::workload_live(&frame, &workload).contains("<h2 id=\"drift-name\">Drift</h2>"));
    workload.drift = None;
    assert!(!ui::workload_live(&frame, &workload).contains("Drift"));
}
