//! Starts the stations of payer workloads: of members, of providers, and of specialties.

use std::sync::Arc;

use workloads::payer::PayerConfig;

use super::{Entry, Error, Opening};
use crate::stages::{PayerStage, PeerStage, ProviderStage, StageHealth};

impl Opening<'_> {
    pub(super) fn start_payer(
        &self,
        settings: &PayerConfig,
        partitions: u16,
        entry: &Entry,
    ) -> Result<[Arc<StageHealth>; 3], Error> {
        let (site, metrics) = (&entry.site_key, &entry.metrics);
        let members = PayerStage::new(settings, site, metrics);
        let providers = ProviderStage::new(settings, metrics);
        let peers = PeerStage::new(settings, metrics);
        Ok([
            self.start(PayerStage::NAME, PayerStage::spec(partitions), members)?,
            self.start(
                ProviderStage::NAME,
                ProviderStage::spec(partitions),
                providers,
            )?,
            self.start(PeerStage::NAME, PeerStage::spec(partitions), peers)?,
        ])
    }
}
