//! A mail server that keeps what it gets: `aiosmtpd`, on a port of this host, ended when dropped.
//!
//! ```text
//! let sink = SmtpSink::start(&Setup { wrapping: Wrapping::StartTls, ..Setup::default() });
//! sink.port(); sink.certificate(); sink.mails()
//! ```

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::emulators;

/// How it is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wrapping {
    /// In the open.
    #[default]
    Plain,
    /// STARTTLS must come first.
    StartTls,
    /// TLS from the start.
    Tls,
}

/// What it is to be like.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// How it is spoken to.
    pub wrapping: Wrapping,
    /// Name and password that it asks for.
    pub login: Option<(&'static str, &'static str)>,
    /// What becomes of mails, one after the other: an answer such as `451 busy` refuses it,
    /// `drop` closes the connection, `lose` takes it and closes the connection. The others are
    /// taken.
    pub faults: Vec<&'static str>,
}

/// A running server.
#[derive(Debug)]
pub struct SmtpSink {
    server: Child,
    port: u16,
    certificate: String,
    lines: Mutex<Receiver<String>>,
    reader: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

const SERVER: &str = r"
import asyncio, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult
wrapping, certificate, user, password, *faults = sys.argv[1:]

class Handler:
    async def handle_DATA(self, server, session, envelope):
        fault = faults.pop(0) if faults else ''
        if fault and fault not in ('drop', 'lose'):
            return fault
        if fault != 'drop':
            head = [envelope.mail_from, ','.join(envelope.rcpt_tos), 'tls' if session.ssl or server.transport.get_extra_info('ssl_object') else 'open', user if session.authenticated else '']
            print(' '.join(word.encode().hex() or '-' for word in head + [envelope.content.decode()]), flush=True)
        if fault:
            server.transport.abort()
        return '250 taken'

def check(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login.decode() == user and data.password.decode() == password, handled=False)

async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    is_starttls = wrapping == 'starttls'
    make = lambda: SMTP(Handler(), hostname='sink.test', tls_context=context if is_starttls else None,
        require_starttls=is_starttls, authenticator=check, auth_required=bool(user), auth_require_tls=is_starttls)
    server = await asyncio.get_running_loop().create_server(make, '127.0.0.1', 0, ssl=context if wrapping == 'tls' else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
";

/// A mail that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Address of the sender, of the envelope.
    pub from: String,
    /// Addresses, of the envelope.
    pub to: String,
    /// Whether it came over TLS.
    pub is_over_tls: bool,
    /// Who had logged in; empty: nobody.
    pub user: String,
    /// Head and body.
    pub text: String,
}

impl SmtpSink {
    /// Starts one.
    ///
    /// # Panics
    ///
    /// When it is not installed or does not start.
    pub fn start(setup: &Setup) -> Self {
        let made =
            rcgen::generate_simple_self_signed(["localhost", "127.0.0.1"].map(str::to_owned))
                .expect("names of this host");
        let certificate = made.cert.pem();
        let folder = tempfile::tempdir().expect("a folder for a certificate");
        let file = folder.path().join("certificate.pem");
        let both = format!("{certificate}{}", made.signing_key.serialize_pem());
        std::fs::write(&file, both).expect("the folder takes files");
        let (user, password) = setup.login.unwrap_or_default();
        let wrapping = match setup.wrapping {
            Wrapping::Plain => "plain",
            Wrapping::StartTls => "starttls",
            Wrapping::Tls => "tls",
        };
        // Goes with this thread, also when that is killed.
        #[expect(
            clippy::disallowed_methods,
            reason = "a fixture cannot use the crate it is a fixture for"
        )]
        let mut server = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(emulators::program("python3"))
            .args(["-W", "ignore", "-c", SERVER, wrapping])
            .arg(&file)
            .args([user, password])
            .args(&setup.faults)
            .env_clear()
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test needs `setpriv`");
        let mut said = BufReader::new(server.stdout.take().expect("it is piped")).lines();
        let port = said.next().and_then(Result::ok);
        let port = port.and_then(|line| line.trim().parse().ok());
        let port = port.expect("the mail server says its port");
        let (sender, lines) = channel();
        let reader = std::thread::spawn(move || {
            for line in said.map_while(Result::ok) {
                drop(sender.send(line));
            }
        });
        Self {
            server,
            port,
            certificate,
            lines: Mutex::new(lines),
            reader: Some(reader),
            _folder: folder,
        }
    }

    /// Its port on this host.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its certificate, which nobody has signed but itself, in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The next mail that it took; waits for it.
    ///
    /// # Panics
    ///
    /// When none comes.
    pub fn mail(&self) -> Mail {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.recv_timeout(std::time::Duration::from_secs(30));
        let line = line.expect("a mail was sent");
        let mut words = line.split(' ').map(unhex);
        let mut next = || words.next().unwrap_or_default();
        Mail {
            from: next(),
            to: next(),
            is_over_tls: next() == "tls",
            user: next(),
            text: next(),
        }
    }

    /// Whether it took another mail so far. A client hears that its mail was taken after the
    /// sink has told of it.
    pub fn has_more(&self) -> bool {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.try_recv().is_ok()
    }
}

/// A word of hexadecimal digits as a text; `-`: nothing.
fn unhex(word: &str) -> String {
    let digit = |at: usize| u8::from_str_radix(word.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..word.len()).step_by(2).map(digit).collect();
    String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
        if let Some(reader) = self.reader.take() {
            drop(reader.join());
        }
    }
}
