//! Addresses of services that are told secrets: whom they name, and whether the way there is encrypted.

use std::net::IpAddr;

use ureq::http::Uri;

/// What an http or https address says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Nobody on the way can read what is sent.
    pub(crate) encrypted: bool,
    /// It does not leave this machine.
    pub(crate) loopback: bool,
    /// It holds a user, or a user and a password, which logs and errors would show.
    pub(crate) has_user: bool,
}

impl Address {
    /// Reads an address; nothing where it is no http or https address of a host.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let encrypted = text.starts_with("https://");
        if !encrypted && !text.starts_with("http://") {
            return None;
        }
        let uri: Uri = text.parse().ok()?;
        let host = uri.host().filter(|host| !host.is_empty())?;
        Some(Self {
            encrypted,
            loopback: is_loopback(host),
            has_user: uri.authority()?.as_str().contains('@'),
        })
    }

    /// Whether a secret may be sent there.
    pub(crate) const fn keeps_secrets(&self) -> bool {
        self.encrypted || self.loopback
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || bare
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_goes_where_nobody_reads_it() {
        let keeps = |text: &str| Address::parse(text).map(|address| address.keeps_secrets());
        for text in [
            "https://login.example/token",
            "http://127.0.0.1:8081",
            "http://127.8.8.8/x",
            "http://[::1]:8081/",
            "http://localhost/",
            "http://LOCALHOST:1/",
        ] {
            assert_eq!(keeps(text), Some(true), "{text}");
        }
        for text in [
            "http://login.example/",
            "http://127.0.0.1:x@evil.example/",
            "http://127.0.0.1@evil.example/",
            "http://127.0.0.1.evil.example/",
            "http://localhost.evil.example/",
            "http://10.0.0.1/",
        ] {
            assert_ne!(keeps(text), Some(true), "{text}");
        }
        for text in [
            "",
            "login.example",
            "ftp://login.example/",
            "https://",
            "http:///x",
            "/x",
        ] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_user_in_an_address_is_seen() {
        let has_user = |text: &str| Address::parse(text).map(|address| address.has_user);
        assert_eq!(has_user("https://a:b@registry.example/"), Some(true));
        assert_eq!(has_user("https://registry.example/a@b"), Some(false));
    }
}
