//! What the journal holds in our own shape: findings, alerts, commands and deliveries as JSON.
