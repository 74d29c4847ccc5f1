//! The rule packs of other stations than the chart's, as what must be known of each to trust it.

use super::OWNER;
use crate::quality;

/// A rule pack that concludes from something else than the chart, or of it beside the workloads.
#[derive(Debug)]
pub struct Beside {
    /// Its name in findings.
    pub name: &'static str,
    /// The rule pack and its version.
    pub rule: &'static str,
    /// What it concludes, in a line.
    pub concludes: &'static str,
    /// Who answers for it.
    pub owner: &'static str,
    /// Where its rules come from.
    pub sources: &'static [&'static str],
    /// What it reads.
    pub reads: &'static [&'static str],
    /// What a late item does.
    pub late_items: &'static str,
}

const WHENEVER: &str =
    "Whenever it comes: what is concluded from all that is known stands in the end.";
const PAYERS: &[&str] = &["requests, claims and answers of X12 and Da Vinci PAS"];

/// All of them.
pub const BESIDE: [Beside; 10] = [
    Beside {
        name: "prior-authorization",
        rule: "authorization-clocks 1.0.0",
        concludes: "How each prior authorization stands, and how much of its time has passed.",
        owner: OWNER,
        sources: &["Rows of data/payer/authorization_clocks.tsv, each with its regulation"],
        reads: PAYERS,
        late_items: WHENEVER,
    },
    Beside {
        name: "claims",
        rule: "claim-life-cycle 1.0.0",
        concludes: "How each claim stands, what is missing by now, and what does not add up.",
        owner: OWNER,
        sources: &[
            "X12 external code list 507 (data/payer/claim_statuses.tsv)",
            "Rows of data/payer/step_clocks.tsv, each with its regulation",
        ],
        reads: PAYERS,
        late_items: WHENEVER,
    },
    Beside {
        name: "eligibility",
        rule: "coverage-on-the-day 1.0.0",
        concludes: "Whether a member was covered on the day of a visit.",
        owner: OWNER,
        sources: &["Rows of data/payer/step_clocks.tsv, each with its regulation"],
        reads: PAYERS,
        late_items: WHENEVER,
    },
    Beside {
        name: "claim-integrity",
        rule: "claim-signals 1.0.0",
        concludes: "What a person should look at before a claim is paid: duplicates, impossible places, edits of the site.",
        owner: OWNER,
        sources: &[
            "Rows of data/payer/duplicates.tsv and outpatient_places.tsv",
            "The site's own edits",
        ],
        reads: PAYERS,
        late_items: WHENEVER,
    },
    Beside {
        name: "care-management",
        rule: "panel-visits 1.0.0",
        concludes: "That a member of a panel is in an emergency department or admitted, and whether somebody saw them afterwards.",
        owner: OWNER,
        sources: &["NCQA, HEDIS FMC by its public summary (seven days after an emergency visit)"],
        reads: &["flags of panels", "visits"],
        late_items: "Whenever it comes: a notice more than 12 hours late says so and stays low.",
    },
    Beside {
        name: "provider-integrity",
        rule: "provider-days 1.0.0",
        concludes: "Days of a provider on which more time is claimed, of all members together, than is likely or can be.",
        owner: OWNER,
        sources: &[
            "The site's own minutes of services",
            "Fang and Gong, American Economic Review 107(2), 2017, pages 562 to 591",
        ],
        reads: &["claims of all members of a provider"],
        late_items: WHENEVER,
    },
    Beside {
        name: "provider-peers",
        rule: "visit-levels 1.0.0",
        concludes: "Providers whose visits are of higher levels than those of others of their specialty.",
        owner: OWNER,
        sources: &[
            "The site's own levels of visits",
            "Iglewicz and Hoaglin, How to Detect and Handle Outliers, ASQC 1993 (modified z-score above 3.5)",
        ],
        reads: &["claims of all members of the providers of a specialty"],
        late_items: WHENEVER,
    },
    Beside {
        name: "emergency",
        rule: "emergency 1.0.0",
        concludes: "Clocks of visits to emergency departments that come near their limit or go beyond it.",
        owner: OWNER,
        sources: &["CMS1244, Emergency Care Access & Timeliness (data/ed_clocks.tsv)"],
        reads: &["visits", "signs of care in them"],
        late_items: WHENEVER,
    },
    Beside {
        name: "care-gaps",
        rule: "the published library of each measure",
        concludes: "Where patients stand in electronic quality measures, and what is still to be done.",
        owner: OWNER,
        sources: &["Centers for Medicare & Medicaid Services, QI-Core content of 2024"],
        reads: &["all resources that the value sets of the measures name"],
        late_items: "Whenever it comes: a gap that was closed may open again, until its year is settled.",
    },
    Beside {
        name: quality::WORKLOAD,
        rule: quality::RULE,
        concludes: "That a value could not be used, once for a patient, a parameter and a reason in a while.",
        owner: OWNER,
        sources: &["The rules of plausibility that the site has set"],
        reads: &["what any workload reads"],
        late_items: "It is said of the value's own time.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payer::RULES;

    #[test]
    fn payer_packs_are_those_that_run() {
        let run = RULES.iter().map(|rule| (rule.name, rule.rule));
        let told = BESIDE.iter().map(|pack| (pack.name, pack.rule));
        assert!(run.eq(told.take(RULES.len())));
    }
}
