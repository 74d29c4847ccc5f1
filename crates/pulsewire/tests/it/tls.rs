//! MLLP over TLS: the platform's certificate, and senders that must have one of their own.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

use crate::message::admission;
use crate::platform::{Platform, Site, quoted, run, said};
use crate::sender::Sender;
use crate::setting::{PATIENCE, wait_for};

/// Somebody who issues certificates, with files of what it issued.
struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(folder: &Path, name: &str) -> Self {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        std::fs::write(
            folder.join("ca.pem"),
            params.self_signed(&key).unwrap().pem(),
        )
        .unwrap();
        Self {
            folder,
            issuer: Issuer::new(params, key),
        }
    }

    fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// Issues a certificate for an address on this machine: the files of certificate and key.
    fn issue(&self, name: &str, purpose: ExtendedKeyUsagePurpose) -> (PathBuf, PathBuf) {
        let mut params =
            CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let files = (
            self.folder.join(format!("{name}.pem")),
            self.folder.join(format!("{name}.key")),
        );
        std::fs::write(&files.0, certificate.pem()).unwrap();
        std::fs::write(&files.1, key.serialize_pem()).unwrap();
        files
    }
}

/// A site that takes TLS only, with a certificate of this authority.
fn secured(authority: &Authority) -> Site {
    let mut site = Site::default();
    let (certificate, key) = authority.issue("server", ExtendedKeyUsagePurpose::ServerAuth);
    site.set(
        "intake.mllp.tls",
        "certificate",
        &quoted(&certificate.display().to_string()),
    );
    site.set(
        "intake.mllp.tls",
        "key",
        &quoted(&key.display().to_string()),
    );
    site
}

type Secure = StreamOwned<ClientConnection, TcpStream>;

/// Connects with TLS, trusting this authority, with a certificate of one's own or without.
fn connect(
    platform: &Platform,
    trusted: &Authority,
    own: Option<&(PathBuf, PathBuf)>,
) -> Sender<Secure> {
    Sender::over(secure(platform.mllp, trusted, own))
}

fn secure(address: SocketAddr, trusted: &Authority, own: Option<&(PathBuf, PathBuf)>) -> Secure {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(trusted.ca()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = vec![CertificateDer::from_pem_file(certificate).unwrap()];
            builder
                .with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap())
                .unwrap()
        }
    };
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(connection, stream)
}

/// When the certificate runs out that a source showed last.
fn certificate_of(site: &Site, source: &str) -> Option<String> {
    let told = site.records("healthcare.source.activity").into_iter();
    let told = told.filter_map(|kept| serde_json::from_slice::<Value>(kept.bytes()).ok());
    let mut told = told.filter(|told| told["source"] == source);
    told.find_map(|told| told["certificateExpires"].as_str().map(str::to_owned))
}

#[test]
fn a_sender_that_trusts_the_certificate_is_taken_and_plain_text_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (
        Authority::new(folder.path(), "ours"),
        Authority::new(folder.path(), "other"),
    );
    let site = secured(&ours);
    let platform = site.start();
    assert_eq!(
        connect(&platform, &ours, None)
            .accepted(&admission("1", "TLS"))
            .control_id,
        "TLS"
    );
    assert!(
        connect(&platform, &other, None).raw(b"\x0B").is_err(),
        "one that does not trust it sends nothing"
    );

    let mut plain = Sender::to(platform.mllp);
    plain.send(&admission("1", "PLAIN"));
    let mut answer = Vec::new();
    // What comes back, if anything, is a TLS alert and no acknowledgement.
    drop(std::io::Read::read_to_end(&mut plain.stream, &mut answer));
    assert!(!answer.contains(&formats::mllp::START), "{answer:?}");
    wait_for("both to be counted", || {
        (platform.closed("tls") == 2).then_some(())
    });
    assert_eq!(platform.frames("Accepted"), 1);
}

