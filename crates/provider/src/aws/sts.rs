//! Who we are, and the keys of roles (STS).

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::RemoteError;
use goldsmith_core::secret::Secret;

use super::Aws;
use super::api::sts as api;
use super::call::Request;
use super::credentials::Keys;
use super::form::Form;

/// What the sessions of roles are called in logs of the account.
const SESSION: &str = "goldsmith";
/// How long keys of a role are good for, in seconds: as long as every role allows.
const SECONDS: &str = "3600";

impl Aws {
    /// Keys of a role.
    pub(super) fn assume(&self, cx: &Cx, role: &str) -> Result<Keys, RemoteError> {
        let form = Form::default()
            .with("RoleArn", role)
            .with("RoleSessionName", SESSION)
            .with("DurationSeconds", SECONDS);
        let request = Request::form(&api::ASSUME_ROLE, format!("the role `{role}`"), &form);
        self.call(cx, &request, |answer| {
            answer.read(cx, &request, |whole| {
                let text = |name: &str| whole.text(&format!("AssumeRoleResult/Credentials/{name}"));
                let expires: jiff::Timestamp = text("Expiration")?.parse().ok()?;
                Some(Keys {
                    access_key_id: text("AccessKeyId")?,
                    secret_access_key: Secret::new(text("SecretAccessKey")?),
                    session_token: Some(Secret::new(text("SessionToken")?)),
                    expires: Some(expires.as_second()),
                })
            })
        })
    }

    /// The number of the account that the keys are of.
    pub(super) fn caller(&self, cx: &Cx) -> Result<String, RemoteError> {
        let subject = "the account of these keys".to_owned();
        let request = Request::form(&api::GET_CALLER_IDENTITY, subject, &Form::default());
        self.call(cx, &request, |answer| {
            answer.read(cx, &request, |whole| {
                whole.text("GetCallerIdentityResult/Account")
            })
        })
    }
}
