//! What a source has sent is found again: by id, by identifier, and as the record that was kept.

use journal::TopicPartition;

use super::{Criteria, Entry, Fhir, IndexError, index};
use crate::topics;

impl Fhir {
    /// What a resource of a source last was.
    pub(crate) fn find(
        &self,
        source: &str,
        resource_type: &str,
        id: &str,
    ) -> Result<Option<Entry>, IndexError> {
        let name = index::name(&self.intake.site_key, source, resource_type, id);
        let entry = self.index.get(&name)?;
        Ok(entry.filter(|entry| entry.state.version > 0))
    }

    /// The resources of a source that have one of the identifiers that are looked for.
    pub(crate) fn search(
        &self,
        source: &str,
        resource_type: &str,
        criteria: &Criteria,
    ) -> Result<Vec<Entry>, IndexError> {
        match criteria {
            Criteria::Id(id) => {
                let found = self.find(source, resource_type, id)?;
                Ok(found
                    .into_iter()
                    .filter(|entry| !entry.state.deleted)
                    .collect())
            }
            Criteria::Identifier(tokens) => {
                let site = &self.intake.site_key;
                let mut found: Vec<Entry> = Vec::new();
                for token in tokens {
                    let key = index::token(site, source, resource_type, token);
                    for entry in self.index.having(&key)? {
                        if !found.iter().any(|known| known.state.id == entry.state.id) {
                            found.push(entry);
                        }
                    }
                }
                Ok(found)
            }
        }
    }

    /// The bytes of a resource as they were kept; nothing where retention has removed them.
    pub(crate) fn bytes(&self, entry: &Entry) -> Result<Option<Vec<u8>>, journal::Error> {
        let record = self.record(entry)?;
        Ok(record.and_then(|record| record.value).map(Vec::from))
    }

    /// The record of a resource as it was kept; nothing where retention has removed it.
    pub(crate) fn record(&self, entry: &Entry) -> Result<Option<journal::Record>, journal::Error> {
        let at = TopicPartition::new(topics::FHIR_RECEIVED, entry.partition);
        let batch = match self.intake.journal.read(&at, entry.offset, 1) {
            Err(journal::Error::OutOfRange { .. }) => return Ok(None),
            batch => batch?,
        };
        let first = batch.iter().next();
        let record = first.filter(|record| record.offset == entry.offset);
        Ok(record.map(|record| record.to_record()))
    }
}
