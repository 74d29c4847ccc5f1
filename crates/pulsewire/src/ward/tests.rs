//! Tests of the ward.
