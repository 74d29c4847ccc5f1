//! What holds for every page: it is safe, complete, and usable without script.

use std::collections::BTreeSet;

use ui::{AlertState, Frame, Link, Theme, sample};

/// Text that breaks out of markup that is not escaped.
const HOSTILE: &str = r#""><script>alert('x')</script><img src=x onerror="y">&amp;"#;

fn pages(frame: &Frame) -> Vec<(&'static str, String)> {
    let refused = |status| ui::refusal_page(frame, &sample::refusal(status));
    vec![
        ("overview", ui::overview_page(frame, &sample::overview())),
        ("alerts", ui::alerts_page(frame, &sample::alerts())),
        ("alert", ui::alert_page(frame, &sample::alert())),
        ("patients", ui::patients_page(frame, &sample::patients())),
        ("patient", ui::patient_page(frame, &sample::patient("a"))),
        (
            "patient as known",
            ui::patient_page(frame, &sample::patient_then("a")),
        ),
        ("emergency", ui::emergency_page(frame, &sample::emergency())),
        ("care gaps", ui::care_gaps_page(frame, &sample::care_gaps())),
        (
            "quarantine",
            ui::quarantine_page(frame, &sample::quarantine()),
        ),
        (
            "quarantined",
            ui::quarantined_page(frame, &sample::quarantined()),
        ),
        (
            "authorizations",
            ui::authorizations_page(frame, &sample::authorizations()),
        ),
        ("sources", ui::sources_page(frame, &sample::sources())),
        ("codes", ui::codes_page(frame, &sample::codes())),
        ("message", ui::message_page(frame, &sample::message())),
        ("kit", ui::kit_page(frame)),
        ("workloads", ui::workloads_page(frame, &sample::workloads())),
        ("workload", ui::workload_page(frame, &sample::workload())),
        ("finding", ui::finding_page(frame, &sample::finding())),
        ("refusal 403", refused(403)),
        ("refusal 404", refused(404)),
        ("refusal 500", refused(500)),
    ]
}

/// Gives every value of an attribute.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    let parts = html.split(&start).skip(1);
    parts
        .map(|part| {
            part.split('"')
                .next()
                .expect("split gives at least one part")
        })
        .collect()
}

#[test]
fn every_page_says_what_this_is_not() {
    for (name, html) in pages(&sample::frame(Theme::System)) {
        assert!(html.contains(ui::NOTICE), "{name}");
    }
}

#[test]
fn no_page_needs_what_a_strict_content_security_policy_forbids() {
    for (name, html) in pages(&sample::frame(Theme::System)) {
        assert_eq!(values(&html, "style"), [""; 0], "{name}");
        for script in html.split("<script").skip(1) {
            assert!(
                script.starts_with(" src=\"/assets/"),
                "{name}: inline script"
            );
            assert!(script.contains("></script>"), "{name}: inline script");
        }
        for tag in html.split('<').skip(1) {
            let tag = tag
                .split('>')
                .next()
                .expect("split gives at least one part");
            let handler = tag.split_whitespace().skip(1).find(|word| {
                word.starts_with("on") && word.contains("=\"") && !word.starts_with("one")
            });
            assert_eq!(handler, None, "{name}");
            assert!(!tag.starts_with("style"), "{name}: style element");
        }
        for scheme in ["javascript:", "data:", "http://", "https://"] {
            assert!(!html.contains(scheme), "{name}: {scheme}");
        }
    }
}

#[test]
fn every_id_is_unique_and_every_reference_to_one_leads_somewhere() {
    for (name, html) in pages(&sample::frame(Theme::System)) {
        let ids = values(&html, "id");
        let unique: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: {ids:?}");
        for attribute in ["aria-labelledby", "for"] {
            for id in values(&html, attribute) {
                assert!(unique.contains(id), "{name}: {attribute}={id}");
            }
        }
        for target in values(&html, "hx-target") {
            let id = target.trim_start_matches('#');
            assert!(unique.contains(id), "{name}: {target}");
        }
    }
}

