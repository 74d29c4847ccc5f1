//! News as a POST of its JSON; the receiver knows a repetition by the `Idempotency-Key`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clinical::Delivery;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use super::Carry;
use super::queue::Failed;
use crate::retry_after::Again;

/// Posts to one address.
pub(super) struct Webhook {
    agent: ureq::Agent,
    url: String,
}

impl Webhook {
    /// Prepares to post; where the address is https, the certificates to trust are read now.
    pub(super) fn new(url: &str, ca: Option<&Path>, timeout: Duration) -> Result<Self, String> {
        Ok(Self {
            agent: agent(url, ca, timeout)?,
            url: url.to_owned(),
        })
    }
}

/// What asks one address over HTTP: without redirects or proxies, and trusting only the given certificates or the system's.
pub(crate) fn agent(
    url: &str,
    ca: Option<&Path>,
    timeout: Duration,
) -> Result<ureq::Agent, String> {
    let mut config = ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        // A redirect could lead what is sent anywhere.
        .max_redirects(0)
        // Nor through a proxy that nobody configured here.
        .proxy(None)
        .http_status_as_error(false);
    if url.starts_with("https://") {
        let roots = RootCerts::Specific(Arc::new(trusted(ca)?));
        config = config.tls_config(
            TlsConfig::builder()
                .provider(TlsProvider::Rustls)
                .unversioned_rustls_crypto_provider(Arc::new(
                    rustls::crypto::ring::default_provider(),
                ))
                .root_certs(roots)
                .build(),
        );
    }
    Ok(config.build().into())
}

fn trusted(ca: Option<&Path>) -> Result<Vec<Certificate<'static>>, String> {
    let Some(path) = ca else {
        let system = rustls_native_certs::load_native_certs();
        if system.certs.is_empty() {
            return Err("the system has no certificates to trust; name a PEM file in `ca`".into());
        }
        return Ok(system
            .certs
            .iter()
            .map(|der| Certificate::from_der(der).to_owned())
            .collect());
    };
    let pem = std::fs::read(path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let read = ureq::tls::parse_pem(&pem).filter_map(|item| match item {
        Ok(ureq::tls::PemItem::Certificate(certificate)) => Some(Ok(certificate)),
        Ok(_) => None,
        Err(error) => Some(Err(format!("{} is no PEM file: {error}", path.display()))),
    });
    let certificates = read.collect::<Result<Vec<_>, _>>()?;
    if certificates.is_empty() {
        return Err(format!("{} holds no certificate", path.display()));
    }
    Ok(certificates)
}

impl Carry for Webhook {
    fn carry(&mut self, delivery: &Delivery, json: &[u8]) -> Result<(), Failed> {
        let answer = self
            .agent
            .post(&self.url)
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", delivery.id.to_string())
            .send(json)
            .map_err(|error| error.to_string())?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        Err(Failed {
            why: format!("the receiver answered {status}"),
            again: Again::of(answer.headers()),
        })
    }
}
