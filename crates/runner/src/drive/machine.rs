//! What is done on the other machine besides the work: looking, putting, rebooting, removing.

use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_exec::child::shell_word;

use super::reach::{Answer, Reach, ReachError};
use super::{DriveError, PAUSE};

/// What a command of ours may take that does no work.
const COMMAND_LIMIT: Duration = Duration::from_mins(1);
/// What an answer may take of a machine that is perhaps not there.
const PROBE_LIMIT: Duration = Duration::from_secs(15);
/// What sending the program may take.
const PUT_LIMIT: Duration = Duration::from_mins(10);

/// Gives the architecture, the user's number and the boot's identifier, a line each.
const LOOK: &str = "uname -m; id -u; cat /proc/sys/kernel/random/boot_id";

/// A machine and the directory that the runner has there.
pub(super) struct Machine<'a> {
    reach: &'a dyn Reach,
    is_root: bool,
    architecture: String,
    boot: String,
    directory: String,
}

impl<'a> Machine<'a> {
    /// Connects for the first time.
    pub(super) fn look(cx: &Cx, reach: &'a dyn Reach) -> Result<Self, DriveError> {
        let mut machine = Self {
            reach,
            is_root: true,
            architecture: String::new(),
            boot: String::new(),
            directory: String::new(),
        };
        let seen = machine
            .seen(cx, COMMAND_LIMIT)
            .map_err(|error| match error {
                DriveError::Reach(ReachError::Cancelled(cancelled)) => cancelled.into(),
                DriveError::Reach(source) => DriveError::NoWay {
                    machine: reach.name(),
                    source,
                },
                error => error,
            })?;
        let [architecture, user, boot] = seen;
        machine.architecture = architecture;
        machine.boot = boot;
        machine.is_root = user == "0";
        if !machine.is_root {
            let answer = machine.sh(cx, "true", b"", &mut |_| {})?;
            machine.check("work as root", &answer)?;
        }
        Ok(machine)
    }

    pub(super) fn name(&self) -> String {
        self.reach.name()
    }

    /// Where the runner is, once it has been put.
    pub(super) fn directory(&self) -> &str {
        &self.directory
    }

    fn seen(&self, cx: &Cx, limit: Duration) -> Result<[String; 3], DriveError> {
        let mut lines = Vec::new();
        let answer = self.reach.shell(cx, LOOK, b"", Some(limit), &mut |line| {
            lines.push(line.trim().to_owned());
        })?;
        // A login script may print before.
        let ours = lines.split_off(lines.len().saturating_sub(3));
        match <[String; 3]>::try_from(ours) {
            Ok(seen) if answer.code == 0 && seen.iter().all(|line| !line.is_empty()) => Ok(seen),
            _ => Err(self.denied("look around", &answer)),
        }
    }

    /// Runs a script of ours as root.
    fn sh(
        &self,
        cx: &Cx,
        script: &str,
        input: &[u8],
        on_line: &mut dyn FnMut(&str),
    ) -> Result<Answer, ReachError> {
        self.sh_within(cx, script, input, Some(COMMAND_LIMIT), on_line)
    }