#[test]
fn every_asset_that_pages_refer_to_exists_and_every_asset_is_referred_to() {
    let served: BTreeSet<_> = ui::assets()
        .iter()
        .map(|asset| asset.path.as_str())
        .collect();
    for (name, html) in pages(&sample::frame(Theme::System)) {
        let used = values(&html, "src")
            .into_iter()
            .chain(values(&html, "href"));
        let used: BTreeSet<_> = used.filter(|path| path.starts_with("/assets/")).collect();
        assert_eq!(used, served, "{name}");
    }
}

#[test]
fn every_control_works_without_script() {
    for (name, html) in pages(&sample::frame(Theme::System)) {
        for tag in html.split('<').filter(|tag| tag.contains("hx-get=")) {
            assert!(tag.starts_with("a href=\"/"), "{name}: {tag}");
        }
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().expect("split gives one part");
            assert!(form.contains(" action=\"/"), "{name}: {form}");
            assert!(form.contains("<button"), "{name}: {form}");
            if form.contains("method=\"post\"") {
                assert!(form.contains("name=\"csrf\""), "{name}: {form}");
            }
        }
    }
}

#[test]
fn every_page_has_landmarks_one_main_heading_and_tables_with_captions() {
    for (name, html) in pages(&sample::frame(Theme::System)) {
        for landmark in ["<header>", "<nav ", "<main id=\"main\"", "<footer "] {
            assert!(html.contains(landmark), "{name}: {landmark}");
        }
        assert!(html.contains("href=\"#main\""), "{name}: skip link");
        assert!(html.contains("<html lang=\"en\""), "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        for table in html.split("<table").skip(1) {
            let start = table.split("<tbody").next().expect("split gives one part");
            assert!(start.contains("<caption"), "{name}: {start}");
            assert!(start.contains("scope=\"col\""), "{name}: {start}");
        }
        for input in html.split("<input ").skip(1) {
            let input = input.split('>').next().expect("split gives one part");
            let hidden = input.contains("type=\"hidden\"");
            assert!(hidden || input.contains("id=\""), "{name}: {input}");
        }
    }
}

#[test]
fn tags_are_closed_in_order() {
    for (name, html) in pages(&sample::frame(Theme::System)) {
        let mut open = Vec::new();
        for tag in html.split('<').skip(1) {
            let tag = tag
                .split('>')
                .next()
                .expect("split gives at least one part");
            let word: String = tag.chars().take_while(|c| !c.is_whitespace()).collect();
            let void = ["!doctype", "meta", "link", "input"].contains(&word.as_str());
            if let Some(closed) = word.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(closed), "{name}: </{closed}>");
            } else if !void && !tag.ends_with('/') {
                open.push(word);
            }
        }
        assert_eq!(open, Vec::<String>::new(), "{name}");
    }
}

fn hostile_frame() -> Frame {
    let hostile = || HOSTILE.to_owned();
    Frame {
        site: hostile(),
        version: hostile(),
        viewer: hostile(),
        path: hostile(),
        csrf: hostile(),
        zone: hostile(),
        alarms: vec![hostile()],
        ..sample::frame(Theme::Dark)
    }
}

fn hostile_alert() -> ui::Alert {
    let hostile = || HOSTILE.to_owned();
    let mut alert = sample::alert();
    alert.row.id = hostile();
    alert.row.reason = hostile();
    alert.row.condition = hostile();
    alert.row.location = Some(hostile());
    alert.row.owner = Some(hostile());
    alert.row.patient = Link::to(HOSTILE, HOSTILE);
    alert.rule = hostile();
    alert.missing = vec![hostile()];
    alert.evidence[0].what = hostile();
    alert.evidence[0].value = hostile();
    alert.evidence[0].origin = Link::words(HOSTILE);
    alert.history[0].who = hostile();
    alert.history[0].why = hostile();
    alert.revisions[0].summary = hostile();
    alert.deliveries[0].kind = hostile();
    alert.deliveries[0].channel = hostile();
    alert.deliveries[0].result = hostile();
    alert.way_back[0].what = hostile();
    alert.way_back[0].name = hostile();
    let forms = alert.forms.as_mut().expect("the sample has forms");
    forms.who = hostile();
    forms.problem = Some(hostile());
    alert
}

