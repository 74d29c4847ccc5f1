//! The Avro schemas of device vitals: one record a measurement, and packets of many.

/// The schema, as a file that other tools read too.
const FILE: &str = include_str!("../data/device-vitals.avsc");

/// Gives the Avro schema of the records on `healthcare.device.vitals`.
pub fn schema() -> String {
    FILE.trim_end().to_owned()
}

/// The schema of packets, as a file that other tools read too.
const PACKET_FILE: &str = include_str!("../data/device-packet.avsc");

/// Gives the Avro schema of packets on `healthcare.device.vitals`: what a device said in one message.
///
/// It is a schema of its own because a record of one measurement cannot come to hold many: what reads the one would take
/// the other for a value.
pub fn packet() -> String {
    PACKET_FILE.trim_end().to_owned()
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

    fn sent() -> formats::device::packet::Packet {
        use formats::device::{Code, Decimal, Presence, Quality, Sample, Series, packet::Packet};
        let sample = |n: i64| Sample {
            at: Some(1_772_355_600_000_000 + n * n * 1_000_000),
            value: (n != 2).then_some(Decimal::new(368 + n, 1)),
            quality: if n == 2 {
                Quality::LEAD_OFF
            } else {
                Quality::default()
            },
            sequence: 41 + n.unsigned_abs(),
        };
        Packet {
            device: "bed-12-monitor".into(),
            received_at: 1_772_355_600_250_000,
            message: Some([7; 16]),
            presence: Some(Presence::Online),
            series: vec![Series {
                code: Code::parse("MDC_TEMP"),
                channel: "1.1.1.2".into(),
                unit: "Cel".into(),
                waveform: false,
                samples: (0..4).map(sample).collect(),
            }],
        }
    }

    fn field<'v>(of: &'v Value, wanted: &str) -> &'v Value {
        let Value::Record(fields) = of else {
            panic!("{wanted} is looked for in a record");
        };
        let found = fields.iter().find(|(name, _)| name == wanted);
        &found.unwrap_or_else(|| panic!("{wanted} is there")).1
    }

    #[test]
    fn another_reader_has_the_numbers_of_a_packet() {
        let schema = Schema::parse_str(&packet()).unwrap();
        let bytes = sent().encode();
        let mut left = bytes.as_slice();
        let read = from_avro_datum(&schema, &mut left, None).unwrap();
        assert!(left.is_empty());
        assert_eq!(
            *field(&read, "device"),
            Value::String("bed-12-monitor".into())
        );
        assert_eq!(*field(&read, "presence"), Value::Enum(1, "ONLINE".into()));
        let Value::Array(series) = field(&read, "series") else {
            panic!("series are an array");
        };
        let longs = |values: &[i64]| Value::Array(values.iter().map(|n| Value::Long(*n)).collect());
        assert_eq!(*field(&series[0], "code"), Value::String("150344".into()));
        assert_eq!(*field(&series[0], "times"), longs(&[1, 3, 5]));
        assert_eq!(*field(&series[0], "values"), longs(&[1, 0, 2]));
        assert_eq!(*field(&series[0], "sequence"), Value::Long(41));
        assert_eq!(to_avro_datum(&schema, read).unwrap(), bytes);
    }

    #[test]
    fn every_field_of_a_packet_says_what_it_is() {
        let whole: serde_json::Value = serde_json::from_str(&packet()).unwrap();
        let series = &whole["fields"][4]["type"]["items"];
        let flags = &series["fields"][14]["type"]["items"];
        for field in [&whole, series, flags]
            .into_iter()
            .flat_map(|record| record["fields"].as_array().unwrap())
        {
            assert!(
                field["doc"].as_str().is_some_and(|doc| doc.ends_with('.')),
                "{field}"
            );
        }
    }
}
