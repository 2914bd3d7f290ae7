//! A machine reached by the OpenSSH client, which brings what its user has set up: keys, agents,
//! jump hosts, known hosts. Every command is a connection of its own; nothing stays open.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;

use crate::child::{ChildError, Exit, Program};

/// Exit code of `ssh` itself, which has no connection, or lost it.
pub const NO_CONNECTION: i32 = 255;

/// How often a silent connection is asked whether it is there, and how often in vain.
const ALIVE_SECONDS: u32 = 10;
const ALIVE_TRIES: u32 = 3;
/// Seconds that making a connection may take.
const CONNECT_SECONDS: u32 = 20;

/// Where to log in, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssh {
    /// Host name, address, or an alias of the user's configuration.
    pub host: String,
    /// User; `None`: as the configuration says.
    pub user: Option<String>,
    /// Port; `None`: as the configuration says.
    pub port: Option<u16>,
    /// File of a private key to use besides those of the configuration.
    pub identity: Option<PathBuf>,
    /// Options as `ssh -o` takes them: `UserKnownHostsFile=...`.
    pub options: Vec<String>,
    /// What `ssh` gets to see of the environment: `HOME`, `SSH_AUTH_SOCK`, ...
    pub env: BTreeMap<String, String>,
}

impl Ssh {
    /// Reads `ssh://user@host:port`, `user@host` or `host`. `Err` says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rest = match text.split_once("://") {
            Some(("ssh", rest)) => rest.strip_suffix('/').unwrap_or(rest),
            Some((scheme, _)) => return Err(format!("`{scheme}://` is not understood")),
            None => text,
        };
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, rest),
        };
        let (host, port) = match place.strip_prefix('[').and_then(|p| p.split_once(']')) {
            Some((address, "")) => (address, None),
            Some((address, port)) => (address, port.strip_prefix(':').or(Some(""))),
            // An IPv6 address without brackets has more than one colon.
            None => match place.split_once(':') {
                Some((host, port)) if !port.contains(':') => (host, Some(port)),
                _ => (place, None),
            },
        };
        let port = match port.map(str::parse) {
            None => None,
            Some(Ok(port)) if port > 0 => Some(port),
            Some(_) => return Err(format!("`{text}` has a port that is no number")),
        };
        let is_word = |word: &str| {
            let odd = |c: char| c.is_whitespace() || c.is_control() || "/?#".contains(c);
            // What begins with a dash would be an option of ssh.
            !word.is_empty() && !word.starts_with('-') && !word.contains(odd)
        };
        if !is_word(host) {
            return Err(format!("`{text}` names no host"));
        }
        if user.is_some_and(|user| !is_word(user)) {
            return Err(format!("`{text}` names no user before the `@`"));
        }
        Ok(Self {
            host: host.to_owned(),
            user: user.map(str::to_owned),
            port,
            identity: None,
            options: Vec::new(),
            env: BTreeMap::new(),
        })
    }

    /// Runs a line of the other side's shell to its end, whatever its exit code; 255 is that of
    /// `ssh` itself ([`NO_CONNECTION`]). Standard input is `input`.
    pub fn run(
        &self,
        cx: &Cx,
        line: &str,
        input: &[u8],
        limit: Option<Duration>,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, ChildError> {
        self.program(line, input, limit).run(cx, on_line)
    }

    fn program(&self, line: &str, input: &[u8], limit: Option<Duration>) -> Program {
        let mut program = Program::new("ssh").arg("-T");
        // What the user says comes first: ssh takes the first value of an option.
        for option in &self.options {
            program = program.arg("-o").arg(option);
        }
        for option in [
            "BatchMode=yes".to_owned(),
            format!("ConnectTimeout={CONNECT_SECONDS}"),
            format!("ServerAliveInterval={ALIVE_SECONDS}"),
            format!("ServerAliveCountMax={ALIVE_TRIES}"),
            "ForwardAgent=no".to_owned(),
            "ForwardX11=no".to_owned(),
        ] {
            program = program.arg("-o").arg(option);
        }
        if let Some(port) = self.port {
            program = program.arg("-p").arg(port.to_string());
        }
        if let Some(user) = &self.user {
            program = program.arg("-l").arg(user);
        }
        if let Some(identity) = &self.identity {
            program = program.arg("-i").arg(identity);
        }
        for (name, value) in &self.env {
            program = program.env(name, value);
        }
        if let Some(limit) = limit {
            program = program.timeout(limit);
        }
        program.arg("--").arg(&self.host).arg(line).stdin(input)
    }
}

/// As it is written after `--on`.
impl std::fmt::Display for Ssh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        match (self.port, self.host.contains(':')) {
            (Some(port), true) => write!(f, "[{}]:{port}", self.host),
            (Some(port), false) => write!(f, "{}:{port}", self.host),
            (None, _) => f.write_str(&self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations() {
        for (text, shown) in [
            ("web1", "web1"),
            ("admin@web1", "admin@web1"),
            ("ssh://admin@web1:2222", "admin@web1:2222"),
            ("ssh://web1/", "web1"),
            ("web1:22", "web1:22"),
            ("root@[::1]:2222", "root@[::1]:2222"),
            ("fe80::1", "fe80::1"),
        ] {
            let parsed = Ssh::parse(text).map(|ssh| ssh.to_string());
            assert_eq!(parsed.as_deref(), Ok(shown), "{text}");
        }
        for (text, why) in [
            ("", "no host"),
            ("@web1", "no user"),
            ("-oProxyCommand=id", "no host"),
            ("a@-b", "no host"),
            ("-x@b", "no user"),
            ("web1:port", "no number"),
            ("web1:0", "no number"),
            ("http://web1", "not understood"),
            ("web 1", "no host"),
            ("ssh://web1/path", "no host"),
        ] {
            let refused = Ssh::parse(text).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