    fn sh_within(
        &self,
        cx: &Cx,
        script: &str,
        input: &[u8],
        limit: Option<Duration>,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<Answer, ReachError> {
        let before = if self.is_root { "" } else { "sudo -n " };
        let line = format!("{before}sh -c {}", shell_word(script));
        self.reach.shell(cx, &line, input, limit, on_line)
    }

    /// Puts the program into a directory of its own, where programs may run: not every machine
    /// lets them below `/var/tmp`, and `/tmp` may not last. May be repeated.
    pub(super) fn put(&mut self, cx: &Cx, program: &[u8], id: &str) -> Result<(), DriveError> {
        let made_for = architecture(program);
        if made_for != self.architecture {
            return Err(DriveError::Kind {
                machine: self.name(),
                found: self.architecture.clone(),
                made_for: made_for.to_owned(),
            });
        }
        let script = format!(
            "umask 077\n\
             for above in /var/lib /opt \"$HOME\" /var/tmp; do\n\
               d=\"$above/goldsmith-runner-{id}\"\n\
               rm -rf -- \"$d\" 2>/dev/null; mkdir -- \"$d\" 2>/dev/null || continue\n\
               printf '#!/bin/sh\\n' >\"$d/try\" && chmod 700 \"$d/try\" && \"$d/try\" 2>/dev/null || {{ rm -rf -- \"$d\"; continue; }}\n\
               rm -f -- \"$d/try\"; printf '%s\\n' \"$d\"\n\
               cat >\"$d/goldsmith-runner\" && chmod 700 \"$d/goldsmith-runner\" && exit 0\n\
               rm -rf -- \"$d\"; exit 1\n\
             done\n\
             echo 'there is no directory in which programs may run' >&2; exit 1"
        );
        let mut directory = None;
        let limit = Some(PUT_LIMIT);
        let answer = self.sh_within(cx, &script, program, limit, &mut |line| {
            directory = Some(line.to_owned());
        });
        let directory = directory.unwrap_or_default();
        // Known before anything can fail, so that it can be taken away.
        self.directory.clone_from(&directory);
        let outcome = match answer {
            Ok(answer) => self.check("put the runner there", &answer),
            Err(error) => Err(error.into()),
        };
        if outcome.is_err() && !directory.is_empty() {
            drop(self.remove(&cx.uncancelled()));
        }
        outcome
    }

    /// Runs the runner: `{}` of `command` is its directory.
    pub(super) fn runner(
        &self,
        cx: &Cx,
        command: &str,
        input: &[u8],
        limit: Option<Duration>,
        on_line: &mut dyn FnMut(&str),
    ) -> Result<Answer, DriveError> {
        let directory = shell_word(&self.directory);
        let script = format!(
            "exec {directory}/goldsmith-runner {}",
            command.replace("{}", &directory)
        );
        Ok(self.sh_within(cx, &script, input, limit, on_line)?)
    }

    /// Starts the work, or goes on with it when there is no new job. May be repeated.
    pub(super) fn start(&self, cx: &Cx, job: &[u8]) -> Result<(), DriveError> {
        let limit = Some(COMMAND_LIMIT);
        let answer = self.runner(cx, "start {}", job, limit, &mut |_| {})?;
        self.check("start the work", &answer)
    }

    /// Reboots the machine and waits until it has.
    pub(super) fn reboot(&mut self, cx: &Cx, limit: Duration) -> Result<(), DriveError> {
        let script = "sync; systemctl reboot || shutdown -r now || reboot";
        // Whether it says yes, no or nothing any more: what counts is whether it happens.
        let limit_of_asking = Some(PROBE_LIMIT);
        let mut why = match self.sh_within(cx, script, b"", limit_of_asking, &mut |_| {}) {
            Err(ReachError::Cancelled(cancelled)) => return Err(cancelled.into()),
            Err(error) => error.to_string(),
            Ok(answer) => answer.complaint,
        };
        let deadline = cx.clock().monotonic() + limit;
        while cx.clock().monotonic() < deadline {
            cx.cancel.check()?;
            cx.clock().sleep(PAUSE);
            match self.seen(cx, PROBE_LIMIT) {
                Ok([_, _, boot]) if boot != self.boot => {
                    self.boot = boot;
                    return Ok(());
                }
                Ok(_) => {}
                Err(DriveError::Reach(ReachError::Cancelled(cancelled))) => {
                    return Err(cancelled.into());
                }
                Err(error) => why = error.to_string(),
            }
        }
        Err(DriveError::NoReboot {
            machine: self.name(),
            limit,
            why,
        })
    }

    /// Ends what still works there and takes everything away.
    pub(super) fn remove(&self, cx: &Cx) -> Result<(), DriveError> {
        let directory = shell_word(&self.directory);
        let script = format!(
            "d={directory}; [ ! -e \"$d\" ] || {{ \"$d/goldsmith-runner\" stop \"$d\" 2>/dev/null; rm -rf -- \"$d\"; }}"
        );
        let answer = self.sh(cx, &script, b"", &mut |_| {})?;
        self.check("remove what is there", &answer)
    }

    /// The error when that was not possible.
    pub(super) fn left(&self, error: &DriveError) -> DriveError {
        DriveError::Left {
            machine: self.name(),
            directory: self.directory.clone(),
            why: error.to_string(),
        }
    }

    fn check(&self, action: &'static str, answer: &Answer) -> Result<(), DriveError> {
        if answer.code == 0 {
            Ok(())
        } else {
            Err(self.denied(action, answer))
        }
    }

    fn denied(&self, action: &'static str, answer: &Answer) -> DriveError {
        let why = match answer.complaint.as_str() {
            "" => format!("exit code {}", answer.code),
            text => text.to_owned(),
        };
        DriveError::Denied {
            machine: self.name(),
            action,
            why,
        }
    }
}

/// What a program is made for, as `uname -m` calls it.
/// <https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html>
fn architecture(program: &[u8]) -> &'static str {
    match program.get(..20) {
        Some(head) if head.starts_with(b"\x7fELF") => match (head[18], head[19]) {
            (0x3e, 0) => "x86_64",
            (0xb7, 0) => "aarch64",
            _ => "another machine",
        },
        _ => "no machine: it is no program",
    }
}