fn hostile_patient() -> ui::Patient {
    let hostile = || HOSTILE.to_owned();
    let mut patient = sample::patient("a");
    patient.id = hostile();
    patient.name = Some(hostile());
    patient.birth_date = Some(hostile());
    patient.gender = Some(hostile());
    patient.location = Some(hostile());
    patient.note = hostile();
    patient.survivor = Some(Link::to(HOSTILE, HOSTILE));
    patient.score.as_mut().expect("the sample has one").name = hostile();
    patient.scores[0].summary = hostile();
    patient.vitals[0].key = hostile();
    patient.vitals[0].label = hostile();
    patient.vitals[0].unit = hostile();
    patient.vitals[0].points[0].text = hostile();
    patient.results[0].what = hostile();
    patient.results[0].value = hostile();
    patient.results[0].flag = hostile();
    patient.results[0].reference = hostile();
    patient.results[0].status = hostile();
    patient.encounters[0].class = hostile();
    patient.encounters[0].status = hostile();
    patient.encounters[0].location = hostile();
    patient.alerts[0] = hostile_alert().row;
    patient
}

fn hostile_overview() -> ui::Overview {
    let hostile = || HOSTILE.to_owned();
    let mut overview = sample::overview();
    overview.stations[0].name = hostile();
    overview.stations[0].does = hostile();
    overview.stations[0].unit = hostile();
    overview.stations[0].note = hostile();
    overview.stations[0].quarantined = Some(1);
    overview.sources[0].name = hostile();
    overview.sources[0].transport = hostile();
    overview.sources[0].acknowledgements = vec![(hostile(), 1)];
    overview
}

fn hostile_quarantine() -> (ui::QuarantineList, ui::Quarantined) {
    let hostile = || HOSTILE.to_owned();
    let mut list = sample::quarantine();
    list.code = Some(hostile());
    list.counts = vec![(hostile(), 1)];
    list.source = Some(hostile());
    list.sources = vec![(hostile(), 1)];
    list.rows[0].id = hostile();
    list.rows[0].source = hostile();
    list.rows[0].kind = hostile();
    list.rows[0].control_id = hostile();
    list.rows[0].code = hostile();
    list.rows[0].reason = hostile();
    let mut record = sample::quarantined();
    record.row = list.rows[0].clone();
    record.detail = hostile();
    record.advice = hostile();
    record.command = Some(hostile());
    record.origin = hostile();
    record.raw_origin = Some(hostile());
    record.raw = Some(HOSTILE.as_bytes().to_vec());
    record.parsed[0].name = hostile();
    record.parsed[0].title = hostile();
    record.parsed[0].fields[0].place = hostile();
    record.parsed[0].fields[0].name = hostile();
    record.parsed[0].fields[0].value = hostile();
    record.parsed[0].fields[0].problem = Some(hostile());
    record.attempts[0].who = hostile();
    record.attempts[0].what = hostile();
    record.attempts[0].result = ui::Link::to(hostile(), hostile());
    record.forms = Some(ui::QuarantineForms {
        redrive: true,
        text: Some(hostile()),
    });
    (list, record)
}

fn hostile_sources() -> ui::SourceTable {
    let hostile = || HOSTILE.to_owned();
    let mut sources = sample::sources();
    sources.certificates[0].0 = hostile();
    sources.rows[0].id = hostile();
    sources.rows[0].name = hostile();
    sources.rows[0].ways = vec![hostile()];
    sources.rows[0].answers = vec![(hostile(), 1)];
    sources.rows[0].signals[0].name = hostile();
    sources
}

