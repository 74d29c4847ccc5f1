//! The scenarios of the project, as they lie in its folder.

/// Each by its name.
pub(super) const FILES: [(&str, &str); 32] = [
    (
        "backfill-pages-nobody",
        include_str!("../../../../scenarios/backfill-pages-nobody.scenario"),
    ),
    (
        "critical-bounds",
        include_str!("../../../../scenarios/critical-bounds.scenario"),
    ),
    (
        "critical-cancelled",
        include_str!("../../../../scenarios/critical-cancelled.scenario"),
    ),
    (
        "critical-corrected",
        include_str!("../../../../scenarios/critical-corrected.scenario"),
    ),
    (
        "critical-potassium",
        include_str!("../../../../scenarios/critical-potassium.scenario"),
    ),
    (
        "critical-unknown-unit",
        include_str!("../../../../scenarios/critical-unknown-unit.scenario"),
    ),
    (
        "deterioration-child",
        include_str!("../../../../scenarios/deterioration-child.scenario"),
    ),
    (
        "deterioration-corrected",
        include_str!("../../../../scenarios/deterioration-corrected.scenario"),
    ),
    (
        "deterioration-death",
        include_str!("../../../../scenarios/deterioration-death.scenario"),
    ),
    (
        "deterioration-entered-in-error",
        include_str!("../../../../scenarios/deterioration-entered-in-error.scenario"),
    ),
    (
        "deterioration-happy-path",
        include_str!("../../../../scenarios/deterioration-happy-path.scenario"),
    ),
    (
        "deterioration-implausible",
        include_str!("../../../../scenarios/deterioration-implausible.scenario"),
    ),
    (
        "deterioration-late-vital",
        include_str!("../../../../scenarios/deterioration-late-vital.scenario"),
    ),
    (
        "deterioration-oxygen-carried",
        include_str!("../../../../scenarios/deterioration-oxygen-carried.scenario"),
    ),
    (
        "deterioration-scale-2",
        include_str!("../../../../scenarios/deterioration-scale-2.scenario"),
    ),
    (
        "deterioration-stale-set",
        include_str!("../../../../scenarios/deterioration-stale-set.scenario"),
    ),
    (
        "deterioration-too-late",
        include_str!("../../../../scenarios/deterioration-too-late.scenario"),
    ),
    (
        "infection-suspected",
        include_str!("../../../../scenarios/infection-suspected.scenario"),
    ),
    (
        "kidney-creatinine-doubles",
        include_str!("../../../../scenarios/kidney-creatinine-doubles.scenario"),
    ),
    (
        "merge-john-doe",
        include_str!("../../../../scenarios/merge-john-doe.scenario"),
    ),
    (
        "observations-overdue",
        include_str!("../../../../scenarios/observations-overdue.scenario"),
    ),
    (
        "observations-taken-late",
        include_str!("../../../../scenarios/observations-taken-late.scenario"),
    ),
    (
        "sepsis-3-by-platelets",
        include_str!("../../../../scenarios/sepsis-3-by-platelets.scenario"),
    ),
    (
        "sepsis-bundle-corrected",
        include_str!("../../../../scenarios/sepsis-bundle-corrected.scenario"),
    ),
    (
        "sepsis-bundle-met",
        include_str!("../../../../scenarios/sepsis-bundle-met.scenario"),
    ),
    (
        "sepsis-bundle-missed",
        include_str!("../../../../scenarios/sepsis-bundle-missed.scenario"),
    ),
    (
        "sepsis-bundle-shock",
        include_str!("../../../../scenarios/sepsis-bundle-shock.scenario"),
    ),
    (
        "sepsis-cancelled-culture",
        include_str!("../../../../scenarios/sepsis-cancelled-culture.scenario"),
    ),
    (
        "sepsis-late-vital",
        include_str!("../../../../scenarios/sepsis-late-vital.scenario"),
    ),
    (
        "sepsis-no-infection",
        include_str!("../../../../scenarios/sepsis-no-infection.scenario"),
    ),
    (
        "sepsis-onset-known-later",
        include_str!("../../../../scenarios/sepsis-onset-known-later.scenario"),
    ),
    (
        "shock-index-rises",
        include_str!("../../../../scenarios/shock-index-rises.scenario"),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_scenario_is_left_out() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios");
        let entries = std::fs::read_dir(folder).expect("the folder is part of the project");
        let mut found: Vec<String> = entries
            .map(|entry| entry.expect("its files can be listed").file_name())
            .filter_map(|name| Some(name.to_str()?.strip_suffix(".scenario")?.to_owned()))
            .collect();
        found.sort();
        let known = FILES.map(|(name, _)| name);
        assert_eq!(known.as_slice(), found);
    }
}
