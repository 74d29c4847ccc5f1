//! Tokens for brokers by OAuth 2 client credentials: asked for in time, shared by all clients of the process.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use journal::kafka::{Token, TokenSource};
use serde::Deserialize;

use crate::clock::Clock;
use crate::delivery;

/// The brokers wait meanwhile, so a token that takes longer is asked for again.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);
/// After a failure all clients of the process get the same answer for so long, instead of queueing for another one.
const FAILURE_HOLDS_MS: i64 = 5_000;
/// What a token lasts when the answer does not say.
const LIFETIME_UNSAID: Duration = Duration::from_secs(300);
/// librdkafka asks again when 80 % of a token's time are over: a new one has to be there by then.
const RENEWED_AFTER_PERCENT: i64 = 75;
/// A larger answer is no token.
const ANSWER_BYTES_MOST: u64 = 256 << 10;

/// Who asks for tokens, and where.
pub(crate) struct Client {
    /// The token endpoint.
    pub(crate) token_url: String,
    /// The client's id.
    pub(crate) id: String,
    /// Its secret.
    pub(crate) secret: String,
    /// What the token is for, where the endpoint wants to know.
    pub(crate) scope: Option<String>,
    /// Whom to trust; the system's authorities without one.
    pub(crate) ca: Option<PathBuf>,
}

/// Gives tokens as they are needed.
pub(crate) fn tokens(client: Client) -> Result<TokenSource, String> {
    let clock = Clock::system();
    let cache = Mutex::new(Cache::default());
    let ask = Ask {
        agent: delivery::agent(&client.token_url, client.ca.as_deref(), ASK_TIMEOUT)?,
        client,
    };
    Ok(Arc::new(move || {
        // Held while asking: whoever comes meanwhile needs the same answer.
        let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(clock.now().micros() / 1_000, || ask.token())
    }))
}

/// The newest token and the newest failure.
#[derive(Default)]
struct Cache {
    token: Option<(Token, i64)>,
    failure: Option<(String, i64)>,
}

/// What an endpoint granted.
#[derive(Debug, PartialEq, Eq)]
struct Granted {
    token: String,
    principal: String,
    lifetime: Duration,
}

impl Cache {
    /// Gives the token that is there as long as it is fresh, else a new one, else the old one until it ends.
    fn get(
        &mut self,
        now_ms: i64,
        ask: impl FnOnce() -> Result<Granted, String>,
    ) -> Result<Token, String> {
        if let Some((token, renew_ms)) = &self.token
            && now_ms < *renew_ms
        {
            return Ok(token.clone());
        }
        let held = self.failure.take();
        let failed = match held.filter(|(_, until_ms)| now_ms < *until_ms) {
            Some(held) => held,
            None => match ask() {
                Ok(granted) => return Ok(self.keep(granted, now_ms)),
                Err(why) => {
                    tracing::warn!(%why, "no token for the brokers");
                    (why, now_ms.saturating_add(FAILURE_HOLDS_MS))
                }
            },
        };
        let why = failed.0.clone();
        self.failure = Some(failed);
        match &self.token {
            Some((token, _)) if now_ms < token.expires_ms => Ok(token.clone()),
            _ => Err(why),
        }
    }

    fn keep(&mut self, granted: Granted, now_ms: i64) -> Token {
        let lifetime_ms = i64::try_from(granted.lifetime.as_millis()).unwrap_or(i64::MAX);
        let renew_after_ms = lifetime_ms / 100 * RENEWED_AFTER_PERCENT;
        let token = Token {
            token: granted.token,
            principal: granted.principal,
            expires_ms: now_ms.saturating_add(lifetime_ms),
        };
        self.token = Some((token.clone(), now_ms.saturating_add(renew_after_ms)));
        token
    }
}

/// Asks an endpoint.
struct Ask {
    agent: ureq::Agent,
    client: Client,
}

/// An answer of a token endpoint (RFC 6749, sections 5.1 and 5.2).
#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    token_type: Option<String>,
    expires_in: Option<u64>,
    error: Option<String>,
    error_description: Option<String>,
}

impl Ask {
    fn token(&self) -> Result<Granted, String> {
        let Client { token_url, .. } = &self.client;
        let answer = self
            .agent
            .post(token_url)
            .header("Authorization", self.authorization())
            .header("Accept", "application/json")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .send(self.form())
            .map_err(|error| format!("{token_url} does not answer: {error}"))?;
        let status = answer.status();
        let body = answer
            .into_body()
            .with_config()
            .limit(ANSWER_BYTES_MOST)
            .read_to_vec()
            .map_err(|error| format!("the answer of {token_url} breaks off: {error}"))?;
        let said = serde_json::from_slice(&body);
        if !status.is_success() {
            let reason = said.map_or_else(|_| String::new(), |answer: Answer| answer.reason());
            let hint = match status.is_client_error() {
                true => ": check kafka.login.client_id, client_secret_file and scope",
                false => "",
            };
            return Err(format!("{token_url} answered {status}{reason}{hint}"));
        }
        said.map_err(|_| "its answer is no JSON object of a token".to_owned())
            .and_then(|answer| self.granted(answer))
            .map_err(|why| {
                format!("{token_url} gave no token: {why}; is kafka.login.token_url right?")
            })
    }

    /// The client's name and secret, form-encoded before they are joined (RFC 6749, section 2.3.1).
    fn authorization(&self) -> String {
        let encoded =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let Client { id, secret, .. } = &self.client;
        let both = format!("{}:{}", encoded(id), encoded(secret));
        format!("Basic {}", STANDARD.encode(both))
    }

    fn form(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if let Some(scope) = &self.client.scope {
            form.append_pair("scope", scope);
        }
        form.finish()
    }

    fn granted(&self, answer: Answer) -> Result<Granted, String> {
        let reason = answer.reason();
        let token = answer
            .access_token
            .filter(|token| !token.is_empty())
            .ok_or_else(|| format!("its answer has no access_token{reason}"))?;
        let bearer = answer
            .token_type
            .is_none_or(|word| word.eq_ignore_ascii_case("bearer"));
        if !bearer {
            return Err("the token is of another type than bearer".into());
        }
        Ok(Granted {
            token,
            principal: self.client.id.clone(),
            lifetime: answer
                .expires_in
                .map_or(LIFETIME_UNSAID, Duration::from_secs),
        })
    }
}

impl Answer {
    /// Why there is no token, as far as the answer says.
    fn reason(&self) -> String {
        match (&self.error, &self.error_description) {
            (Some(error), Some(words)) => format!(", {error} ({words})"),
            (Some(error), None) => format!(", {error}"),
            (None, _) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests;
