//! Keys to sign with, and where they come from: what was given, a profile, a container, the
//! role of an instance, in this order.
//!
//! [`Credentials`] is the port for whoever knows further ways (single sign-on, assumed roles).

use std::net::IpAddr;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Cancelled;
use goldsmith_core::secret::Secret;
use reqwest::{Method, StatusCode, Url};
use serde_json::Value;

use super::imds::{Imds, ImdsError};
use super::local_wire::LocalWire;
use super::profile::Profile;
use super::settings::{Container, Settings};

/// Keys to sign with.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Name of the keys; not secret.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: Secret<String>,
    /// What temporary keys have besides.
    pub session_token: Option<Secret<String>>,
    /// When they end, in seconds since 1970.
    pub expires: Option<i64>,
}

/// Where keys come from.
pub trait Credentials: Send + Sync {
    /// Keys that are good for some minutes at least. Asked again when they are about to end
    /// or a service has refused them as old.
    fn keys(&self, cx: &Cx) -> Result<Keys, CredentialsError>;
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// Where they were looked for, and what was wrong there.
    #[error("{0}")]
    Missing(String),
    /// Interrupted.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// What belongs to a way of getting keys that is not supported.
const OTHER_WAYS: [&str; 7] = [
    "credential_process",
    "login_session",
    "role_arn",
    "sso_account_id",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
];

/// Looks everywhere in turn.
#[derive(Debug)]
pub(super) struct Chain<'a> {
    pub(super) settings: &'a Settings,
    pub(super) imds: &'a Imds,
}

impl Credentials for Chain<'_> {
    fn keys(&self, cx: &Cx) -> Result<Keys, CredentialsError> {
        let settings = self.settings;
        let given = (&settings.access_key_id, &settings.secret_access_key);
        match given {
            (Some(id), Some(secret)) => {
                return Ok(Keys {
                    access_key_id: id.clone(),
                    secret_access_key: secret.clone(),
                    session_token: settings.session_token.clone(),
                    expires: None,
                });
            }
            (None, None) => {}
            _ => {
                return missing(
                    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: one is there, the other is not",
                );
            }
        }
        let profile = settings.profile_name();
        match settings.read_profile().map_err(CredentialsError::Missing)? {
            Some(found) => {
                if let Some(keys) = profile_keys(profile, &found)? {
                    return Ok(keys);
                }
            }
            None if settings.profile.is_some() => {
                return missing(format!("the files of AWS have no profile `{profile}`"));
            }
            None => {}
        }
        if let Some(container) = &settings.container {
            return container_keys(cx, self.imds.wire(), container);
        }
        match instance_keys(cx, self.imds) {
            Ok(keys) => Ok(keys),
            Err(ImdsError::Cancelled(cancelled)) => Err(cancelled.into()),
            Err(error) => missing(format!(
                "there are no variables with keys, no keys in the profile `{profile}`, no container's, and {error}"
            )),
        }
    }
}

fn missing<T>(why: impl Into<String>) -> Result<T, CredentialsError> {
    Err(CredentialsError::Missing(why.into()))
}

/// `None`: the profile says nothing of keys.
fn profile_keys(name: &str, profile: &Profile) -> Result<Option<Keys>, CredentialsError> {
    let id = profile.get("aws_access_key_id");
    let secret = profile.get("aws_secret_access_key");
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(Some(Keys {
            access_key_id: id.to_owned(),
            secret_access_key: Secret::new(secret.to_owned()),
            session_token: profile
                .get("aws_session_token")
                .map(|token| Secret::new(token.to_owned())),
            expires: None,
        })),
        (None, None) => match OTHER_WAYS
            .into_iter()
            .find(|way| profile.get(way).is_some())
        {
            Some(way) => missing(format!(
                "the profile `{name}` gets its keys by `{way}`, which is not supported: give keys instead"
            )),
            None => Ok(None),
        },
        _ => missing(format!(
            "the profile `{name}` has only one of `aws_access_key_id` and `aws_secret_access_key`"
        )),
    }
}

