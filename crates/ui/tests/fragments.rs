//! What fragments look like as text.

use expect_test::{Expect, expect};
use ui::{AlertState, PointKind, Theme, sample};

#[expect(clippy::needless_pass_by_value, reason = "the macro gives it by value")]
fn check(html: &str, start: &str, end: &str, expected: Expect) {
    let (_, after) = html.split_once(start).expect("the fragment has this start");
    let (inside, _) = after.split_once(end).expect("the fragment has this end");
    expected.assert_eq(inside.trim());
}

#[test]
fn a_row_of_alerts() {
    let mut list = sample::alerts();
    list.state = Some(AlertState::Acknowledged);
    list.rows = list.rows.into_iter().skip(2).take(1).collect();
    let html = ui::alerts_live(&sample::frame(Theme::System), &list);
    check(
        &html,
        "<tbody>",
        "</tbody>",
        expect![[r#"
        <tr class="edge-high">
        <td data-label="Severity"><span class="mark tone-high"><svg class="sign tone-high" viewBox="-7 -7 14 14" aria-hidden="true" focusable="false"><path class="solid" d="M0-5.5L5.5 4.5h-11z"/></svg><span class="word">high</span></span></td>
        <th scope="row" data-label="Reason"><a id="alert-a3" href="/alerts/a3">Lactate 4.1 mmol/L with suspected infection</a> <span class="sub">sepsis</span></th>
        <td data-label="Patient"><a href="/patients/7c1e">P. 4403</a></td>
        <td data-label="Where"><span class="none">not known</span></td>
        <td data-label="State"><span class="mark tone-low"><svg class="sign tone-low" viewBox="-7 -7 14 14" aria-hidden="true" focusable="false"><path class="solid" d="M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0zM0-3.8a3.8 3.8 0 0 0 0 7.6z"/></svg><span class="word">acknowledged</span></span> <span class="sub">Dr A. Example</span></td>
        <td data-label="True at"><time datetime="2026-11-21T05:50:40+01:00" title="21 November 2026 05:50:40 CET"><span class="clock">05:50</span> <span class="age">56 min ago</span></time></td>
        <td data-label="Opened"><time datetime="2026-11-21T05:59:40+01:00" title="21 November 2026 05:59:40 CET"><span class="clock">05:59</span> <span class="age">47 min ago</span></time></td>
        </tr>"#]],
    );
    check(
        &html,
        "<ul>",
        "</ul>",
        expect![[r##"
        <li><a href="/alerts" id="alerts-choice-1" hx-get="/alerts" hx-target="#alerts" hx-swap="outerHTML" hx-push-url="true">All <span class="count">311</span></a></li>
        <li><a href="/alerts?state=open" id="alerts-choice-2" hx-get="/alerts?state=open" hx-target="#alerts" hx-swap="outerHTML" hx-push-url="true">Open <span class="count">3</span></a></li>
        <li><a href="/alerts?state=acknowledged" id="alerts-choice-3" hx-get="/alerts?state=acknowledged" hx-target="#alerts" hx-swap="outerHTML" hx-push-url="true" aria-current="true">Acknowledged <span class="count">1</span></a></li>
        <li><a href="/alerts?state=resolved" id="alerts-choice-4" hx-get="/alerts?state=resolved" hx-target="#alerts" hx-swap="outerHTML" hx-push-url="true">Resolved <span class="count">296</span></a></li>
        <li><a href="/alerts?state=retracted" id="alerts-choice-5" hx-get="/alerts?state=retracted" hx-target="#alerts" hx-swap="outerHTML" hx-push-url="true">Retracted <span class="count">11</span></a></li>"##]],
    );
}

#[test]
fn a_station_that_is_behind() {
    let html = ui::overview_live(&sample::frame(Theme::System), &sample::overview());
    check(
        &html,
        "<li class=\"station edge-medium flows\">",
        "</li>",
        expect![[r#"
            <div class="station-head"><h3>normalize</h3><span class="mark tone-medium"><svg class="sign tone-medium" viewBox="-7 -7 14 14" aria-hidden="true" focusable="false"><path class="solid" d="M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0zM0-3.8a3.8 3.8 0 0 0 0 7.6z"/></svg><span class="word">catching up</span></span></div>
            <p class="does">turns them into FHIR events</p>
            <p class="rate"><strong>88 /s</strong> <span class="unit">events</span></p>
            <svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label="normalize rate, last minutes"><title>normalize rate, last minutes</title><path class="spark-area" d="M0.0 7.8L2.6 12.0L5.1 9.9L7.7 12.0L10.3 7.8L12.8 9.9L15.4 3.6L17.9 5.7L20.5 9.9L23.1 7.8L25.6 1.5L28.2 3.6L30.8 7.8L33.3 12.0L35.9 9.9L38.5 12.0L41.0 7.8L43.6 9.9L46.2 3.6L48.7 5.7L51.3 9.9L53.8 7.8L56.4 1.5L59.0 3.6L61.5 7.8L64.1 12.0L66.7 9.9L69.2 12.0L71.8 7.8L74.4 9.9L76.9 3.6L79.5 5.7L82.1 9.9L84.6 7.8L87.2 1.5L89.7 3.6L92.3 7.8L94.9 12.0L97.4 9.9L100.0 12.0V24.0H0.0Z"/><path class="spark-line" d="M0.0 7.8L2.6 12.0L5.1 9.9L7.7 12.0L10.3 7.8L12.8 9.9L15.4 3.6L17.9 5.7L20.5 9.9L23.1 7.8L25.6 1.5L28.2 3.6L30.8 7.8L33.3 12.0L35.9 9.9L38.5 12.0L41.0 7.8L43.6 9.9L46.2 3.6L48.7 5.7L51.3 9.9L53.8 7.8L56.4 1.5L59.0 3.6L61.5 7.8L64.1 12.0L66.7 9.9L69.2 12.0L71.8 7.8L74.4 9.9L76.9 3.6L79.5 5.7L82.1 9.9L84.6 7.8L87.2 1.5L89.7 3.6L92.3 7.8L94.9 12.0L97.4 9.9L100.0 12.0" vector-effect="non-scaling-stroke"/></svg>
            <dl>
            <div><dt>In all</dt><dd>2,718,904</dd></div>
            <div><dt>Behind</dt><dd>8.4 s</dd></div>
            <div><dt>Waiting</dt><dd>412</dd></div>
            <div><dt>Quarantined</dt><dd><a id="station-normalize-quarantine" href="/quarantine">17</a></dd></div>
            </dl>
            <p class="note">1,900 messages came at once from lab-east</p>"#]],
    );
}

#[test]
fn the_way_back() {
    let html = ui::alert_live(&sample::frame(Theme::System), &sample::alert());
    check(
        &html,
        "<ol class=\"way-back\">",
        "</ol>",
        expect![[r#"
        <li><span class="step">finding</span> <span class="name">news2, revision 2</span> <span class="place"><a href="/journal/healthcare.alert.stream/7/1204">healthcare.alert.stream/7/1204</a></span> <time datetime="2026-11-21T06:35:40+01:00" title="21 November 2026 06:35:40 CET"><span class="clock">06:35</span> <span class="age">11 min ago</span></time></li>
        <li><span class="step">event</span> <span class="name">Observation, oxygen saturation</span> <span class="place"><a href="/journal/healthcare.patient.stream/7/81232">healthcare.patient.stream/7/81232</a></span> <time datetime="2026-11-21T06:35:40+01:00" title="21 November 2026 06:35:40 CET"><span class="clock">06:35</span> <span class="age">11 min ago</span></time></li>
        <li><span class="step">message</span> <span class="name">ORU^R01 from icu-monitors</span> <span class="place"><a href="/journal/healthcare.hl7v2.oru/7/44120">healthcare.hl7v2.oru/7/44120</a></span> <time datetime="2026-11-21T06:35:40+01:00" title="21 November 2026 06:35:40 CET"><span class="clock">06:35</span> <span class="age">11 min ago</span></time></li>"#]],
    );
}

#[test]
fn raw_bytes() {
    let html = ui::quarantined_fragment(&sample::frame(Theme::System), &sample::quarantined());
    check(
        &html,
        "<ol class=\"raw\">",
        "</ol>",
        expect![[r#"
        <li value="1"><code><abbr class="control" title="vertical tab, start of block">VT</abbr>MSH|^~\&#38;|LAB|EAST|PW|ST|20261121064340+0100||ORU^R01^ORU_R01|LE90211|P|2.5.1<abbr class="control" title="carriage return, end of segment">CR</abbr></code></li>
        <li value="2"><code>PID|1||^^^EXAMPLE^MR||Doe^Jane||19540211|F<abbr class="control" title="carriage return, end of segment">CR</abbr></code></li>
        <li value="3"><code>OBX|1|NM|2823-3^Potassium^LN||6.9|mmol/L|3.5-5.1|HH|||F|||20261121063500+0100<abbr class="control" title="carriage return, end of segment">CR</abbr></code></li>
        <li value="4"><code><abbr class="control" title="file separator, end of block">FS</abbr><abbr class="control" title="carriage return, end of segment">CR</abbr></code></li>"#]],
    );
}

#[test]
fn the_table_beside_a_chart_has_what_the_chart_has() {
    let mut patient = sample::patient("a");
    patient.vitals.truncate(1);
    let vital = patient.vitals.first_mut().expect("the sample has vitals");
    vital.points = vital.points.split_off(5);
    vital.points[1].kind = PointKind::Withdrawn;
    let html = ui::patient_live(&sample::frame(Theme::System), &patient);
    check(
        &html,
        "<caption id=\"chart-respiration-caption\">",
        "</tbody>",
        expect![[r#"
            Respiration, newest first</caption>
            <thead><tr><th scope="col">When</th><th scope="col">Value</th><th scope="col">Known at</th><th scope="col">How</th></tr></thead>
            <tbody>
            <tr><td><time datetime="2026-11-21T06:26:40+01:00" title="21 November 2026 06:26:40 CET"><span class="clock">06:26</span> <span class="age">20 min ago</span></time></td><td class="value">25</td><td>06:28</td><td>in time</td></tr>
            <tr><td><time datetime="2026-11-21T04:56:40+01:00" title="21 November 2026 04:56:40 CET"><span class="clock">04:56</span> <span class="age">1 h 50 min ago</span></time></td><td class="value">22</td><td>04:58</td><td>taken back</td></tr>
            <tr><td><time datetime="2026-11-21T02:56:40+01:00" title="21 November 2026 02:56:40 CET"><span class="clock">02:56</span> <span class="age">3 h 50 min ago</span></time></td><td class="value">21</td><td>05:16</td><td>corrected; before 33, known 02:58</td></tr>"#]],
    );
    check(
        &html,
        "chart-plot\" id=\"chart-respiration\"",
        "<p ",
        expect![[r#"
            tabindex="0" role="group" aria-labelledby="chart-respiration-name"><svg class="chart" width="100%" height="132.0" role="group" aria-label="Respiration in /min, 3 values">
            <title>Respiration in /min, 3 values</title>
            <rect class="band band-normal" x="0" y="57.6" width="100%" height="34.9"><title>scores nothing</title></rect>
            <line class="level" x1="0" x2="100%" y1="101.3" y2="101.3"/><text class="level-word" x="-6" y="101.3" dy="0.35em" text-anchor="end">10</text>
            <line class="level" x1="0" x2="100%" y1="79.5" y2="79.5"/><text class="level-word" x="-6" y="79.5" dy="0.35em" text-anchor="end">15</text>
            <line class="level" x1="0" x2="100%" y1="57.6" y2="57.6"/><text class="level-word" x="-6" y="57.6" dy="0.35em" text-anchor="end">20</text>
            <line class="level" x1="0" x2="100%" y1="35.8" y2="35.8"/><text class="level-word" x="-6" y="35.8" dy="0.35em" text-anchor="end">25</text>
            <line class="level" x1="0" x2="100%" y1="14.0" y2="14.0"/><text class="level-word" x="-6" y="14.0" dy="0.35em" text-anchor="end">30</text>
            <line class="hour" x1="5.09%" x2="5.09%" y1="14.0" y2="110.0"/><text class="hour-word" x="5.09%" y="110.0" dy="1.35em" text-anchor="middle">08:00</text>
            <line class="hour" x1="21.76%" x2="21.76%" y1="14.0" y2="110.0"/><text class="hour-word" x="21.76%" y="110.0" dy="1.35em" text-anchor="middle">12:00</text>
            <line class="hour" x1="38.43%" x2="38.43%" y1="14.0" y2="110.0"/><text class="hour-word" x="38.43%" y="110.0" dy="1.35em" text-anchor="middle">16:00</text>
            <line class="hour" x1="55.09%" x2="55.09%" y1="14.0" y2="110.0"/><text class="hour-word" x="55.09%" y="110.0" dy="1.35em" text-anchor="middle">20:00</text>
            <line class="hour" x1="71.76%" x2="71.76%" y1="14.0" y2="110.0"/><text class="hour-word" x="71.76%" y="110.0" dy="1.35em" text-anchor="middle">21 Nov</text>
            <line class="hour" x1="88.43%" x2="88.43%" y1="14.0" y2="110.0"/><text class="hour-word" x="88.43%" y="110.0" dy="1.35em" text-anchor="middle">04:00</text>
            <svg class="curves" y="14.0" width="100%" height="96.0" viewBox="0 14.0 1000 96.0" preserveAspectRatio="none" overflow="visible" aria-hidden="true">
            <path class="curve curve-main" d="M840.3 53.3L986.1 35.8" vector-effect="non-scaling-stroke"/>
            </svg>
            <svg class="dot dot-corrected" x="84.03%" y="53.3" overflow="visible"><title>02:56 21 /min, corrected: known 05:16; before 33, known 02:58</title><path d="M0-5L5 0L0 5L-5 0z"/></svg>
            <svg class="dot dot-withdrawn" x="92.36%" y="48.9" overflow="visible"><title>04:56 22 /min, taken back 04:58</title><path d="M-4-4l8 8M4-4l-8 8"/></svg>
            <circle class="dot" cx="98.61%" cy="35.8" r="2.5"><title>06:26 25 /min</title></circle>
            <line class="flag-line tone-critical" x1="99.10%" x2="99.10%" y1="14.0" y2="110.0"/>
            <line class="flag-line tone-high" x1="98.61%" x2="98.61%" y1="14.0" y2="110.0"/>
            </svg></div>"#]],
    );
}
