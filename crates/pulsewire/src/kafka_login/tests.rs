//! What a token endpoint may answer, and what the brokers get of it.
