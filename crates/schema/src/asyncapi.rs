//! The AsyncAPI document of the topics.
