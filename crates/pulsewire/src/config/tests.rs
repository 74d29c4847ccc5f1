//! What a person who writes a configuration sees.

use std::collections::BTreeSet;

use expect_test::{Expect, expect};

use super::*;

fn check(text: &str, expected: Expect) {
    let told = match parse(text) {
        Ok(_) => "valid".to_owned(),
        Err(problems) => problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
    };
    expected.assert_eq(&told);
}

#[test]
fn the_defaults_are_valid_and_all_of_them_are_read() {
    let (config, unread) = reader::unread_defaults(DEFAULTS, |text| parse(text).unwrap());
    assert_eq!(config, defaults());
    assert_eq!(unread, Vec::<String>::new());
}

#[test]
fn an_empty_file_is_the_defaults() {
    let config = defaults();
    assert_eq!(config.journal.partitions, 12);
    assert_eq!(config.mllp.frame_size, 16 << 20);
    assert_eq!(config.mllp.idle_timeout, None);
    assert_eq!(config.mllp.tls, None);
    assert_eq!(config.delivery.keys().collect::<Vec<_>>(), ["console"]);
}

#[test]
fn a_name_of_ones_own_takes_what_it_does_not_say_from_the_default() {
    let config = parse(
        "[source.lab]\nsending_application = \"LIS\"\nzone = \"Europe/Berlin\"\n\
         [delivery.pager]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/x\"\nfrom_severity = \"high\"\n",
    )
    .unwrap();
    assert!(config.sources["lab"].authorities.is_empty());
    assert_eq!(config.sources["lab"].charset, "UTF-8");
    assert_eq!(config.sources["lab"].zone, "Europe/Berlin");
    assert_eq!(config.delivery["pager"].from_severity, Severity::High);
    assert_eq!(config.delivery["pager"].retry_first, Duration::from_secs(2));
}