fn hostile_authorizations() -> ui::AuthorizationTable {
    let hostile = || HOSTILE.to_owned();
    let mut table = sample::authorizations();
    table.rows[0].case = hostile();
    table.rows[0].patient = Link::to(HOSTILE, HOSTILE);
    table.rows[0].outcome = hostile();
    table.rows[0].urgency = hostile();
    table.rows[0].rule = Some(hostile());
    let metrics = &mut table.metrics[0];
    (metrics.mean, metrics.median) = (hostile(), hostile());
    table
}

fn hostile_codes() -> (ui::CodeTable, ui::Message) {
    let hostile = || HOSTILE.to_owned();
    let mut codes = sample::codes();
    codes.source = Some(hostile());
    codes.field = Some(hostile());
    codes.sources = vec![(hostile(), 1)];
    codes.fields = vec![(hostile(), 1)];
    codes.rows[0].id = hostile();
    codes.rows[0].source = hostile();
    codes.rows[0].field = hostile();
    codes.rows[0].system = hostile();
    codes.rows[0].code = hostile();
    codes.rows[0].text = hostile();
    codes.rows[0].example = Link::to(HOSTILE, HOSTILE);
    codes.rows[0].rule = Some(hostile());
    let mut message = sample::message();
    message.id = hostile();
    message.kind = hostile();
    message.source = hostile();
    message.control_id = hostile();
    message.origin = hostile();
    message.raw = HOSTILE.as_bytes().to_vec();
    message.segments[0].name = hostile();
    message.segments[0].fields[0].place = hostile();
    message.segments[0].fields[0].value = hostile();
    message.segments[0].fields[0].element = hostile();
    message.segments[0].fields[0].why = hostile();
    (codes, message)
}

#[test]
fn no_text_of_a_message_becomes_markup() {
    let frame = hostile_frame();
    let mut alerts = sample::alerts();
    alerts.state = Some(AlertState::Open);
    alerts.rows = vec![hostile_alert().row];
    let mut patients = sample::patients();
    patients.rows[0].id = HOSTILE.to_owned();
    patients.rows[0].label = HOSTILE.to_owned();
    patients.rows[0].birth_date = Some(HOSTILE.to_owned());
    patients.rows[0].location = Some(HOSTILE.to_owned());
    let (quarantine, quarantined) = hostile_quarantine();
    let (codes, message) = hostile_codes();
    let mut refusal = sample::refusal(404);
    refusal.what = HOSTILE.to_owned();
    refusal.reference = HOSTILE.to_owned();
    for (name, html) in [
        ("overview", ui::overview_page(&frame, &hostile_overview())),
        ("alerts", ui::alerts_page(&frame, &alerts)),
        ("alert", ui::alert_page(&frame, &hostile_alert())),
        ("patients", ui::patients_page(&frame, &patients)),
        ("patient", ui::patient_page(&frame, &hostile_patient())),
        ("quarantine", ui::quarantine_page(&frame, &quarantine)),
        ("quarantined", ui::quarantined_page(&frame, &quarantined)),
        (
            "authorizations",
            ui::authorizations_page(&frame, &hostile_authorizations()),
        ),
        ("sources", ui::sources_page(&frame, &hostile_sources())),
        ("codes", ui::codes_page(&frame, &codes)),
        ("message", ui::message_page(&frame, &message)),
        ("refusal", ui::refusal_page(&frame, &refusal)),
    ] {
        assert!(html.contains("&#60;script&#62;alert"), "{name}: not shown");
        assert!(!html.contains("<script>"), "{name}: script");
        assert!(!html.contains("<img"), "{name}: image");
        assert!(!html.contains("alert('x')"), "{name}: quotes");
        assert!(!html.contains(HOSTILE), "{name}: as it was");
        assert!(!html.contains("onerror=\""), "{name}: handler");
    }
}

