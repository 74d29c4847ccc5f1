//! Whether a remittance adds up: each claim, each service line, and the payment.

use formats::x12::{Guide, Loop, Segment, Set, loops};

use super::value;

/// Something in a remittance that does not add up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceIssue {
    /// What it is.
    pub code: BalanceIssueCode,
    /// The segment that states the amount, counted from 1 in the file.
    pub segment: u32,
    /// The amount that is stated, in the smallest unit that any of its amounts has.
    pub stated: i128,
    /// What the others add up to, in the same unit.
    pub found: i128,
}

/// Names what can fail to add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BalanceIssueCode {
    /// An amount is not a number, or has more than nine places.
    AmountInvalid,
    /// CLP03 is not CLP04 and all adjustments of the claim and its lines.
    ClaimUnbalanced,
    /// SVC02 is not SVC03 and the adjustments of the line, though the line has adjustments.
    LineUnbalanced,
    /// BPR02 is not the sum of CLP04 less the sum of PLB.
    PaymentUnbalanced,
}

impl BalanceIssueCode {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::AmountInvalid,
        Self::ClaimUnbalanced,
        Self::LineUnbalanced,
        Self::PaymentUnbalanced,
    ];

    /// Gives the name that configuration and metrics use; it never changes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AmountInvalid => "amount-invalid",
            Self::ClaimUnbalanced => "claim-unbalanced",
            Self::LineUnbalanced => "line-unbalanced",
            Self::PaymentUnbalanced => "payment-unbalanced",
        }
    }
}

/// The places that amounts are counted in.
const PLACES: usize = 9;

/// Says what of a remittance does not add up; nothing of other sets. It is for a whole set: a member's part has not all of its claims.
///
/// A line whose adjustments are told with the claim cannot balance on its own: one without any is not looked at.
pub fn balance(set: &Set<'_, '_>) -> Vec<BalanceIssue> {
    let Some(tree) = loops(set).filter(|tree| tree.guide() == Guide::Remittance) else {
        return Vec::new();
    };
    let mut scales = Scales::default();
    let mut paid = 0_i128;
    for claim in tree.all("2100") {
        let Some(head) = claim.first("CLP") else {
            continue;
        };
        let mut adjusted = scales.adjustments(claim);
        for line in claim.below("2110") {
            let own = scales.adjustments(line);
            adjusted = adjusted.saturating_add(own);
            if line.first("CAS").is_some()
                && let Some(service) = line.first("SVC")
            {
                let (charge, part) = (scales.amount(service, 2), scales.amount(service, 3));
                let found = part.saturating_add(own);
                scales.weigh(BalanceIssueCode::LineUnbalanced, service, charge, found);
            }
        }
        let (charge, part) = (scales.amount(head, 3), scales.amount(head, 4));
        let found = part.saturating_add(adjusted);
        scales.weigh(BalanceIssueCode::ClaimUnbalanced, head, charge, found);
        paid = paid.saturating_add(part);
    }
    let root = tree.root();
    for settled in root.each("PLB") {
        for element in (4..=14).step_by(2) {
            paid = paid.saturating_sub(scales.amount(settled, element));
        }
    }
    if let Some(payment) = root.first("BPR") {
        let stated = scales.amount(payment, 2);
        scales.weigh(BalanceIssueCode::PaymentUnbalanced, payment, stated, paid);
    }
    scales.issues
}

#[derive(Default)]
struct Scales {
    issues: Vec<BalanceIssue>,
}

impl Scales {
    fn adjustments(&mut self, of: Loop<'_, '_, '_>) -> i128 {
        let mut sum = 0_i128;
        for segment in of.each("CAS") {
            for element in (3..=18).step_by(3) {
                sum = sum.saturating_add(self.amount(segment, element));
            }
        }
        sum
    }

    /// Reads an amount; nothing is zero, and what is no number is an issue.
    fn amount(&mut self, segment: &Segment<'_>, element: usize) -> i128 {
        let element = segment.element(element);
        if element.is_empty() {
            return 0;
        }
        let found = value::number(&element.text()).and_then(|digits| scaled(&digits));
        found.unwrap_or_else(|| {
            self.issues.push(BalanceIssue {
                code: BalanceIssueCode::AmountInvalid,
                segment: segment.number(),
                stated: 0,
                found: 0,
            });
            0
        })
    }

    fn weigh(&mut self, code: BalanceIssueCode, segment: &Segment<'_>, stated: i128, found: i128) {
        if stated != found {
            self.issues.push(BalanceIssue {
                code,
                segment: segment.number(),
                stated,
                found,
            });
        }
    }
}

/// Gives a number in units of nine places behind the point.
fn scaled(digits: &str) -> Option<i128> {
    let (sign, rest) = match digits.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, digits),
    };
    let (whole, part) = rest.split_once('.').unwrap_or((rest, ""));
    if part.len() > PLACES || whole.len() > 18 {
        return None;
    }
    let all = format!("{whole}{part:0<PLACES$}");
    let number: i128 = all.parse().ok()?;
    Some(sign * number)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use formats::x12;

    use super::*;

    fn check(text: &str, expected: Expect) {
        let file = x12::read(text.as_bytes());
        let issues: Vec<_> = file.sets().flat_map(|set| balance(&set)).collect();
        let shown: Vec<_> = issues
            .iter()
            .map(|one| {
                format!(
                    "{} {} {} {}",
                    one.code.word(),
                    one.segment,
                    one.stated,
                    one.found
                )
            })
            .collect();
        expected.assert_eq(&shown.join("\n"));
    }

    #[test]
    fn a_remittance_adds_up_or_is_told() {
        let good = "ST*835*1~BPR*I*151.27~LX*1~CLP*A*1*200*100~CAS*CO*45*40~SVC*HC:1*150*100~CAS*PR*1*50.00~CLP*B*1*50*50~PLB*1*20260101*CV:CP*-1.27~SE*9*1~";
        check(
            good,
            expect!["claim-unbalanced 4 200000000000 190000000000"],
        );
        let off = good.replace("CO*45*40", "CO*45*40.01");
        check(
            &off,
            expect!["claim-unbalanced 4 200000000000 190010000000"],
        );
        let line = good.replace("SVC*HC:1*150", "SVC*HC:1*160");
        check(
            &line,
            expect![[r#"
                line-unbalanced 6 160000000000 150000000000
                claim-unbalanced 4 200000000000 190000000000"#]],
        );
        let payment = good.replace("I*151.27", "I*151.28");
        check(
            &payment,
            expect![[r#"
                claim-unbalanced 4 200000000000 190000000000
                payment-unbalanced 2 151280000000 151270000000"#]],
        );
        let text = good.replace("CO*45*40", "CO*45*X");
        check(
            &text,
            expect![[r#"
                amount-invalid 5 0 0
                claim-unbalanced 4 200000000000 150000000000"#]],
        );
    }

    #[test]
    fn what_was_reversed_is_negative() {
        check(
            "ST*835*1~BPR*I*0~LX*1~CLP*A*22*-200*-150~CAS*CO*45*-50~CLP*A*1*200*150~CAS*CO*45*50~SE*8*1~",
            expect![[""]],
        );
    }

    #[test]
    fn other_sets_are_not_weighed() {
        check("ST*270*1~SE*2*1~", expect![[""]]);
    }

    #[test]
    fn places_are_limited() {
        let of = |digits: &str| scaled(digits).is_some();
        assert!(of("0.12345678") && of("0.123456789") && !of("0.1234567890"));
        assert!(of(&"1".repeat(18)) && !of(&"1".repeat(19)));
    }
}
