//! The way into a guest that was not prepared for it: systemd takes credentials from the
//! machine's firmware tables, one of which tells `systemd-tmpfiles` to create a unit, a
//! udev rule and the agent (a bash script) under `/run`; plugging the control port makes
//! udev start the unit. Works from systemd 252 on, with any network and no login. A guest
//! without that may be started with a seed disk whose cloud-init runs [`seed_script`].
//!
//! ```text
//! host -> agent  (port goldsmith.control)
//!   run ID LIMIT SCRIPT INPUT MARK\n    seconds (0: none), two lengths in bytes, then the
//!   <script><standard input>            bytes themselves; bash executes the script in /
//! agent -> host
//!   hello 1 WAY\n                       protocol version, `credential` or `seed`
//!   exit ID CODE\n                      after the end of both outputs
//! agent -> host (ports goldsmith.stdout and goldsmith.stderr)
//!   what the script prints, as it is, then 0x1e MARK 0x1e
//! ```

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Hasher;
use goldsmith_core::event::Stream;

use super::inbox::{Inbox, Next, Port, Signal};
use super::{Vm, VmError, command, qmp};

const AGENT: &str = include_str!("guest/agent.sh");
/// Version of the protocol that the agent greets with.
const VERSION: &str = "1";
/// Name of the agent's unit in the guest.
pub const UNIT: &str = "goldsmith-agent.service";

/// The agent has to open its ports and to greet: some forks of a busy guest.
pub(super) const GREETING: Duration = Duration::from_secs(15);
/// The rule is read by udev at most three seconds after it was written, and only when
/// an event comes; a plug costs nothing.
const PLUG_AGAIN: Duration = Duration::from_millis(700);
/// A guest that is so many times slower to come up takes as many times longer to start the agent,
/// which a plug that is pulled too soon ends: on a busy host without KVM it was seen to be started
/// again and again, and not to open its port in a quarter of an hour.
const PART_OF_BOOT: u32 = 8;
/// What the guest may take to tell of an end after the script's own limit.
const GRACE: Duration = Duration::from_secs(30);
/// A line of the control port is short.
const CONTROL_LINE_MAX: usize = 4096;

/// How the agent came to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// By systemd's credentials.
    Credential,
    /// By cloud-init from the seed disk.
    Seed,
}

/// A bash script to run in the guest, as root in `/`.
#[derive(Debug, Clone, Copy)]
pub struct Script<'a> {
    /// Its text.
    pub text: &'a str,
    /// Its standard input.
    pub input: &'a [u8],
    /// It is ended after this time; whole seconds, rounded up.
    pub limit: Duration,
}

/// How a script ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// Its exit code; 128 and more: by a signal.
    pub code: i32,
    /// It was ended because its time was over.
    pub is_late: bool,
    /// From the request to the answer.
    pub time: Duration,
}

/// The guest channel of one machine.
#[derive(Debug)]
pub(super) struct Guest {
    control: UnixStream,
    line: Vec<u8>,
    runs: u64,
    is_greeted: bool,
}

impl Guest {
    pub(super) fn new(control: UnixStream) -> io::Result<Self> {
        // So that a guest that does not read cannot hold a cancelled host.
        control.set_write_timeout(Some(Duration::from_millis(100)))?;
        Ok(Self {
            control,
            line: Vec::new(),
            runs: 0,
            is_greeted: false,
        })
    }

    /// Waits for the agent's greeting.
    pub(super) fn greet(
        &mut self,
        cx: &Cx,
        inbox: &mut Inbox,
        until: Duration,
    ) -> Result<Option<Way>, VmError> {
        let line = &mut self.line;
        let hello = inbox.wait(cx, until, |signal| match signal {
            Signal::Port(Port::Control, bytes) => match control_line(line, &bytes) {
                None => Next::Drop,
                Some(line) => Next::Got(line),
            },
            Signal::Port(..) => Next::Drop,
            other => Next::Keep(other),
        })?;
        let Some(hello) = hello else { return Ok(None) };
        match hello.split(' ').collect::<Vec<_>>()[..] {
            ["hello", VERSION, "credential"] => Ok(Some(Way::Credential)),
            ["hello", VERSION, "seed"] => Ok(Some(Way::Seed)),
            _ => Err(VmError::Protocol(hello)),
        }
    }

