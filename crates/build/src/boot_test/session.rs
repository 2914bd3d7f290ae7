//! A machine that runs: the guest is reached, asked, tested and shut down.

use std::time::Duration;

use goldsmith_component::run::{Next, Report, Run, RunError, StepReport, StepStatus};
use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;
use goldsmith_core::recipe::Firmware;
use goldsmith_core::size::format_duration;
use goldsmith_exec::child::shell_word;
use goldsmith_exec::vm::guest::{Finished, Script};
use goldsmith_exec::vm::{Console, Vm, VmError, VmSpec};
use goldsmith_inspect::harden::guest;
use serde_json::Value;

use super::boot::{Booted, Extent};
use super::facts::{self, Facts};
use super::format::{Boot, Check, Times, Usage};
use super::{Subject, TestDocument, check, machine, millis};

/// The phase of documents that runs in the guest.
const TEST: &str = "test";
/// Lines of the console in a report.
const CONSOLE_LINES: usize = 25;
/// What the console shows just after an alarm says more than what it showed before.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// Facts come in a second; a guest that swaps, on a busy host, takes longer.
const FACTS_LIMIT: Duration = Duration::from_mins(5);
/// More output than this from a script of ours is not read on.
const OUTPUT_MAX: usize = 4 << 20;
/// Says `running` or `degraded` when every job is done, those of cloud-init too.
const SETTLED: &str = "systemctl is-system-running --wait";
/// Lines from the guest that go with a check.
const DETAIL_LINES: usize = 40;