#[test]
fn every_mistake_is_told_with_its_line() {
    check(
        "[journal]\npartitons = 3\nretention = \"soon\"\n\n[intake.mllp]\nlisten = 2575\n[delivry.console]\n\
         [source.lab]\nauthorities = [\"EAST\"]\n[delivery.x]\nkind = \"fax\"\n",
        expect![[r#"
            line 2: there is no setting `journal.partitons`
                hint: did you mean `partitions`?
            line 3: journal.retention is not what it should be
                hint: give a duration of at least "1h", in ms, s, m, h or d
            line 6: intake.mllp.listen is not what it should be
                hint: give an address with a port such as "127.0.0.1:2575"
            line 7: there is no setting `delivry`
                hint: did you mean `delivery`?
            line 9: source.lab.authorities is not what it should be
                hint: give a list such as ["http://hospital.example/mrn = EAST"]
            line 10: delivery.x.url is no http or https address
                hint: such as "https://pager.example/alerts"
            line 11: delivery.x.kind is not what it should be
                hint: give one of "console", "webhook""#]],
    );
}

#[test]
fn a_rule_in_place_of_the_model_needs_the_name_of_who_approved_it() {
    let table = "[workloads.sepsis-risk]\nenabled = true\nscore = \"rule\"\n";
    check(
        table,
        expect![[r#"
            line 1: workloads.sepsis-risk.approved_by is empty, and the score is not the model's
                hint: name the person who approved it, such as approved_by = "A. Okafor, chief medical officer""#]],
    );
    check(
        &format!("{table}approved_by = \"  \"\n"),
        expect![[r#"
            line 4: workloads.sepsis-risk.approved_by is empty, and the score is not the model's
                hint: name the person who approved it, such as approved_by = "A. Okafor, chief medical officer""#]],
    );
    let config = parse(&format!("{table}approved_by = \"A. Okafor\"\n")).unwrap();
    assert_eq!(config.workloads.risk_score.word(), "rule");
    assert_eq!(config.workloads.risk_approved_by, "A. Okafor");
    assert!(
        config.workloads.risk_watched,
        "the model is watched all the same"
    );
    assert!(
        !defaults().workloads.risk_watched,
        "what does not run is not watched"
    );
    let unwatched = parse("[workloads.sepsis-risk]\nenabled = true\nwatch = false\n");
    assert!(!unwatched.unwrap().workloads.risk_watched);
}

#[test]
fn broken_toml_is_told_with_its_line() {
    check(
        "[journal\ndirectory = 'x'\n",
        expect![[r#"
        line 1: this is not TOML: unclosed table, expected `]`
            hint: tables stand in [brackets], settings are `name = value`, words stand in "quotes""#]],
    );
}

#[test]
fn what_is_given_twice_is_named() {
    check(
        "[log]\nlevel = \"info\"\nlevel = \"secret\"\n",
        expect![[r#"
        line 3: this is not TOML: duplicate key: `level`
            hint: tables stand in [brackets], settings are `name = value`, words stand in "quotes""#]],
    );
    check(
        "[log]\n\n[intake.mllp]\n[log]\n",
        expect![[r#"
        line 4: this is not TOML: duplicate key: `[log]`
            hint: tables stand in [brackets], settings are `name = value`, words stand in "quotes""#]],
    );
}

#[test]
fn a_path_has_no_variables() {
    check(
        "[journal]\ndirectory = \"${PULSEWIRE_DATA}\"\n[intake.mqtt]\npassword_file = \"${HOME}/pw\"\n",
        expect![[r#"
        line 2: journal.directory holds a variable, and none is replaced
            hint: write the path itself: a configuration has no variables
        line 4: intake.mqtt.password_file holds a variable, and none is replaced
            hint: write the path itself: a configuration has no variables"#]],
    );
}

#[test]
fn each_named_file_must_be_there_to_run_by() {
    let text = "[source.ehr]\n[subscription.ehr]\nserver = \"https://ehr.example\"\ntoken_file = \"/no/a\"\n\
        [intake.mqtt]\nbroker = \"mqtts://b\"\nuser = \"u\"\npassword_file = \"/no/b\"\n\
        [schema_registry]\nurl = \"https://r.example\"\nuser = \"u\"\npassword_file = \"/no/c\"\nca = \"/no/d\"\n\
        [kafka]\nbrokers = \"k:9093\"\n[kafka.tls]\nenabled = true\nca = \"/no/e\"\ncertificate = \"/no/f\"\nkey = \"/no/g\"\n\
        [kafka.login]\nmechanism = \"plain\"\nuser = \"u\"\npassword_file = \"/no/h\"\n[files.a]\ndirectory = \"/no/i\"\n";
    let problems = parse_looking_at_files(text).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    for file in ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] {
        let words = format!("names /no/{file}, and there is no such file");
        let found = told
            .iter()
            .filter(|told| told.contains(&words) && told.starts_with("line "));
        assert_eq!(found.count(), 1, "{file}: {told:?}");
    }
    let folder = parse_looking_at_files("[files.a]\ndirectory = \"/no/i\"\n").unwrap();
    assert_eq!(folder.warnings.len(), 1, "{:?}", folder.warnings);
}

#[test]
fn half_of_tls_is_refused() {
    check(
        "[intake.mllp.tls]\ncertificate = 'a.pem'\n",
        expect![[r#"
        line 2: intake.mllp.tls.certificate is only half of what TLS needs
            hint: TLS needs both certificate and key; client_ca only goes with them"#]],
    );
}

#[test]
fn the_codes_of_a_source_stand_in_a_file_or_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codes.tsv");
    std::fs::write(&path, "OBX-3\tK\thttp://loinc.org\t2823-3\tPotassium\n").unwrap();
    let lab = "[source.lab]\nsending_application = \"LIS\"\n";
    let file = parse(&format!("{lab}codes = {:?}\n", path.display().to_string())).unwrap();
    let table = "[[source.lab.codes]]\nwhere = \"OBX-3\"\nfrom = \"K\"\nsystem = \"http://loinc.org\"\ncode = \"2823-3\"\ndisplay = \"Potassium\"\n";
    let tables = parse(&format!("{lab}{table}")).unwrap();
    assert_eq!(file.sources["lab"].codes.len(), 1);
    assert_eq!(file.sources["lab"].codes, tables.sources["lab"].codes);
    assert!(tables.sources["default"].codes.is_empty());

    std::fs::write(&path, "OBX-3\tK\n").unwrap();
    let told = parse(&format!("{lab}codes = {:?}\n", path.display().to_string())).unwrap_err();
    let told = told[0]
        .to_string()
        .replace(&path.display().to_string(), "codes.tsv");
    expect![[r#"
        line 3: codes.tsv, line 1: the row has 2 of 5 cells
            hint: write where, from, system, code and display, separated by tabs"#]]
    .assert_eq(&told);
}

#[test]
fn every_mistake_of_a_code_is_told_with_its_line() {
    check(
        "[source.default]\ncodes = 7\n",
        expect![[r#"
        line 2: source.default.codes is not what it should be
            hint: give the name of a file, or write [[source.default.codes]] tables with where, from, system, code and display"#]],
    );
    check(
        "[source.default]\ncodes = \"/nowhere/codes.tsv\"\n",
        expect![[r#"
            line 2: /nowhere/codes.tsv cannot be read: No such file or directory (os error 2)
                hint: name a file of rows: where, from, system, code and display, separated by tabs"#]],
    );
    check(
        "[[source.default.codes]]\nwhere = \"OBX-3\"\nform = \"K\"\ncode = 1\n\
         [[source.default.codes]]\nfrom = \"K\"\nsystem = \"LN\"\ncode = \"2823-3\"\n\
         [[source.default.codes]]\nwhere = \"potassium\"\n",
        expect![[r#"
            line 3: a code has no `form`
                hint: did you mean `from`?
            line 4: the `code` of a code is not what it should be
                hint: give words in quotes
            line 5: `LN` is no URI of a coding system
                hint: give the system's URI, such as http://loinc.org or http://snomed.info/sct
            line 9: `potassium` is no place of a code
                hint: name a field such as OBX-3, an HL7 table such as 0078, or * for any coded field"#]],
    );
    check(
        "[[source.default.codes]]\nfrom = \"K\"\nsystem = \"http://loinc.org\"\ncode = \"2823-3\"\n\
         [[source.default.codes]]\nfrom = \"K\"\nsystem = \"http://loinc.org\"\ncode = \"6298-4\"\n",
        expect![[r#"
            line 5: `K` has a meaning at * already
                hint: leave one of the two rows"#]],
    );
}

#[test]
fn the_authorities_of_a_source_are_systems_and_what_they_are() {
    let config = parse(
        "[source.ehr]\nauthorities = [\"http://east.example/mrn = EAST\", \"urn:x?a=b=W\"]\n[intake.http]\nlisten = \"\"\n",
    )
    .unwrap();
    let told = &config.sources["ehr"].authorities;
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let expected = [
        pair("http://east.example/mrn", "EAST"),
        pair("urn:x?a=b", "W"),
    ];
    assert_eq!(told[..], expected);
    assert_eq!(config.http.listen, None);
}

#[test]
fn what_is_done_with_invalid_resources_is_said_by_type() {
    let config =
        parse("[validation.default]\nmode = \"reject\"\n[validation.Patient]\nmode = \"off\"\n");
    let validation = config.unwrap().validation;
    assert_eq!(validation.default, Mode::Reject);
    assert_eq!(
        validation.by_type.into_iter().collect::<Vec<_>>(),
        [("Patient".to_owned(), Mode::Off)]
    );
    check(
        "[validation.patient]\nmode = \"off\"\n[validation.Observation]\nmode = \"drop\"\n",
        expect![[r#"
            line 2: validation.patient.mode is for no resource of FHIR R4
                hint: name a resource type as FHIR writes it, such as [validation.Observation]
            line 4: validation.Observation.mode is not what it should be
                hint: give one of "off", "warn", "reject""#]],
    );
}

#[test]
fn the_password_of_a_registry_goes_only_where_nobody_reads_it() {
    let check = |url: &str, user: bool, expected: Expect| {
        let user = if user {
            "user = \"u\"\npassword_file = \"p\"\n"
        } else {
            ""
        };
        let told = match parse(&format!("[schema_registry]\nurl = \"{url}\"\n{user}")) {
            Ok(_) => "fine".to_owned(),
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
        };
        expected.assert_eq(&told);
    };
    check("https://registry.example", true, expect!["fine"]);
    check("http://127.0.0.1:8081", true, expect!["fine"]);
    check("http://registry.example", false, expect!["fine"]);
    check(
        "http://registry.example",
        true,
        expect![[r#"
        line 2: schema_registry.url would send the password where everybody on the network can read it
            hint: take https; http with a user only goes to this machine"#]],
    );
    check(
        "https://u:p@registry.example",
        false,
        expect![[r#"
        line 2: schema_registry.url holds a user
            hint: set user and password_file instead: addresses stand in logs"#]],
    );
    check(
        "registry.example",
        false,
        expect![[r#"
        line 2: schema_registry.url is no http or https address
            hint: such as "https://registry.example", or empty for Pulsewire's own"#]],
    );
}

#[test]
fn what_cannot_be_true_is_dealt_with_by_rule_and_by_source() {
    use clinical::plausible::{Action, Reason};
    let config = parse(
        "[plausibility.default]\naction = \"pass\"\n[plausibility.zero-value]\naction = \"quarantine\"\nflag_sources = \"ICU ED\"\n[source.ICU]\n[source.ED]\n",
    );
    let policy = config.unwrap().plausibility.policy;
    assert_eq!(policy.action("ICU", Reason::UnknownUnit), Action::Pass);
    assert_eq!(policy.action("LAB", Reason::ZeroValue), Action::Quarantine);
    assert_eq!(policy.action("ED", Reason::ZeroValue), Action::Flag);
    assert_eq!(policy.action("ED", Reason::FromFuture), Action::Quarantine);
    check(
        "[plausibility.zero]\naction = \"flag\"\n[plausibility.from-future]\naction = \"flag\"\n",
        expect![[r#"
            line 2: plausibility.zero.action is for a rule that there is not
                hint: name one of impossible-value, implausible-value, zero-value, unknown-unit, missing-unit, unfit-unit, unparsed-value, from-future, before-birth, too-long-ago, issued-before-effective
            line 4: plausibility.from-future.action cannot let the future pass
                hint: give "quarantine" or "reject": what has not happened yet would move time for everybody"#]],
    );
}

#[test]
fn nothing_is_held_back_unless_a_site_says_so() {
    let policy = crate::pipeline::policy(&defaults());
    assert!(policy.acting_for.is_zero() && policy.roll_up_within.is_zero());
    assert_eq!(policy.budget, 0);
    let site = parse(
        "[alerts]\nhold_while_acting = \"12h\"\nroll_up_within = \"1h\"\nbudget_per_100_patient_days = 10000\n",
    );
    let site = site.unwrap();
    assert!(site.workloads.enabled.contains("team-actions"));
    let policy = crate::pipeline::policy(&site);
    assert_eq!(
        policy.acting_for,
        std::time::Duration::from_secs(12 * 60 * 60)
    );
    assert_eq!(
        policy.roll_up_within,
        std::time::Duration::from_secs(60 * 60)
    );
    assert_eq!(policy.budget, 10_000);
    assert!(parse("[alerts]\nbudget_per_100_patient_days = 10001\n").is_err());
}

#[test]
fn the_sepsis_bundle_asks_for_the_limit_of_fever() {
    let said = |text: &str| match parse(text) {
        Ok(config) => format!("{:?}", config.workloads.bundle.fever),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    };
    let with = |more: &str| {
        said(&format!(
            "[workloads.sepsis-bundle]\nenabled = true\n{more}"
        ))
    };
    assert!(
        with("").starts_with(
            "line 1: workloads.sepsis-bundle.fever_above is not set, and has no default"
        )
    );
    assert_eq!(with("fever_above = \"38.3\""), "Some(38.3)");
    assert_eq!(with("fever_above = \"37.5\""), "Some(37.5)");
    assert_eq!(with("fever_above = \"40.0\""), "Some(40.0)");
    for wrong in ["37.4", "40.1", "101", "high"] {
        let told = with(&format!("fever_above = \"{wrong}\""));
        assert!(
            told.contains("fever_above is not what it should be"),
            "{told}"
        );
    }
    let wrong = with("fever_above = \"38.3\"\ntime_zero = \"arrival\"");
    assert!(
        wrong.contains("name one or more of: documented criteria orders"),
        "{wrong}"
    );
}

#[test]
fn a_workload_that_has_still_to_prove_itself_runs_where_a_site_says_so() {
    let started: BTreeSet<&str> = workloads::WORKLOADS
        .iter()
        .filter(|workload| workload.starts)
        .map(|workload| workload.name)
        .collect();
    assert_eq!(defaults().workloads.enabled, started);
    let site = parse("[workloads.sepsis-3]\nenabled = true\n[workloads.sepsis]\nenabled = false\n");
    let enabled = site.unwrap().workloads.enabled;
    assert_eq!(
        enabled,
        [
            "critical-cultures",
            "critical-results",
            "deterioration",
            "sepsis-3"
        ]
        .into()
    );
    check(
        "[workloads.kidney-injry]\nenabled = true\n",
        expect![[r#"
            line 1: there is no setting `workloads.kidney-injry`
                hint: did you mean `kidney-injury`?"#]],
    );
}
