//! What the journal is told of `[kafka]`: the same, with the secrets read from their files.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use journal::kafka::{KafkaConfig, Login as As, Security};

use super::{Kafka, Login};
use crate::kafka_login;

/// A file with more is no password.
const SECRET_BYTES_MOST: u64 = 64 << 10;

impl Kafka {
    /// What the journal is told; the secrets are read now.
    pub(crate) fn journal_config(&self) -> Result<KafkaConfig, String> {
        Ok(KafkaConfig {
            brokers: self.brokers.clone(),
            security: match &self.tls {
                None => Security::Plaintext,
                Some(tls) => Security::Tls {
                    ca: tls.ca.clone(),
                    identity: tls.identity.clone(),
                },
            },
            login: self.login.read()?,
            prefix: self.prefix.clone(),
            instance: self.instance.clone(),
            replication: self.replication,
            min_insync: self.min_insync,
            write_timeout: self.write_timeout,
            session_timeout: self.session_timeout,
            overrides: self.overrides.clone(),
        })
    }
}

impl Login {
    fn read(&self) -> Result<As, String> {
        Ok(match self {
            Self::None => As::None,
            Self::Plain {
                user,
                password_file,
            } => As::Plain {
                user: user.clone(),
                password: secret(password_file)?,
            },
            Self::Scram {
                user,
                password_file,
            } => As::Scram {
                user: user.clone(),
                password: secret(password_file)?,
            },
            Self::OAuth {
                token_url,
                client_id,
                client_secret_file,
                scope,
                ca,
            } => As::OAuth(kafka_login::tokens(kafka_login::Client {
                token_url: token_url.clone(),
                id: client_id.clone(),
                secret: secret(client_secret_file)?,
                scope: scope.clone(),
                ca: ca.clone(),
            })?),
        })
    }
}

/// Reads a secret: all of a file but the end of its last line.
fn secret(path: &Path) -> Result<String, String> {
    let unreadable = |error| format!("{} cannot be read: {error}", path.display());
    let mut file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!(
            "{0} can be read by others (mode {mode:o}): run `chmod 600 {0}`",
            path.display()
        ));
    }
    let mut text = String::new();
    (&mut file)
        .take(SECRET_BYTES_MOST)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(format!(
            "{} is empty: put the secret into it",
            path.display()
        ));
    }
    Ok(secret.to_owned())
}
