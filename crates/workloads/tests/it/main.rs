//! One binary of all integration tests.
