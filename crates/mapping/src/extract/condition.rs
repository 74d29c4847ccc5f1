//! When a row makes a resource or an element: tests of single columns.

use formats::fhir::json::Number;

use super::Problem;
use super::columns::Columns;
use super::plan::{ConditionPlan, Decimal};

/// A test of one column.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    column: usize,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    OneOf(Vec<String>),
    Not(String),
    Present(bool),
    Number(bool, Decimal),
}

impl Condition {
    pub(super) fn new(
        plan: &ConditionPlan,
        columns: &Columns<'_>,
        decimal: Decimal,
        at: &str,
    ) -> Result<Self, Problem> {
        let mut tests = Vec::new();
        tests.extend(
            plan.equals
                .iter()
                .map(|value| Test::OneOf(vec![value.clone()])),
        );
        tests.extend(plan.not.iter().map(|value| Test::Not(value.clone())));
        if !plan.one_of.is_empty() {
            tests.push(Test::OneOf(plan.one_of.clone()));
        }
        tests.extend(plan.present.map(Test::Present));
        tests.extend(plan.number.map(|wanted| Test::Number(wanted, decimal)));
        let [test] = tests.as_slice() else {
            let what = "a condition says one thing of its column";
            let hint = "give exactly one of equals, not, one_of, present and number; several conditions must all hold";
            return Err(Problem::new(at, what, hint));
        };
        Ok(Self {
            column: columns.find(&plan.column, at)?,
            test: test.clone(),
        })
    }

    /// Tells whether a row passes; `fields` gives nothing for what is empty.
    pub(super) fn holds<'r>(&self, fields: impl Fn(usize) -> Option<&'r str>) -> bool {
        let value = fields(self.column);
        match &self.test {
            Test::OneOf(wanted) => wanted.iter().any(|one| value.unwrap_or_default() == one),
            Test::Not(unwanted) => value.unwrap_or_default() != unwanted,
            Test::Present(wanted) => value.is_some() == *wanted,
            Test::Number(wanted, decimal) => {
                let number = value.and_then(|text| decimal.pointed(text));
                number.is_some_and(|text| Number::parse(&text).is_some()) == *wanted
            }
        }
    }
}