/// What is known while a boot goes on.
pub(super) struct Session<'a> {
    cx: &'a Cx,
    subject: &'a Subject<'a>,
    boot: Boot,
    started: Duration,
    console: Console,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        cx: &'a Cx,
        subject: &'a Subject<'a>,
        firmware: Firmware,
        spec: &VmSpec,
        vm: &Vm,
    ) -> Self {
        Self {
            cx,
            subject,
            boot: Boot {
                firmware,
                is_passed: false,
                way: None,
                times: None,
                usage: None,
                power_off_ms: None,
                total_ms: 0,
                checks: Vec::new(),
                console_log: spec.console_log.clone(),
                console_tail: Vec::new(),
            },
            started: vm.started(),
            console: vm.console().clone(),
        }
    }

    /// The whole boot. What the guest does wrong becomes a check; an error is the host's.
    pub(super) fn go(mut self, mut vm: Vm, extent: Extent) -> Result<Booted, Stop> {
        let mut facts = None;
        let mut went = self.reach(&mut vm, extent, &mut facts);
        if let (Ok(()), Extent::Whole, Some(facts)) = (&went, extent, &facts) {
            went = self.whole(&mut vm, facts);
        }
        if let Err(stop) = went {
            let error = match stop {
                Stop::Machine(error) if error.is_of_guest() => error,
                stop => return Err(stop),
            };
            if matches!(error, VmError::Alarm(_)) {
                self.cx.clock().sleep(LAST_WORDS);
            }
            let name = if facts.is_some() {
                "machine"
            } else {
                "multi-user"
            };
            self.boot
                .checks
                .push(Check::new(name, false, error.to_string()));
        }
        // The console is whole when the machine is gone.
        drop(vm);
        self.boot.total_ms = millis(self.since_start());
        self.boot.is_passed = self.boot.checks.iter().all(|check| check.is_passed);
        if self.boot.is_passed {
            self.boot.console_tail.clear();
        } else if self.boot.console_tail.is_empty() {
            self.boot.console_tail = self.console.last_lines(CONSOLE_LINES, &self.cx.redactor);
        }
        for check in &mut self.boot.checks {
            check.summary = self.cx.redactor.redact(&check.summary);
            check.details = presentable(&check.details, self.cx);
        }
        Ok(Booted {
            boot: self.boot,
            facts,
        })
    }

    fn since_start(&self) -> Duration {
        self.cx.clock().monotonic().saturating_sub(self.started)
    }

    /// From power-on until the guest has settled and said what it is.
    fn reach(
        &mut self,
        vm: &mut Vm,
        extent: Extent,
        facts: &mut Option<Facts>,
    ) -> Result<(), Stop> {
        let until = self.started + self.subject.boot_limit;
        let way = vm.connect_guest(self.cx, until)?;
        self.boot.way = Some(way);
        let agent = self.since_start();
        self.cx.note(format!(
            "{}: guest reached after {}",
            self.boot.firmware.name(),
            format_duration(agent)
        ));
        let left = until
            .saturating_sub(self.cx.clock().monotonic())
            .max(Duration::from_secs(1));
        match extent {
            Extent::Whole => self.script(vm, SETTLED, left)?,
            Extent::Identity { host_keys } => {
                self.script(vm, &wait_for_identity(host_keys), left)?
            }
        };
        let (_, text) = self.script(vm, facts::SCRIPT, FACTS_LIMIT)?;
        let found = Facts::parse(&text);
        self.boot.times = times(&found, self.since_start(), agent);
        *facts = Some(found);
        Ok(())
    }

    /// Every check, then the power button.
    fn whole(&mut self, vm: &mut Vm, facts: &Facts) -> Result<(), Stop> {
        let times = self.boot.times;
        let mut settled = check::settled(facts, times.as_ref());
        if !settled.is_passed {
            settled = settled.details(self.lines(vm, "systemctl list-jobs --no-pager")?);
        }
        let mut journal = Vec::new();
        let failed = facts.failed_units();
        if !failed.is_empty() {
            journal = self.lines(vm, &journal_of(&failed))?;
        }
        let now = self.cx.clock().unix_seconds();
        let usage = usage(facts);
        let checks = &mut self.boot.checks;
        checks.extend([
            check::multi_user(facts, times.as_ref()),
            settled,
            check::failed_units(facts, journal),
            check::network(facts),
            check::root_grown(facts),
            check::machine_id(facts),
            check::clock(facts, now),
        ]);
        checks.extend(check::cloud_init(facts));
        checks.extend(check::budgets(&self.subject.budget, times.as_ref(), &usage));
        self.boot.usage = Some(usage);
        self.hardening(vm)?;

        for test in &self.subject.documents {
            if test.document.phases().any(|phase| phase == TEST) {
                self.document(vm, test)?;
            }
        }

        // What the shutdown will show says nothing about a check that failed before it.
        self.boot.console_tail = self.console.last_lines(CONSOLE_LINES, &self.cx.redactor);
        let off = vm.power_off(self.cx, self.subject.power_off_limit)?;
        self.boot.power_off_ms = Some(millis(off.time));
        let time = format_duration(off.time);
        self.boot.checks.push(if off.is_clean {
            Check::new("power-off", true, format!("clean, after {time}"))
        } else {
            self.boot.console_tail.clear();
            Check::new("power-off", false, format!("not within {time}: killed"))
        });
        Ok(())
    }

    /// What a hardening profile asks of a running machine: a check per question. The documents come
    /// later: they may change what they test.
    fn hardening(&mut self, vm: &mut Vm) -> Result<(), VmError> {
        let Some(hardening) = self.subject.hardening else {
            return Ok(());
        };
        for asked in guest::of(hardening.profile) {
            let command = format!("/bin/sh -c {} 2>&1", shell_word(asked.command));
            let (finished, said) = self.script(vm, &command, FACTS_LIMIT)?;
            let check = hardening.check(asked, finished.code, &said);
            self.boot.checks.push(Check {
                ms: millis(finished.time),
                ..check
            });
        }
        Ok(())
    }

    /// The test phase of a document: a check per step.
    fn document(&mut self, vm: &mut Vm, test: &TestDocument) -> Result<(), Stop> {
        let TestDocument {
            document,
            parameters,
        } = test;
        let name = document.name();
        let report = Run::new(document, parameters, &[TEST]).map_err(|source| Stop::Document {
            document: name.to_owned(),
            source: Box::new(source),
        })?;
        match self.steps(vm, report)? {
            Ok(report) => {
                self.boot
                    .checks
                    .extend(report.steps.iter().map(|step| of_step(name, step)));
                Ok(())
            }
            Err(RunError::Cancelled(cancelled)) => Err(Stop::Machine(cancelled.into())),
            Err(error @ RunError::Machine { .. }) => {
                if let Err(ended) = vm.execute(self.cx, "query-status", &Value::Null)
                    && !ended.is_of_guest()
                {
                    return Err(Stop::Machine(ended));
                }
                let check = Check::new(name, false, error.to_string());
                let details = causes(&error);
                self.boot.checks.push(check.details(details));
                Ok(())
            }
            Err(source) => Err(Stop::Document {
                document: name.to_owned(),
                source: Box::new(source),
            }),
        }
    }

    /// Every step of a run, reboots of the guest between them.
    fn steps(&self, vm: &mut Vm, mut run: Run<'_>) -> Result<Result<Report, RunError>, Stop> {
        loop {
            let next = run.next(self.cx, &machine::Guest::new(vm), &self.subject.services);
            match next {
                Ok(Next::Step) => {}
                Ok(Next::End) => return Ok(Ok(run.into_report())),
                Err(error) => return Ok(Err(error)),
                Ok(Next::Reboot(delay)) => {
                    self.cx.clock().sleep(delay.min(self.subject.boot_limit));
                    let took = vm.reboot_guest(self.cx, self.subject.boot_limit)?;
                    let left = self.subject.boot_limit.saturating_sub(took);
                    self.script(vm, SETTLED, left.max(Duration::from_secs(1)))?;
                    self.cx.note(format!(
                        "{}: rebooted in {}",
                        self.boot.firmware.name(),
                        format_duration(took)
                    ));
                }
            }
        }
    }

    /// What a script of ours prints, as lines for a report.
    fn lines(&self, vm: &mut Vm, script: &str) -> Result<Vec<String>, VmError> {
        let (_, text) = self.script(vm, script, FACTS_LIMIT)?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    fn script(
        &self,
        vm: &mut Vm,
        text: &str,
        limit: Duration,
    ) -> Result<(Finished, String), VmError> {
        let mut out = Vec::new();
        let script = Script {
            text,
            input: b"",
            limit,
        };
        let finished = vm.run(self.cx, script, &mut |stream, bytes| {
            if stream == Stream::Stdout && out.len() < OUTPUT_MAX {
                out.extend_from_slice(bytes);
            }
        })?;
        Ok((finished, String::from_utf8_lossy(&out).into_owned()))
    }
}

