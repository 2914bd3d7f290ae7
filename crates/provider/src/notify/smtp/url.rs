//! Addresses of mail servers.

use super::SmtpError;
use crate::mask::mask_url;

/// How a connection is kept from others' eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    /// Not at all.
    Plain,
    /// By STARTTLS when the server offers it.
    Offered,
    /// By STARTTLS, or nothing is sent.
    StartTls,
    /// TLS from the start.
    Tls,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    /// Name or address.
    pub(super) host: String,
    /// TCP.
    pub(super) port: u16,
    /// How to speak to it.
    pub(super) security: Security,
}

impl Server {
    /// Reads an address. A login goes over TLS where nothing else is said.
    pub(super) fn parse(text: &str, has_login: bool) -> Result<Self, SmtpError> {
        let wrong = || SmtpError::Server {
            text: mask_url(text),
        };
        let url = reqwest::Url::parse(text).map_err(|_| wrong())?;
        let host = url.host_str().ok_or_else(wrong)?;
        // A password has no place in a URL: it would be in the project.
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.fragment().is_none();
        if !is_plain || host.is_empty() {
            return Err(wrong());
        }
        let (security, port) = match (url.scheme(), url.query()) {
            ("smtps", None) => (Security::Tls, 465),
            ("smtp", None) if has_login => (Security::StartTls, 587),
            ("smtp", None) => (Security::Offered, 25),
            ("smtp", Some("tls=required")) => (Security::StartTls, 587),
            ("smtp", Some("tls=none")) => (Security::Plain, 25),
            _ => return Err(wrong()),
        };
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(port),
            security,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, has_login, host, port, security) in [
            ("smtp://m.test", false, "m.test", 25, Security::Offered),
            ("smtp://m.test", true, "m.test", 587, Security::StartTls),
            (
                "smtp://m.test:2525/",
                true,
                "m.test",
                2525,
                Security::StartTls,
            ),
            (
                "smtp://m.test?tls=required",
                false,
                "m.test",
                587,
                Security::StartTls,
            ),
            (
                "smtp://m.test:25?tls=none",
                true,
                "m.test",
                25,
                Security::Plain,
            ),
            ("smtps://m.test", true, "m.test", 465, Security::Tls),
            ("smtps://[::1]:4465", false, "::1", 4465, Security::Tls),
        ] {
            let expected = Server {
                host: host.to_owned(),
                port,
                security,
            };
            assert_eq!(Server::parse(text, has_login).unwrap(), expected, "{text}");
        }
        for text in [
            "",
            "m.test:25",
            "http://m.test",
            "smtp://",
            "smtp://m.test/box",
            "smtp://m.test?tls=maybe",
            "smtps://m.test?tls=none",
            "smtp://me:hunter22@m.test",
        ] {
            let error = Server::parse(text, false).unwrap_err().to_string();
            assert!(!error.contains("hunter22"), "{error}");
        }
    }
}
