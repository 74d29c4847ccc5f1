//! The Avro schema of device vitals: one compact record a measurement.

/// The schema, as a file that other tools read too.
const FILE: &str = include_str!("../data/device-vitals.avsc");

/// Gives the Avro schema of the records on `healthcare.device.vitals`.
pub fn schema() -> String {
    FILE.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use apache_avro::types::Value;
    use apache_avro::{Schema, from_avro_datum, to_avro_datum};

    use super::*;

    fn measurement() -> Vec<(String, Value)> {
        let fields = [
            ("patient", Value::Fixed(16, vec![7; 16])),
            ("device", Value::String("bed-12-monitor".to_owned())),
            ("code", Value::Long(147_842)),
            ("value", Value::Double(88.0)),
            ("unit", Value::String("/min".to_owned())),
            ("observedAt", Value::TimestampMicros(1_772_355_600_000_000)),
            ("receivedAt", Value::TimestampMicros(1_772_355_600_250_000)),
            ("quality", Value::Int(2)),
            ("sequence", Value::Long(41)),
            ("message", Value::Union(0, Box::new(Value::Null))),
        ];
        fields.map(|(name, value)| (name.to_owned(), value)).into()
    }

    #[test]
    fn a_measurement_is_read_as_it_was_written_and_is_small() {
        let schema = Schema::parse_str(&schema()).unwrap();
        let written = Value::Record(measurement());
        let bytes = to_avro_datum(&schema, written.clone()).unwrap();
        assert_eq!(bytes.len(), 66);
        let read = from_avro_datum(&schema, &mut bytes.as_slice(), None).unwrap();
        assert_eq!(read, written);
    }

    #[test]
    fn what_an_older_writer_did_not_know_has_a_default() {
        let whole: serde_json::Value = serde_json::from_str(&schema()).unwrap();
        let mut older = whole.clone();
        let fields = older["fields"].as_array_mut().unwrap();
        fields.retain(|field| field.get("default").is_none());
        assert_eq!(fields.len(), 7);
        let (older, newer) = (
            Schema::parse(&older).unwrap(),
            Schema::parse(&whole).unwrap(),
        );
        let written = Value::Record(measurement().into_iter().take(7).collect());
        let bytes = to_avro_datum(&older, written).unwrap();
        let read = from_avro_datum(&older, &mut bytes.as_slice(), Some(&newer)).unwrap();
        let Value::Record(fields) = read else {
            panic!("a record is read");
        };
        let added: Vec<&Value> = fields.iter().skip(7).map(|(_, value)| value).collect();
        let null = Value::Union(0, Box::new(Value::Null));
        assert_eq!(added, [&Value::Int(0), &Value::Long(0), &null]);
    }

    #[test]
    fn what_is_no_measurement_is_refused() {
        let schema = Schema::parse_str(&schema()).unwrap();
        let mut wrong = measurement();
        wrong[0].1 = Value::Fixed(15, vec![7; 15]);
        assert!(to_avro_datum(&schema, Value::Record(wrong)).is_err());
        assert!(to_avro_datum(&schema, Value::Record(measurement().split_off(1))).is_err());
    }

    #[test]
    fn every_field_says_what_it_is() {
        let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
        for field in schema["fields"].as_array().unwrap() {
            assert!(
                field["doc"].as_str().is_some_and(|doc| doc.ends_with('.')),
                "{field}"
            );
        }
    }
}