#[test]
fn the_page_the_fragment_and_the_stream_show_the_same() {
    let frame = sample::frame(Theme::System);
    let overview = sample::overview();
    let live = ui::overview_live(&frame, &overview);
    let fragment = ui::overview_fragment(&frame, &overview);
    let page = ui::overview_page(&frame, &overview);
    assert!(fragment.contains(live.trim()));
    assert!(page.contains(fragment.trim()));
    assert!(fragment.contains("sse-connect=\"/live/overview\""));
    assert!(!live.contains("sse-connect"));
}

#[test]
fn the_stream_of_a_filtered_list_keeps_its_filter() {
    let frame = sample::frame(Theme::System);
    let mut list = sample::alerts();
    list.state = Some(AlertState::Acknowledged);
    let html = ui::alerts_fragment(&frame, &list);
    assert!(html.contains("sse-connect=\"/live/alerts?state=acknowledged\""));
    let mut codes = sample::codes();
    codes.source = Some("lab east".to_owned());
    codes.field = Some("OBX-3".to_owned());
    let html = ui::codes_fragment(&frame, &codes);
    assert!(html.contains("sse-connect=\"/live/codes?source=lab%20east&#38;field=OBX-3\""));
    let patient = ui::patient_fragment(&frame, &sample::patient("a"));
    assert!(patient.contains("sse-connect=\"/live/patients/7c1e?window=24h\""));
}

#[test]
fn empty_models_say_so() {
    let frame = sample::frame(Theme::System);
    let mut alerts = sample::alerts();
    alerts.rows.clear();
    assert!(ui::alerts_page(&frame, &alerts).contains("No alerts here."));
    let mut patients = sample::patients();
    patients.rows.clear();
    assert!(ui::patients_page(&frame, &patients).contains("No patient yet"));
    let mut quarantine = sample::quarantine();
    quarantine.rows.clear();
    assert!(ui::quarantine_page(&frame, &quarantine).contains("Nothing is in quarantine."));
    let mut codes = sample::codes();
    codes.rows.clear();
    assert!(
        ui::codes_page(&frame, &codes).contains("Every code that came in here means something.")
    );
    let mut sources = sample::sources();
    sources.rows.clear();
    assert!(ui::sources_page(&frame, &sources).contains("No source is configured."));
    let mut message = sample::message();
    message.segments.clear();
    assert!(ui::message_page(&frame, &message).contains("No field of this message ended so."));
    let mut overview = sample::overview();
    overview.sources.clear();
    assert!(ui::overview_page(&frame, &overview).contains("No source has connected yet."));
    let mut record = sample::quarantined();
    record.raw = None;
    assert!(ui::quarantined_page(&frame, &record).contains("You may not see the message itself."));
}

#[test]
fn a_source_that_is_silent_says_since_when_and_a_certificate_that_runs_out_stands_out() {
    let frame = sample::frame(Theme::System);
    let mut sources = sample::sources();
    let html = ui::sources_page(&frame, &sources);
    assert_eq!(
        html.matches("<span class=\"word\">silent</span>").count(),
        1
    );
    assert_eq!(html.matches("<strong>missed</strong>").count(), 1);
    assert!(html.contains("<strong>20 d left</strong>"));
    assert!(html.contains("<strong>has run out</strong>"));
    assert!(html.contains("96 d left") && !html.contains("<strong>96 d left"));
    assert!(!html.contains("Nothing comes from any source"));
    sources.everything_quiet_us = Some(frame.now_us - 3_600_000_000);
    assert!(ui::sources_live(&frame, &sources).contains("Nothing comes from any source"));
}

#[test]
fn a_viewer_who_may_not_act_gets_no_forms() {
    let frame = sample::frame(Theme::System);
    let mut alert = sample::alert();
    assert!(ui::alert_page(&frame, &alert).contains("action=\"/alerts/a2/acknowledge\""));
    alert.forms = None;
    let html = ui::alert_page(&frame, &alert);
    assert!(!html.contains("action=\"/alerts/"), "{html}");
}
