//! Findings to alerts to deliveries due.
