//! A FHIR resource, reduced to what quality measures ask of it.

mod encounter;

mod observation;

mod supply;

mod said;

pub mod value_set;

use clinical::unit::Unit;
use clinical::{
    CareDetail, CareFact, CareGender, CareStatus, CareValue, Decimal, Members, Moment, ValueSets,
    When, resource_hash,
};
use formats::fhir::read::{Malformed, Raw};
use formats::fhir::view::{
    CodingView, ConceptView, PeriodView, QuantityView, ReferenceView, ResourceView,
};

use crate::fhir::{is_declined, usable};
pub use said::said;

const CLINICAL_STATUS: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
/// The statuses with which `prevalenceInterval` of QICoreCommon 2.1.000 takes a condition to go on.
const GOES_ON: [&str; 3] = ["active", "recurrence", "relapse"];

/// Reads a resource; nothing where measures have no use for its type.
///
/// # Errors
/// When it is not JSON, or an element in it is not of its type.
pub fn fact(bytes: &[u8], sets: &ValueSets) -> Result<Option<CareFact>, Malformed> {
    fact_of(&ResourceView::read(&usable(bytes))?, sets)
}

fn fact_of(resource: &ResourceView<'_>, sets: &ValueSets) -> Result<Option<CareFact>, Malformed> {
    let kind = resource.resource_type()?;
    let read = Reader { resource, sets };
    let found = match kind.as_ref() {
        "Patient" => read.patient()?,
        "Encounter" => encounter::encounter(&read)?,
        "Condition" => read.condition()?,
        "Observation" => observation::observation(&read)?,
        "Procedure" => (
            read.concept("code")?,
            read.when("performed")?,
            CareDetail::Procedure,
        ),
        "ServiceRequest" => read.service()?,
        "DeviceRequest" => read.device()?,
        "MedicationRequest" => {
            let declined = is_declined(resource)?;
            let named = read.reference("medicationReference")?;
            let detail = CareDetail::MedicationRequest {
                ordered: read.is_order()?,
                medication: named.filter(|_| !declined),
            };
            (
                read.asked_for(read.medication()?)?,
                supply::period(resource)?,
                detail,
            )
        }
        "MedicationAdministration" => {
            let medication = read.reference("medicationReference")?;
            let detail = CareDetail::MedicationAdministration { medication };
            (read.medication()?, read.when("effective")?, detail)
        }
        "Medication" => (read.concept("code")?, When::Unsaid, CareDetail::Medication),
        "Location" => (read.concepts("type")?, When::Unsaid, CareDetail::Location),
        _ => return Ok(None),
    };
    let (members, when, detail) = found;
    Ok(Some(CareFact {
        resource: resource_hash(&resource.id()?),
        status: CareStatus::parse(&resource.status()?),
        members,
        when,
        detail,
    }))
}

/// What it is, when, and what its kind says.
type Found = (Members, When, CareDetail);

/// A resource beside the lists its codes are looked up in.
struct Reader<'a> {
    resource: &'a ResourceView<'a>,
    sets: &'a ValueSets,
}

