//! TLS for the listener: the site's certificate, and optionally only clients with a certificate of a named authority.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::TlsAcceptor;

use crate::config::Tls;

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