    /// Runs a script; `output` gets what it prints, in pieces of any size.
    pub(super) fn run(
        &mut self,
        cx: &Cx,
        inbox: &mut Inbox,
        script: Script<'_>,
        output: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Finished, VmError> {
        self.runs += 1;
        let id = self.runs;
        let started = cx.clock().monotonic();
        let until = started + script.limit + GRACE;
        let limit = script.limit.as_secs() + u64::from(script.limit.subsec_nanos() > 0);
        let mark = mark(id, started);
        let mut request = format!(
            "run {id} {limit} {} {} {mark}\n",
            script.text.len(),
            script.input.len()
        )
        .into_bytes();
        request.extend_from_slice(script.text.as_bytes());
        request.extend_from_slice(script.input);
        self.send(cx, inbox, &request, until)?;

        let mut stdout = Tail::new(&mark);
        let mut stderr = Tail::new(&mark);
        let line = &mut self.line;
        let mut code = None;
        let done = inbox.wait(cx, until, |signal| {
            match signal {
                Signal::Port(Port::Stdout, bytes) => {
                    stdout.push(&bytes, &mut |data| output(Stream::Stdout, data));
                }
                Signal::Port(Port::Stderr, bytes) => {
                    stderr.push(&bytes, &mut |data| output(Stream::Stderr, data));
                }
                Signal::Port(Port::Control, bytes) => {
                    if let Some(line) = control_line(line, &bytes) {
                        match exit_code(&line, id) {
                            Some(found) => code = Some(found),
                            None => return Next::Got(Err(VmError::Protocol(line))),
                        }
                    }
                }
                Signal::Qmp(value) if is_closing(&value) => {
                    return Next::Got(Err(VmError::Protocol(
                        "nothing: the agent ended".to_owned(),
                    )));
                }
                other => return Next::Keep(other),
            }
            match code {
                Some(code) if stdout.is_done && stderr.is_done => Next::Got(Ok(code)),
                _ => Next::Drop,
            }
        })?;
        let time = cx.clock().monotonic().saturating_sub(started);
        match done {
            Some(Ok(code)) => Ok(Finished {
                code,
                // `timeout` says 124, or is itself killed with what it kills.
                is_late: matches!(code, 124 | 137) && limit > 0 && time.as_secs() >= limit,
                time,
            }),
            Some(Err(error)) => Err(error),
            None => Err(VmError::TooLate {
                what: "answer of the agent in the guest",
                seconds: time.as_secs(),
            }),
        }
    }

    /// Writes all of a request, as fast as the guest reads it.
    fn send(
        &mut self,
        cx: &Cx,
        inbox: &mut Inbox,
        mut request: &[u8],
        until: Duration,
    ) -> Result<(), VmError> {
        while !request.is_empty() {
            match self.control.write(request) {
                Ok(length) => request = &request[length..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    cx.cancel.check()?;
                    if cx.clock().monotonic() >= until {
                        return Err(VmError::TooLate {
                            what: "agent that reads",
                            seconds: GRACE.as_secs(),
                        });
                    }
                }
                // QEMU is gone; the inbox tells how it ended.
                Err(_) => {
                    inbox.wait(cx, until, Next::<()>::Keep)?;
                }
            }
        }
        Ok(())
    }
}

impl Vm {
    /// Waits until the agent runs in the guest: it is started early in the boot, long
    /// before the services are up. `until` is a moment on the context's monotonic clock.
    pub fn connect_guest(&mut self, cx: &Cx, until: Duration) -> Result<Way, VmError> {
        let began = cx.clock().monotonic();
        let late = VmError::TooLate {
            what: "agent in the guest",
            seconds: until.saturating_sub(began).as_secs(),
        };
        let mut guest = self
            .guest
            .take()
            .ok_or_else(|| VmError::Spec("the machine has no guest channel".to_owned()))?;
        let control = command::port(command::CONTROL);
        while cx.clock().monotonic() < until {
            self.execute(cx, "device_add", &control)?;
            let booting = cx.clock().monotonic().saturating_sub(began);
            let patience = PLUG_AGAIN.max(booting / PART_OF_BOOT).min(GREETING);
            let opened = self.event(cx, patience, "VSERPORT_CHANGE", |data| {
                data["id"] == command::CONTROL && data["open"] == true
            })?;
            if opened {
                let patience = until.min(cx.clock().monotonic() + GREETING);
                if let Some(way) = guest.greet(cx, &mut self.inbox, patience)? {
                    guest.is_greeted = true;
                    self.guest = Some(guest);
                    return Ok(way);
                }
            }
            self.unplug(cx)?;
        }
        Err(late)
    }

