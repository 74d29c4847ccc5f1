//! Certificates for the broker's second listener: an authority, the broker's, and a client's.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};

/// The authority.
pub(super) const AUTHORITY: &str = "ca.pem";
/// The broker's certificate.
pub(super) const SERVER: &str = "server.pem";
/// The broker's key.
pub(super) const SERVER_KEY: &str = "server.key";
/// A client's certificate; its name is the user's.
const CLIENT: &str = "client.pem";
/// The client's key.
const CLIENT_KEY: &str = "client.key";

/// Makes all of them: names of files and what they hold.
pub(super) fn make() -> Result<[(&'static str, String); 5], rcgen::Error> {
    let mut authority = params(Vec::new(), "Pulsewire test authority")?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate()?;
    let authority_pem = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);

    let mut server = params(vec!["localhost".into(), "127.0.0.1".into()], "mosquitto")?;
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server_key = KeyPair::generate()?;
    let server_pem = server.signed_by(&server_key, &issuer)?.pem();

    let mut client = params(Vec::new(), "pulsewire")?;
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client_key = KeyPair::generate()?;
    let client_pem = client.signed_by(&client_key, &issuer)?.pem();
    Ok([
        (AUTHORITY, authority_pem),
        (SERVER, server_pem),
        (SERVER_KEY, server_key.serialize_pem()),
        (CLIENT, client_pem),
        (CLIENT_KEY, client_key.serialize_pem()),
    ])
}

fn params(names: Vec<String>, common_name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    Ok(params)
}
