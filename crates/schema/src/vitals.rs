//! The Avro schema of device vitals.
