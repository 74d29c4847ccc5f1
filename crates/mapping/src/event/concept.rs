//! Concepts and amounts of FHIR in the words of `clinical`.

use std::borrow::Cow;

use clinical::quantity::Decimal;
use clinical::{Code, Comparator, Quantity, System, Value};
use formats::fhir::read::Malformed;
use formats::fhir::view::observation::ValueView;
use formats::fhir::view::{ConceptView, QuantityView};

/// Reads every coding of a concept; where there is none, its words alone.
pub(super) fn codes(concept: Option<ConceptView<'_>>) -> Result<Vec<Code>, Malformed> {
    let Some(concept) = concept else {
        return Ok(Vec::new());
    };
    let mut codes = Vec::with_capacity(2);
    for coding in concept.codings()? {
        let coding = coding?;
        let display = if coding.display.is_empty() {
            concept.text()?
        } else {
            coding.display
        };
        codes.push(Code {
            system: System::from_uri(&coding.system),
            code: boxed(coding.code),
            display: boxed(display),
        });
    }
    if codes.is_empty() {
        codes.extend(words(concept.text()?));
    }
    Ok(codes)
}

/// Makes a code of words alone.
pub(super) fn words(text: Cow<'_, str>) -> Option<Code> {
    (!text.is_empty()).then(|| Code {
        system: System::Other("".into()),
        code: "".into(),
        display: boxed(text),
    })
}

/// Reads a result.
pub(super) fn value(view: ValueView<'_>) -> Result<Option<Value>, Malformed> {
    let text = match view {
        ValueView::Quantity(amount) => return Ok(quantity(&amount)),
        ValueView::Concept(concept) => {
            let codes = codes(Some(concept))?;
            return Ok((!codes.is_empty()).then_some(Value::Coded(codes)));
        }
        ValueView::Text(text) => boxed(text),
        ValueView::Integer(digits) => {
            return Ok(quantity(&QuantityView {
                value: Some(digits),
                ..QuantityView::default()
            }));
        }
        ValueView::Boolean(said) => said.to_string().into(),
        ValueView::Range { low, high } => between(&amount_words(&low), " - ", &amount_words(&high)),
        ValueView::Ratio {
            numerator,
            denominator,
        } => between(&amount_words(&numerator), ":", &amount_words(&denominator)),
        ValueView::Period(period) => between(&period.start, " - ", &period.end),
        ValueView::Other(_) => return Ok(None),
    };
    Ok((!text.is_empty()).then_some(Value::Text(text)))
}

/// Reads an amount; one whose digits or comparator we cannot hold exactly stays as words.
pub(super) fn quantity(amount: &QuantityView<'_>) -> Option<Value> {
    let digits = amount.value?.digits();
    let exact = if digits.contains(['e', 'E']) {
        Decimal::from_scientific(digits).ok()
    } else {
        Decimal::from_str_exact(digits).ok()
    };
    let comparator = Comparator::parse(&amount.comparator);
    let understood = comparator.is_some() || amount.comparator.is_empty();
    Some(match exact.filter(|_| understood) {
        Some(value) => Value::Quantity(Quantity {
            comparator,
            value,
            unit: amount.unit_or_code().into(),
        }),
        None => Value::Text(amount_words(amount).into()),
    })
}

fn amount_words(amount: &QuantityView<'_>) -> String {
    let digits = amount.value.map_or("", |digits| digits.digits());
    let unit = amount.unit_or_code();
    let space = if digits.is_empty() || unit.is_empty() {
        ""
    } else {
        " "
    };
    format!("{}{digits}{space}{unit}", amount.comparator)
}

fn between(from: &str, mark: &str, to: &str) -> Box<str> {
    if from.is_empty() && to.is_empty() {
        "".into()
    } else {
        format!("{from}{mark}{to}").trim().into()
    }
}

pub(super) fn boxed(text: Cow<'_, str>) -> Box<str> {
    text.into_owned().into()
}