/// Keys of the role of an instance.
fn instance_keys(cx: &Cx, imds: &Imds) -> Result<Keys, ImdsError> {
    const ROLES: &str = "iam/security-credentials/";
    let roles = imds.get(cx, ROLES)?;
    let Some(role) = roles.lines().next().filter(|role| !role.is_empty()) else {
        return Err(ImdsError::Refused("the instance has no role".to_owned()));
    };
    let text = imds.get(cx, &format!("{ROLES}{role}"))?;
    document_keys(&text).map_err(ImdsError::Refused)
}

/// Keys of a container.
fn container_keys(
    cx: &Cx,
    wire: &LocalWire,
    container: &Container,
) -> Result<Keys, CredentialsError> {
    if !is_near(&container.url) {
        return missing(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI must be `https`, or an address of this host or of its container service",
        );
    }
    let token = match (&container.token_file, &container.token) {
        (Some(path), _) => match std::fs::read_to_string(path) {
            Ok(text) => Some(Secret::new(text.trim_end().to_owned())),
            Err(error) => return missing(format!("cannot read `{}`: {error}", path.display())),
        },
        (None, token) => token.clone(),
    };
    if let Some(token) = &token {
        cx.redactor.add(token);
    }
    let header = token
        .as_ref()
        .map(|token| ("Authorization", token.expose().as_str()));
    let headers: Vec<(&str, &str)> = header.into_iter().collect();
    let answer = wire.ask(cx, &Method::GET, &container.url, &headers);
    let keys = match answer {
        Ok((StatusCode::OK, text)) => document_keys(&text),
        Ok((status, _)) => Err(format!("it answered {status}")),
        Err(error) => Err(error.text()?),
    };
    keys.or_else(|why| missing(format!("the container's credentials cannot be had: {why}")))
}

/// What containers and instances answer with. The text itself is never shown.
fn document_keys(text: &str) -> Result<Keys, String> {
    let value: Value =
        serde_json::from_str(text).map_err(|_| "the answer is no JSON".to_owned())?;
    let field = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    let required = |name: &str| field(name).ok_or_else(|| format!("the answer has no `{name}`"));
    let expires = match field("Expiration") {
        None => None,
        Some(text) => {
            let time: jiff::Timestamp = text
                .parse()
                .map_err(|_| "its `Expiration` is no time".to_owned())?;
            Some(time.as_second())
        }
    };
    Ok(Keys {
        access_key_id: required("AccessKeyId")?,
        secret_access_key: Secret::new(required("SecretAccessKey")?),
        session_token: field("Token").map(Secret::new),
        expires,
    })
}

/// Whether keys may travel to there: encrypted, or no further than this host.
fn is_near(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    if url.scheme() == "https" {
        return true;
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let services = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
    url.scheme() == "http"
        && (host == "localhost"
            || services.contains(&host)
            || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near() {
        for (url, expected) in [
            ("https://anywhere.test/x", true),
            ("http://127.0.0.1:80/x", true),
            ("http://localhost/x", true),
            ("http://[::1]/x", true),
            ("http://169.254.170.23/v1/credentials", true),
            ("http://[fd00:ec2::23]/v1/credentials", true),
            ("http://10.0.0.1/x", false),
            ("http://localhost.evil.test/x", false),
            ("ftp://127.0.0.1/", false),
            ("nonsense", false),
        ] {
            assert_eq!(is_near(url), expected, "{url}");
        }
    }

    #[test]
    fn documents() {
        let text = r#"{"Code":"Success","AccessKeyId":"A","SecretAccessKey":"S","Token":"T","Expiration":"2026-11-23T20:00:00Z"}"#;
        let keys = document_keys(text).unwrap();
        assert_eq!(keys.expires, Some(1_795_464_000));
        assert_eq!(keys.session_token, Some(Secret::new("T".to_owned())));
        for (text, why) in [
            ("hunter22", "no JSON"),
            (r#"{"AccessKeyId":"hunter22"}"#, "no `SecretAccessKey`"),
            (
                r#"{"AccessKeyId":"a","SecretAccessKey":"hunter22","Expiration":"soon"}"#,
                "no time",
            ),
        ] {
            let error = document_keys(text).unwrap_err();
            assert!(
                error.contains(why) && !error.contains("hunter22"),
                "{error}"
            );
        }
    }
}
