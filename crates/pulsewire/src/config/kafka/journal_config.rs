//! What the journal is told of `[kafka]`: the same, with the secrets read from their files.

use journal::kafka::{KafkaConfig, Login as As, Security};

use super::super::secret;
use super::{Kafka, Login};
use crate::kafka_login;

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