impl<'a> Reader<'a> {
    fn text(&self, name: &str) -> Result<Option<std::borrow::Cow<'a, str>>, Malformed> {
        self.resource.text(name)
    }

    fn is_order(&self) -> Result<bool, Malformed> {
        Ok(self.text("intent")?.as_deref() == Some("order"))
    }

    /// Gives the lists that any coding of a concept is in.
    fn lists(&self, concept: ConceptView<'_>) -> Result<Members, Malformed> {
        let mut members = Members::NONE;
        for coding in concept.codings()? {
            let coding = coding?;
            members = members.and(self.sets.members(&coding.system, &coding.code));
        }
        Ok(members)
    }

    fn concept(&self, name: &str) -> Result<Members, Malformed> {
        let concept = self.resource.concept(name);
        concept.map_or(Ok(Members::NONE), |concept| self.lists(concept))
    }

    fn concepts(&self, name: &str) -> Result<Members, Malformed> {
        let mut members = Members::NONE;
        for item in self
            .resource
            .get(name)
            .map(Raw::items)
            .into_iter()
            .flatten()
        {
            members = members.and(self.lists(ConceptView(item?))?);
        }
        Ok(members)
    }

    /// Gives the hash of the id that a reference ends in.
    fn reference(&self, name: &str) -> Result<Option<u64>, Malformed> {
        self.resource.get(name).map_or(Ok(None), target)
    }

    /// Reads an element that FHIR lets be a time, a span or an age: `onset[x]`, `performed[x]`.
    fn when(&self, name: &str) -> Result<When, Malformed> {
        let element = |kind: &str| self.resource.get(&format!("{name}{kind}"));
        if let Some(time) = element("DateTime").or_else(|| element("Instant")) {
            return Ok(at(Some(&time.text()?)));
        }
        if let Some(period) = element("Period") {
            return span(period);
        }
        if let Some(age) = element("Age") {
            return Ok(self::age(age)?.map_or(When::Unsaid, |age| When::Age(age, age)));
        }
        if let Some(range) = element("Range") {
            let end = |name| range.get(name)?.map_or(Ok(None), self::age);
            let ends = end("low")?.zip(end("high")?);
            return Ok(ends.map_or(When::Unsaid, |(low, high)| When::Age(low, high)));
        }
        Ok(When::Unsaid)
    }

    fn patient(&self) -> Result<Found, Malformed> {
        let born = self.text("birthDate")?;
        let gender = self.text("gender")?.unwrap_or_default();
        let detail = CareDetail::Patient {
            born: born.as_deref().and_then(Moment::parse),
            gender: CareGender::parse(&gender),
        };
        Ok((Members::NONE, When::Unsaid, detail))
    }

    fn condition(&self) -> Result<Found, Malformed> {
        let mut active = false;
        if let Some(status) = self.resource.concept("clinicalStatus") {
            for coding in status.codings()? {
                let coding = coding?;
                active |=
                    coding.system == CLINICAL_STATUS && GOES_ON.contains(&coding.code.as_ref());
            }
        }
        let detail = CareDetail::Condition {
            active,
            abatement: self.when("abatement")?,
            site: self.concepts("bodySite")?,
        };
        Ok((self.concept("code")?, self.when("onset")?, detail))
    }

    fn service(&self) -> Result<Found, Malformed> {
        let ordered = self.is_order()?;
        let written = at(self.text("authoredOn")?.as_deref());
        let code = self.asked_for(self.concept("code")?)?;
        Ok((code, written, CareDetail::ServiceRequest { ordered }))
    }

    fn device(&self) -> Result<Found, Malformed> {
        let ordered = self.is_order()?;
        let written = at(self.text("authoredOn")?.as_deref());
        let code = self.asked_for(self.concept("codeCodeableConcept")?)?;
        Ok((code, written, CareDetail::DeviceRequest { ordered }))
    }

    /// Gives the lists of what is asked for: none where the request is that it shall not be done. QI-Core has whoever
    /// reads requests look at that.
    fn asked_for(&self, members: Members) -> Result<Members, Malformed> {
        let declined = is_declined(self.resource)?;
        Ok(if declined { Members::NONE } else { members })
    }

    /// Gives the lists of a medication that stands in the resource: as a concept, or contained.
    fn medication(&self) -> Result<Members, Malformed> {
        let own = self.concept("medicationCodeableConcept")?;
        let reference = self.resource.get("medicationReference");
        let reference = reference.map(ReferenceView::read).transpose()?;
        let Some(id) = reference
            .as_ref()
            .and_then(|r| r.reference.strip_prefix('#'))
        else {
            let named = reference.as_ref().map_or("", |r| &r.reference);
            let id = named.rsplit('/').next().unwrap_or_default();
            return Ok(own.and(self.sets.members(said::MEDICATION, id)));
        };
        for inner in self
            .resource
            .get("contained")
            .map(Raw::items)
            .into_iter()
            .flatten()
        {
            let inner = ResourceView::split(inner?)?;
            if inner.id()? == id {
                let code = inner.concept("code").map(|code| self.lists(code));
                return Ok(own.and(code.transpose()?.unwrap_or_default()));
            }
        }
        Ok(own)
    }

    /// Reads a number in a unit; a bound is no value, as `ToQuantity` of FHIRHelpers 4.4.000 has it.
    fn amount(&self, raw: Raw<'_>) -> Result<CareValue, Malformed> {
        let amount = QuantityView::read(raw)?;
        let value = amount.value.and_then(|number| decimal(number.digits()));
        let Some(value) = value.filter(|_| amount.comparator.is_empty()) else {
            return Ok(CareValue::None);
        };
        let unit = Unit::parse(amount.unit_or_code());
        Ok(unit.map_or(CareValue::Other, |unit| CareValue::Number(value, unit)))
    }

    /// Reads `value[x]` among the members of an object.
    fn value(
        &self,
        members: impl Iterator<Item = Result<(&'a str, Raw<'a>), Malformed>>,
    ) -> Result<CareValue, Malformed> {
        for member in members {
            let (name, raw) = member?;
            match name {
                "valueQuantity" => return self.amount(raw),
                "valueCodeableConcept" => {
                    return Ok(CareValue::Coded(self.lists(ConceptView(raw))?));
                }
                // An extension of a primitive begins with an underline and is no value.
                name if name.starts_with("value") => return Ok(CareValue::Other),
                _ => {}
            }
        }
        Ok(CareValue::None)
    }
}

/// Reads a time.
fn at(text: Option<&str>) -> When {
    text.and_then(Moment::parse).map_or(When::Unsaid, When::At)
}

/// Reads a span of time.
fn span(raw: Raw<'_>) -> Result<When, Malformed> {
    let period = PeriodView::read(raw)?;
    let (start, end) = (Moment::parse(&period.start), Moment::parse(&period.end));
    Ok(if start.is_none() && end.is_none() {
        When::Unsaid
    } else {
        When::Period(start, end)
    })
}

fn age(raw: Raw<'_>) -> Result<Option<clinical::Age>, Malformed> {
    let amount = QuantityView::read(raw)?;
    let count = amount.value.and_then(|number| number.digits().parse().ok());
    let unit = clinical::AgeUnit::parse(amount.unit_or_code());
    Ok(count
        .zip(unit)
        .map(|(count, unit)| clinical::Age { count, unit }))
}

/// Gives the hash of the id that a reference ends in; what is contained has none.
fn target(raw: Raw<'_>) -> Result<Option<u64>, Malformed> {
    let reference = ReferenceView::read(raw)?.reference;
    let id = reference.rsplit('/').next().unwrap_or_default();
    Ok((!id.is_empty() && !id.starts_with('#')).then(|| resource_hash(id)))
}

fn decimal(digits: &str) -> Option<Decimal> {
    if digits.contains(['e', 'E']) {
        Decimal::from_scientific(digits).ok()
    } else {
        Decimal::from_str_exact(digits).ok()
    }
}

/// Reads a coding where it stands alone.
fn coding(raw: Raw<'_>) -> Result<CodingView<'_>, Malformed> {
    CodingView::read(raw)
}

#[cfg(test)]
mod tests;
