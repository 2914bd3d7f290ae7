//! Ways of telling somebody: a file each, behind [`goldsmith_core::notify::Notifier`].
//!
//! What a person can mend, there or in the configuration, is an error to come back after:
//! a server that is away, a certificate, a login, an address. Only what will never be taken as
//! it is, by what the other side says, is given up at once.

mod post;
pub mod slack;
pub mod smtp;
pub mod webhook;

pub use slack::Slack;
pub use smtp::{Security, Smtp, SmtpError, SmtpSettings};
pub use webhook::Webhook;
