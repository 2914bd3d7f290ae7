//! Ways of telling somebody: a file each, behind [`goldsmith_core::notify::Notifier`].
//!
//! What a person can mend, there or in the configuration, is an error to come back after:
//! a server that is away, a certificate, a login, an address. Only what will never be taken as
//! it is, by what the other side says, is given up at once.

pub mod eventbridge;
mod post;
pub mod slack;
pub mod smtp;
pub mod sns;
mod text;
pub mod webhook;

use std::time::Duration;

use goldsmith_core::notify::{Notifier, NotifyError};
use goldsmith_core::recipe::{self, Channel};

use crate::aws::{Aws, Untaken};
use crate::http::Settings;
use text::text;

pub use eventbridge::EventBridge;
pub use slack::Slack;
pub use smtp::{Smtp, SmtpError, SmtpSettings};
pub use sns::Sns;
pub use webhook::Webhook;

/// How long a mail may take.
const MAIL_TIME: Duration = Duration::from_mins(1);

/// The notifier of a `notify` block. Nothing is connected to.
pub fn of(
    block: &recipe::Notifier,
    settings: &Settings,
    aws: &Aws,
) -> Result<Box<dyn Notifier>, SmtpError> {
    let label = &block.name;
    Ok(match &block.channel {
        Channel::Webhook { url, secret } => {
            let (url, secret) = (url.clone(), secret.clone());
            Box::new(Webhook::new(label, url, secret, settings.clone()))
        }
        Channel::Slack { url } => Box::new(Slack::new(label, url.clone(), settings.clone())),
        Channel::Smtp(smtp) => {
            let mail = SmtpSettings {
                server: smtp.server.clone(),
                from: smtp.from.clone(),
                to: smtp.to.clone(),
                login: smtp.user.clone().zip(smtp.password.clone()),
                authorities: Vec::new(),
                timeout: MAIL_TIME,
            };
            Box::new(Smtp::new(label, &mail)?)
        }
        Channel::Sns { topic } => Box::new(Sns::new(label, topic, aws)),
        Channel::EventBridge { bus } => Box::new(EventBridge::new(label, bus, aws)),
    })
}

/// The region of an ARN.
fn region(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}

/// Why AWS did not take something, as an error of a notifier.
fn untaken(notifier: &str, error: Untaken) -> NotifyError {
    let notifier = notifier.to_owned();
    match error {
        Untaken::Cancelled(cancelled) => cancelled.into(),
        Untaken::Later(detail, asked) => NotifyError::Later {
            notifier,
            detail,
            asked,
        },
        Untaken::Never(detail) => NotifyError::Never { notifier, detail },
    }
}