    /// Runs a script in the guest after [`Vm::connect_guest`]; `output` gets what it
    /// prints, in pieces of any size.
    pub fn run(
        &mut self,
        cx: &Cx,
        script: Script<'_>,
        output: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Finished, VmError> {
        match &mut self.guest {
            Some(guest) if guest.is_greeted => guest.run(cx, &mut self.inbox, script, output),
            _ => Err(VmError::Spec("the guest is not connected".to_owned())),
        }
    }

    /// What the agent of before a reboot said last is of no use.
    pub(super) fn forget_guest(&mut self) {
        if let Some(guest) = &mut self.guest {
            guest.line.clear();
            guest.is_greeted = false;
        }
        self.inbox.forget_ports();
    }

    /// Waits for an event of QEMU; gives whether it came in time.
    pub(super) fn event(
        &mut self,
        cx: &Cx,
        limit: Duration,
        wanted: &str,
        is_it: impl Fn(&serde_json::Value) -> bool,
    ) -> Result<bool, VmError> {
        let until = cx.clock().monotonic() + limit;
        let found = self.inbox.wait(cx, until, |signal| match &signal {
            Signal::Qmp(value) => match qmp::event(value) {
                Some((name, data)) if name == wanted && is_it(data) => Next::Got(()),
                // Older events are of no use to anyone.
                _ => Next::Drop,
            },
            Signal::Port(..) => Next::Keep(signal),
            _ => Next::Drop,
        })?;
        Ok(found.is_some())
    }
}

/// Whether the event says that nobody in the guest has the control port open any more.
fn is_closing(value: &serde_json::Value) -> bool {
    matches!(qmp::event(value), Some(("VSERPORT_CHANGE", data))
        if data["id"] == command::CONTROL && data["open"] == false)
}

/// Adds bytes to a line; gives the line once it is whole. One line at a time is under way:
/// the agent speaks only when asked.
fn control_line(line: &mut Vec<u8>, bytes: &[u8]) -> Option<String> {
    line.extend_from_slice(bytes);
    if !line.ends_with(b"\n") && line.len() < CONTROL_LINE_MAX {
        return None;
    }
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end().chars().take(120).collect();
    line.clear();
    Some(text)
}

fn exit_code(line: &str, id: u64) -> Option<i32> {
    let (found, code) = line.strip_prefix("exit ")?.split_once(' ')?;
    (found.parse() == Ok(id)).then(|| code.parse().ok())?
}

/// What ends the outputs of a run: nothing a script prints by accident.
fn mark(id: u64, moment: Duration) -> String {
    let mut hasher = Hasher::new();
    hasher.field(&id.to_le_bytes());
    hasher.field(&moment.as_nanos().to_le_bytes());
    hasher.field(&std::process::id().to_le_bytes());
    hasher.finish().to_string()[..32].to_owned()
}

/// Passes an output on until its end mark, which may come in pieces.
#[derive(Debug)]
struct Tail {
    mark: Vec<u8>,
    held: Vec<u8>,
    is_done: bool,
}

impl Tail {
    fn new(mark: &str) -> Self {
        Self {
            mark: format!("\x1e{mark}\x1e").into_bytes(),
            held: Vec::new(),
            is_done: false,
        }
    }

