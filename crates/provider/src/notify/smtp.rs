//! A mail, by SMTP: plain, with STARTTLS, or over TLS from the start; with a login or without.
//!
//! ```text
//! smtp://host[:25]                    STARTTLS when the server offers it; with a login: always
//! smtp://host?tls=required            STARTTLS always; `none`: never
//! smtps://host[:465]                  TLS from the start
//! ```
//!
//! `Message-ID` is made of the message's id, so that a mail that comes twice is known as one,
//! and its date is that of what happened.

mod url;

use std::future::Future;
use std::time::{Duration, SystemTime};

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_core::notify::{Message, Notifier, NotifyError};
use goldsmith_core::secret::Secret;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use url::{Security, Server};

/// How often a wait looks whether somebody asked to stop.
const TICK: Duration = Duration::from_millis(100);
/// Refusals of a login, which a person can mend: no proof given, too weak, wrong, not without TLS.
const LOGIN_CODES: [u16; 4] = [530, 534, 535, 538];

/// A server and whom to write to.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// `smtp://host:25`, `smtps://host:465`.
    pub server: String,
    /// The sender's address, with a name or without: `Goldsmith <images@example.com>`.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
    /// Name and password to log in with.
    pub login: Option<(String, Secret<String>)>,
    /// Certificates (PEM) that are trusted besides this host's.
    pub authorities: Vec<String>,
    /// How long a mail may take.
    pub timeout: Duration,
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SmtpError {
    /// No address of a server.
    #[error(
        "`{text}` is no server such as `smtp://mail.example.com` or `smtps://mail.example.com`"
    )]
    Server {
        /// As given, without a password.
        text: String,
    },
    /// No address of a person.
    #[error("`{text}` is no mail address")]
    Address {
        /// As given.
        text: String,
    },
    /// Nobody to write to.
    #[error("`to` names nobody")]
    Nobody,
    /// A login that everyone on the way could read.
    #[error("a login needs TLS, and `tls=none` says never")]
    OpenLogin,
    /// No certificate, or this host has none to check with.
    #[error("TLS cannot be set up: {detail}")]
    Tls {
        /// Why, in words.
        detail: String,
    },
}

impl Failure for SmtpError {
    fn class(&self) -> Class {
        match self {
            Self::Tls { .. } => Class::Environment,
            _ => Class::Config,
        }
    }
}

/// Somebody's mailbox.
pub struct Smtp {
    name: String,
    from: Mailbox,
    to: Vec<Mailbox>,
    password: Option<Secret<String>>,
    timeout: Duration,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Smtp {
    /// The notifier `smtp/<label>`.
    pub fn new(label: &str, settings: &SmtpSettings) -> Result<Self, SmtpError> {
        let server = Server::parse(&settings.server, settings.login.is_some())?;
        if settings.login.is_some() && server.security == Security::Plain {
            return Err(SmtpError::OpenLogin);
        }
        let address = |text: &String| {
            text.parse::<Mailbox>()
                .map_err(|_| SmtpError::Address { text: text.clone() })
        };
        let from = address(&settings.from)?;
        let to: Vec<Mailbox> = settings.to.iter().map(address).collect::<Result<_, _>>()?;
        if to.is_empty() {
            return Err(SmtpError::Nobody);
        }
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port)
            .tls(tls(&server, &settings.authorities)?)
            .hello_name(ClientId::Domain(from.email.domain().to_owned()))
            .timeout(Some(settings.timeout));
        let builder = match &settings.login {
            None => builder,
            Some((user, password)) => {
                let password = password.expose().clone();
                builder.credentials(Credentials::new(user.clone(), password))
            }
        };
        Ok(Self {
            name: format!("smtp/{label}"),
            from,
            to,
            password: settings.login.as_ref().map(|login| login.1.clone()),
            timeout: settings.timeout,
            transport: builder.build(),
        })
    }

    fn mail(&self, message: &Message) -> Result<lettre::Message, lettre::error::Error> {
        let id = format!("<{}@{}>", message.id, self.from.email.domain());
        let since = Duration::from_secs(message.unix.max(0).unsigned_abs());
        let mut builder = MessageBuilder::new()
            .from(self.from.clone())
            .subject(message.title.as_str())
            .message_id(Some(id))
            .date(SystemTime::UNIX_EPOCH + since)
            // Nobody is to answer that they are on holiday (RFC 3834).
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Goldsmith-Event", &message.kind))
            .header(ContentType::TEXT_PLAIN);
        for to in &self.to {
            builder = builder.to(to.clone());
        }
        builder.body(super::text(message))
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn tls(server: &Server, authorities: &[String]) -> Result<Tls, SmtpError> {
    if server.security == Security::Plain {
        return Ok(Tls::None);
    }
    let wrong = |error: lettre::transport::smtp::Error| SmtpError::Tls {
        detail: in_words(&error),
    };
    let mut builder = TlsParameters::builder(server.host.clone());
    for pem in authorities {
        if !pem.contains("-----BEGIN CERTIFICATE-----") {
            let detail = "an authority is no certificate in PEM".to_owned();
            return Err(SmtpError::Tls { detail });
        }
        builder =
            builder.add_root_certificate(Certificate::from_pem(pem.as_bytes()).map_err(wrong)?);
    }
    let parameters = builder.build().map_err(wrong)?;
    Ok(match server.security {
        Security::Plain => Tls::None,
        Security::Offered => Tls::Opportunistic(parameters),
        Security::StartTls => Tls::Required(parameters),
        Security::Tls => Tls::Wrapper(parameters),
    })
}

impl Notifier for Smtp {
    fn name(&self) -> &str {
        &self.name
    }

    fn send(&self, cx: &Cx, message: &Message) -> Result<(), NotifyError> {
        cx.cancel.check()?;
        if let Some(password) = &self.password {
            cx.redactor.add(password);
        }
        let never = |detail: String| NotifyError::Never {
            notifier: self.name.clone(),
            detail: cx.redactor.redact(&detail),
        };
        let later = |detail: String| NotifyError::Later {
            notifier: self.name.clone(),
            detail: cx.redactor.redact(&detail),
            asked: None,
        };
        let mail = self
            .mail(message)
            .map_err(|error| never(error.to_string()))?;
        let sent = watched(cx, self.timeout, self.transport.send(mail)).map_err(later)??;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => {
                let code = error.status().map(u16::from);
                let is_login = code.is_some_and(|code| LOGIN_CODES.contains(&code));
                let detail = in_words(&error);
                if error.is_permanent() && !is_login {
                    Err(never(detail))
                } else {
                    Err(later(detail))
                }
            }
        }
    }
}

/// Runs it until it is done, somebody asks to stop (the inner error), or it has taken too long
/// (the outer one, in words).
fn watched<T>(
    cx: &Cx,
    limit: Duration,
    work: impl Future<Output = T>,
) -> Result<Result<T, Cancelled>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start the network thread: {error}"))?;
    runtime.block_on(async {
        let mut work = std::pin::pin!(work);
        let mut waited = Duration::ZERO;
        while waited < limit {
            if let Err(cancelled) = cx.cancel.check() {
                return Ok(Err(cancelled));
            }
            if let Ok(value) = tokio::time::timeout(TICK, &mut work).await {
                return Ok(Ok(value));
            }
            waited += TICK;
        }
        Err(format!("it was not done in {} s", limit.as_secs_f32()))
    })
}

/// An error of the other side in one line, with its causes.
fn in_words(error: &lettre::transport::smtp::Error) -> String {
    let text = goldsmith_core::failure::with_causes(error);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}