#[test]
fn the_sending_command_speaks_tls() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new(folder.path(), "ours");
    let site = secured(&ours);
    let platform = site.start();
    let file = folder.path().join("a.hl7");
    std::fs::write(&file, admission("1", "SENT")).unwrap();
    let to = format!("mllps://{}", platform.mllp);
    let sent = run(&[
        "send",
        &file.display().to_string(),
        "--to",
        &to,
        "--ca",
        &ours.ca().display().to_string(),
    ]);
    assert!(sent.status.success(), "{sent:?}");
    assert!(said(&sent).contains("AA 1"), "{}", said(&sent));
}

#[test]
fn a_sender_without_the_right_certificate_gets_no_byte_of_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (
        Authority::new(folder.path(), "ours"),
        Authority::new(folder.path(), "other"),
    );
    let mut site = secured(&ours);
    site.set(
        "intake.mllp.tls",
        "client_ca",
        &quoted(&ours.ca().display().to_string()),
    );
    let platform = site.start();
    let right = ours.issue("sender", ExtendedKeyUsagePurpose::ClientAuth);
    let foreign = other.issue("sender", ExtendedKeyUsagePurpose::ClientAuth);
    let misused = ours.issue("misused", ExtendedKeyUsagePurpose::ServerAuth);
    for own in [None, Some(&foreign), Some(&misused)] {
        let mut sender = connect(&platform, &ours, own);
        // With TLS 1.3 the client may finish first: its message may go out, but nothing comes back.
        drop(sender.raw(&formats::mllp::encode(&admission("1", "NO"))));
        assert_eq!(sender.answer(), None, "{own:?}");
    }
    assert_eq!(
        connect(&platform, &ours, Some(&right))
            .accepted(&admission("1", "YES"))
            .control_id,
        "YES"
    );
    assert_eq!(platform.closed("tls"), 3);
    assert_eq!(
        (
            platform.frames("Accepted"),
            site.records("healthcare.hl7v2.adt").len()
        ),
        (1, 1)
    );
}

#[test]
fn a_certificate_says_which_source_it_is_and_until_when() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new(folder.path(), "ours");
    let mut site = secured(&ours);
    let ca = quoted(&ours.ca().display().to_string());
    site.set("intake.mllp.tls", "client_ca", &ca);
    let (certificate, key) = ours.issue("web", ExtendedKeyUsagePurpose::ServerAuth);
    site.set("intake.http.tls", "client_ca", &ca)
        .set(
            "intake.http.tls",
            "certificate",
            &quoted(&certificate.display().to_string()),
        )
        .set(
            "intake.http.tls",
            "key",
            &quoted(&key.display().to_string()),
        )
        .set("source.localhost", "sending_application", "\"NOBODY\"");
    let platform = site.start();
    let own = ours.issue("sender", ExtendedKeyUsagePurpose::ClientAuth);
    connect(&platform, &ours, Some(&own)).accepted(&admission("1", "TLS"));
    let mut stream = secure(platform.fhir(), &ours, Some(&own));
    let body = r#"{"resourceType":"Patient","active":true}"#;
    let head = format!(
        "POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/fhir+json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    assert!(
        answer.starts_with(b"HTTP/1.1 202 "),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    let (_, told) = platform.get("/status/sources");
    let told: Value = serde_json::from_str(&told).unwrap();
    let ways = told["certificates"].as_array().unwrap().iter();
    let ways: Vec<_> = ways.filter_map(|own| own["way"].as_str()).collect();
    assert_eq!(ways, ["MLLP", "HTTP"]);
    assert!(platform.stop().success());
    // rcgen's certificates run out then.
    let expected = Some("4096-01-01T00:00:00Z");
    for source in ["default", "localhost"] {
        assert_eq!(
            certificate_of(&site, source).as_deref(),
            expected,
            "{source}"
        );
    }
}

#[test]
fn a_handshake_that_does_not_come_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new(folder.path(), "ours");
    let mut site = secured(&ours);
    site.set("intake.mllp.tls", "handshake_timeout", "\"300ms\"");
    let platform = site.start();
    assert_eq!(Sender::to(platform.mllp).answer(), None);
    assert_eq!(platform.closed("tls-handshake-timeout"), 1);
}
