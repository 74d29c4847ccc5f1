//! The slim JSON Schema of each FHIR resource type that is published.
