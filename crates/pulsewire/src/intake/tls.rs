//! TLS: for listeners the certificate of the site, and optionally only clients of a named authority; for brokers who they and we are.

use std::path::Path;
use std::sync::Arc;

use clinical::ReceivedTime;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::certificate;
use crate::config::{Config, MqttTls, Tls};
use crate::metrics::Metrics;

/// Why TLS cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{path}: {what}")]
    File { path: String, what: String },
    #[error("TLS cannot be set up: {0}")]
    Rustls(#[from] rustls::Error),
    #[error("the client authority cannot be used: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// Reads the files and prepares to accept.
pub(crate) fn acceptor(tls: &Tls) -> Result<TlsAcceptor, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let builder = match &tls.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(path)? {
                roots.add(certificate)?;
            }
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|error| file(&tls.key, &error))?;
    let config = builder.with_single_cert(certificates(&tls.certificate)?, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Prepares to connect to who has a certificate of these authorities, or of the system's, with ours where it is asked for.
pub(super) fn connector(tls: &MqttTls) -> Result<TlsConnector, Error> {
    let mut roots = RootCertStore::empty();
    match &tls.ca {
        Some(path) => {
            for certificate in certificates(path)? {
                roots.add(certificate)?;
            }
        }
        None => {
            let system = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(system.certs);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = builder.with_root_certificates(roots);
    let config = match &tls.certificate {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| file(key, &error))?;
            builder.with_client_auth_cert(chain, key)?
        }
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

/// When the first certificate of a file runs out, which is the one that is shown; nothing where that cannot be read.
fn expires(path: &Path) -> Option<ReceivedTime> {
    let all = certificates(path).ok()?;
    all.first().and_then(|own| certificate::expires(own))
}

/// When the certificates run out that we show, and on which way: each as it is read now.
pub(crate) fn own(config: &Config, metrics: &Metrics) -> Vec<(String, ReceivedTime)> {
    let mqtt = config.mqtt.as_ref().and_then(|mqtt| mqtt.tls.as_ref());
    let mqtt = mqtt.and_then(|tls| tls.certificate.as_ref());
    let shown = [
        (
            "MLLP",
            "mllp",
            config.mllp.tls.as_ref().map(|tls| &tls.certificate),
        ),
        (
            "HTTP",
            "http",
            config.http.tls.as_ref().map(|tls| &tls.certificate),
        ),
        ("MQTT", "mqtt", mqtt.map(|(certificate, _)| certificate)),
    ];
    let expires = shown.into_iter().filter_map(|(name, way, file)| {
        let expires = expires(file?)?;
        metrics.certificate("", way, expires);
        Some((name.to_owned(), expires))
    });
    expires.collect()
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| file(path, &error))?;
    if certificates.is_empty() {
        return Err(Error::File {
            path: path.display().to_string(),
            what: "holds no certificate; give a PEM file".into(),
        });
    }
    Ok(certificates)
}

fn file(path: &Path, error: &rustls::pki_types::pem::Error) -> Error {
    Error::File {
        path: path.display().to_string(),
        what: format!("cannot be read as PEM: {error}"),
    }
}
