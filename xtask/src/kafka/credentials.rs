//! Who may come in: a certificate authority, certificates of server and client, a user with a password.

use std::io::Read as _;
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};

use super::library::failed;
use super::options::{Listener, Options};
use crate::step::Failed;

/// What clients trust.
pub(crate) const AUTHORITY: &str = "tls/ca.pem";
/// The brokers' key and certificate in one file, as Kafka reads them.
pub(crate) const SERVER: &str = "tls/server.pem";
/// The client's certificate.
const CLIENT_CERTIFICATE: &str = "tls/client.pem";
/// The client's key.
const CLIENT_KEY: &str = "tls/client.key";
/// Where tests find all of it.
const LISTENERS: &str = "listeners.toml";
/// The user that may log in.
const USER: &str = "pulsewire";
/// So many random bytes make a password.
const PASSWORD_BYTES: usize = 16;

/// A user who may log in.
#[derive(Debug)]
pub(crate) struct Credentials {
    /// The name.
    pub(crate) user: String,
    /// The password, which is new for every cluster.
    pub(crate) password: String,
}

impl Credentials {
    /// Makes certificates and a user, and tells tests where they are.
    pub(crate) fn create(options: &Options) -> Result<Self, Failed> {
        let credentials = Self {
            user: USER.into(),
            password: password()?,
        };
        let tls = options.dir.join("tls");
        std::fs::create_dir_all(&tls).map_err(|error| failed(&tls, &error))?;
        let files = certificates()
            .map_err(|error| Failed(format!("kafka: no certificates could be made: {error}")))?;
        for (name, text) in files {
            write(&options.dir.join(name), &text)?;
        }
        let listeners = listeners(options, &credentials);
        write(&options.dir.join(LISTENERS), &listeners)?;
        Ok(credentials)
    }
}

/// Where each listener is, and what it asks for.
fn listeners(options: &Options, credentials: &Credentials) -> String {
    let at = |listener| options.bootstrap(listener);
    let file = |name: &str| options.dir.join(name).display().to_string();
    let Credentials { user, password } = credentials;
    format!(
        "[plaintext]\n\
         bootstrap = \"{}\"\n\
         \n\
         # SCRAM-SHA-512 and PLAIN with user and password; OAUTHBEARER with any unsecured token (alg none).\n\
         [sasl_ssl]\n\
         bootstrap = \"{}\"\n\
         ca_file = '{}'\n\
         user = \"{user}\"\n\
         password = \"{password}\"\n\
         \n\
         # A client certificate is asked for.\n\
         [ssl]\n\
         bootstrap = \"{}\"\n\
         ca_file = '{}'\n\
         certificate_file = '{}'\n\
         key_file = '{}'\n",
        at(Listener::Plain),
        at(Listener::SaslTls),
        file(AUTHORITY),
        at(Listener::MutualTls),
        file(AUTHORITY),
        file(CLIENT_CERTIFICATE),
        file(CLIENT_KEY),
    )
}

fn certificates() -> Result<[(&'static str, String); 4], rcgen::Error> {
    let mut authority = params(Vec::new(), "Pulsewire test authority")?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate()?;
    let authority_pem = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);

    let names = vec!["localhost".into(), "127.0.0.1".into()];
    let mut server = params(names, "broker")?;
    // Brokers are each other's clients too.
    server.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    let server_key = KeyPair::generate()?;
    let server_pem = server.signed_by(&server_key, &issuer)?.pem();

    let mut client = params(Vec::new(), USER)?;
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client_key = KeyPair::generate()?;
    let client_pem = client.signed_by(&client_key, &issuer)?.pem();
    Ok([
        (AUTHORITY, authority_pem),
        (SERVER, server_key.serialize_pem() + &server_pem),
        (CLIENT_CERTIFICATE, client_pem),
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

fn password() -> Result<String, Failed> {
    let source = Path::new("/dev/urandom");
    let mut bytes = [0; PASSWORD_BYTES];
    std::fs::File::open(source)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(|error| failed(source, &error))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn write(path: &Path, text: &str) -> Result<(), Failed> {
    std::fs::write(path, text).map_err(|error| failed(path, &error))
}