    fn push(&mut self, bytes: &[u8], output: &mut dyn FnMut(&[u8])) {
        self.held.extend_from_slice(bytes);
        let mark = self.mark.len();
        let mut from = 0;
        while let Some(at) = self.held[from..].iter().position(|b| *b == 0x1e) {
            let at = from + at;
            if self.held[at..].starts_with(&self.mark) {
                output(&self.held[..at]);
                self.held.clear();
                self.is_done = true;
                return;
            }
            if self.held.len() - at < mark && self.mark.starts_with(&self.held[at..]) {
                output(&self.held[..at]);
                self.held.drain(..at);
                return;
            }
            from = at + 1;
        }
        output(&self.held);
        self.held.clear();
    }
}

/// The credentials that bring the agent up: name and value.
pub(super) fn credentials() -> Vec<(&'static str, Vec<u8>)> {
    let unit = format!(
        "[Unit]\nDescription=Boot test agent\nDefaultDependencies=no\nIgnoreOnIsolate=yes\n\
         StartLimitIntervalSec=0\nConflicts=shutdown.target\nBefore=shutdown.target\n\
         [Service]\nExecStart=/bin/bash /run/goldsmith/agent {}\n{ENVIRONMENT}",
        agent_arguments("credential")
    );
    let rule = format!(
        "SUBSYSTEM==\"virtio-ports\", ATTR{{name}}==\"goldsmith.control\", ACTION==\"add\", \
         TAG+=\"systemd\", ENV{{SYSTEMD_WANTS}}+=\"{UNIT}\"\n"
    );
    let mut lines = String::from("d /run/goldsmith 0700 root root -\n");
    for (path, text) in [
        ("/run/goldsmith/agent".to_owned(), AGENT),
        (format!("/run/systemd/system/{UNIT}"), &unit),
        ("/run/udev/rules.d/99-goldsmith.rules".to_owned(), &rule),
    ] {
        // `f~`: the content is base64.
        writeln!(lines, "f~ {path} 0644 root root - {}", BASE64.encode(text))
            .expect("a string takes everything");
    }
    vec![("tmpfiles.extra", lines.into_bytes())]
}

const ENVIRONMENT: &str = "Environment=HOME=/root USER=root LOGNAME=root LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n";

fn agent_arguments(way: &str) -> String {
    let ports = command::PORT_NAMES.map(|name| format!("/dev/virtio-ports/goldsmith.{name}"));
    format!("{way} {} /run/goldsmith", ports.join(" "))
}

/// A credential as a string of the firmware's table.
/// <https://systemd.io/CREDENTIALS/>
pub(super) fn smbios(name: &str, value: &[u8]) -> String {
    format!(
        "io.systemd.credential.binary:{name}={}",
        BASE64.encode(value)
    )
}

/// A shell command that starts the agent unless credentials already did: for the seed
/// disk of a guest whose systemd knows no credentials.
pub fn seed_script() -> String {
    format!(
        "systemctl -q is-active {UNIT} || {{ mkdir -p /run/goldsmith && \
         echo {} | base64 -d >/run/goldsmith/agent-seed && \
         systemd-run -q --unit=goldsmith-agent-seed -p DefaultDependencies=no \
         -p Restart=on-failure -p RestartSec=1 \
         -E HOME=/root /bin/bash /run/goldsmith/agent-seed {}; }}",
        BASE64.encode(AGENT),
        agent_arguments("seed")
    )
}