/// Why a boot was given up.
pub(super) enum Stop {
    Machine(VmError),
    Document {
        document: String,
        source: Box<RunError>,
    },
}

impl From<VmError> for Stop {
    fn from(error: VmError) -> Self {
        Self::Machine(error)
    }
}

/// What a step of a document came to.
fn of_step(document: &str, step: &StepReport) -> Check {
    let name = format!("{document} {}/{}", step.phase, step.step);
    let took = format_duration(step.duration);
    let (is_passed, summary) = match (&step.status, &step.error) {
        (StepStatus::Failed, Some(error)) => (false, error.clone()),
        (StepStatus::Failed, None) => (false, "failed".to_owned()),
        (StepStatus::IgnoredFailure, _) => (true, format!("failed, which it ignores, {took}")),
        (StepStatus::Skipped, _) => (true, "skipped by its condition".to_owned()),
        (StepStatus::Success, _) => (true, format!("passed, {took}")),
    };
    let details = if is_passed {
        Vec::new()
    } else {
        step.tail.clone()
    };
    Check {
        ms: millis(step.duration),
        ..Check::new(name, is_passed, summary).details(details)
    }
}

/// What led to an error, the nearest first.
fn causes(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(error.source(), |error| error.source())
        .map(ToString::to_string)
        .collect()
}

/// Ends when there are as many ssh host keys, or when the boot is over without them.
fn wait_for_identity(host_keys: usize) -> String {
    format!(
        "shopt -s nullglob\n\
         while [ \"$(systemctl is-system-running)\" = starting ]; do\n\
           keys=(/etc/ssh/ssh_host_*_key.pub)\n\
           [ ${{#keys[@]}} -lt {host_keys} ] || break\n\
           sleep 1\n\
         done"
    )
}

/// The last lines of each unit's journal; names are the guest's, so they are quoted.
fn journal_of(units: &[&str]) -> String {
    let words: Vec<String> = units.iter().take(10).map(|unit| shell_word(unit)).collect();
    format!(
        "for unit in {}; do echo \"$unit:\"; journalctl -b -n 8 --no-pager -o cat -u \"$unit\"; done",
        words.join(" ")
    )
}

/// The times of a boot whose facts arrived `elapsed` after power-on; `None`: multi-user
/// was not reached. The guest's clock counts from its kernel's start, so what the host
/// measured tells how long firmware and loader took.
fn times(facts: &Facts, elapsed: Duration, agent: Duration) -> Option<Times> {
    let multi_user = facts.multi_user()?;
    let userspace = facts.userspace()?;
    let loader = elapsed.saturating_sub(facts.uptime()?);
    Some(Times {
        multi_user_ms: millis(loader + multi_user),
        loader_ms: millis(loader),
        kernel_ms: millis(userspace),
        userspace_ms: millis(multi_user.saturating_sub(userspace)),
        settled_ms: facts.settled().map(|settled| millis(loader + settled)),
        agent_ms: millis(agent),
    })
}

fn usage(facts: &Facts) -> Usage {
    let total = facts.memory("MemTotal").unwrap_or(0);
    let root = facts.root();
    Usage {
        memory_bytes: total.saturating_sub(facts.memory("MemAvailable").unwrap_or(0)),
        memory_total_bytes: total,
        disk_bytes: root.map_or(0, |root| root.used),
        disk_total_bytes: root.map_or(0, |root| root.total),
        ports: facts.ports(),
    }
}

/// Lines of the guest as a terminal may show them: no secrets, no control characters.
fn presentable(lines: &[String], cx: &Cx) -> Vec<String> {
    lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .take(DETAIL_LINES)
        .map(|line| {
            let line = cx.redactor.redact(line);
            line.chars().filter(|c| !c.is_control()).take(300).collect()
        })
        .collect()
}
