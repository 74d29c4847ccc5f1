//! Bytes to HL7 v2, MLLP, X12, FHIR R4 and device packets and back; fails on no input.
#![forbid(unsafe_code)]

pub mod mllp;

pub mod hl7v2;

pub mod x12;

pub mod fhir;

pub mod device;

pub mod csv;

pub mod mqtt;

pub mod limits;
