//! One boot of one copy, from power-on to the power button.

use std::time::Duration;

use goldsmith_component::run::{RunError, StepReport, StepStatus};
use goldsmith_component::run_document;
use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;
use goldsmith_core::recipe::Firmware;
use goldsmith_core::size::format_duration;
use goldsmith_exec::vm::guest::{Finished, Script};
use goldsmith_exec::vm::{Arch, Disk, Vm, VmError, VmSpec};

use super::facts::{self, Facts};
use super::format::{Boot, Check, Times, Usage};
use super::{BootTestError, Subject, TestDocument, check, machine, make_directory, millis, seed};

/// The copy's disk is larger than the image by this, and larger than the 16 GiB up to
/// which an ext4 of 4 KiB blocks grows without new descriptor blocks.
const GROWTH: u64 = 8 << 30;
const GROWN_MIN: u64 = 17 << 30;
/// The phase of documents that runs in the guest.
const TEST: &str = "test";
/// Lines of the console in a report.
const CONSOLE_LINES: usize = 25;
/// Facts come in a second; a guest that swaps takes longer.
const FACTS_LIMIT: Duration = Duration::from_mins(1);
/// More output than this from a script of ours is not read on.
const OUTPUT_MAX: usize = 4 << 20;
/// Lines from the guest that go with a check.
const DETAIL_LINES: usize = 40;

/// After these on the console no boot goes on.
const ALARMS: [&str; 9] = [
    "Kernel panic - not syncing",
    "(initramfs)",
    "grub rescue>",
    "You are in emergency mode",
    "You are in rescue mode",
    "No bootable device.",
    "BdsDxe: No bootable option or device was found",
    "UEFI Interactive Shell",
    "Cannot open access to console, the root account is locked",
];

/// How far a boot goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Every check.
    Whole,
    /// Until the guest has its identity.
    Identity {
        /// As many ssh host keys as the first copy made.
        host_keys: usize,
    },
}

/// A boot and what the guest said; no facts: it did not come to that.
#[derive(Debug)]
pub(super) struct Booted {
    pub(super) boot: Boot,
    pub(super) facts: Option<Facts>,
}

/// Boots one copy. The machine's files are gone when this returns.
pub(super) fn boot(
    cx: &Cx,
    subject: &Subject,
    arch: Arch,
    firmware: Firmware,
    extent: Extent,
) -> Result<Booted, BootTestError> {
    let label = match extent {
        Extent::Whole => firmware.name().to_owned(),
        Extent::Identity { .. } => format!("{}-copy", firmware.name()),
    };
    let scratch = subject.scratch.join(&label);
    make_directory(&scratch)?;
    let phase = cx.phase(format!("boot {label}"), None);
    let result = machine(cx, subject, arch, firmware, &label).and_then(|spec| {
        let failed = |source| BootTestError::Machine {
            image: subject.name.clone(),
            firmware,
            source,
        };
        let vm = Vm::start(cx, &spec).map_err(failed)?;
        let session = Session::new(cx, subject, firmware, &spec, &vm);
        session.go(vm, extent).map_err(|stop| match stop {
            Stop::Machine(source) => failed(source),
            Stop::Document { document, source } => BootTestError::Document { document, source },
        })
    });
    // What cannot be removed now goes with the caller's directory.
    std::fs::remove_dir_all(&scratch).ok();
    let booted = result?;
    let failed = booted
        .boot
        .checks
        .iter()
        .filter(|check| !check.is_passed)
        .count();
    phase.finish(match failed {
        0 => format!("{} checks passed", booted.boot.checks.len()),
        failed => format!("{failed} of {} checks failed", booted.boot.checks.len()),
    });
    Ok(booted)
}

/// The machine of a copy, with its seed disk written.
fn machine(
    cx: &Cx,
    subject: &Subject,
    arch: Arch,
    firmware: Firmware,
    label: &str,
) -> Result<VmSpec, BootTestError> {
    let failed = |path: &std::path::Path| {
        let path = path.to_path_buf();
        move |source| BootTestError::File { path, source }
    };
    let size = std::fs::metadata(&subject.disk)
        .map_err(failed(&subject.disk))?
        .len();
    let disk = Disk {
        base: subject.disk.clone(),
        size_bytes: GROWN_MIN.max(size.saturating_add(GROWTH)),
    };
    let scratch = subject.scratch.join(label);
    let name = format!("goldsmith test {} {label}", subject.name);
    let mut spec = VmSpec::new(&name, arch, firmware, disk, scratch);
    spec.accel = subject.probe.accel();
    spec.cpus = subject.cpus;
    spec.memory_mib = subject.memory_mib;
    spec.alarms = ALARMS.map(str::to_owned).to_vec();
    spec.console_log = subject.logs.join(format!("console-{label}.log"));
    if subject.has_datasource {
        let path = spec.scratch.join("seed.img");
        let instance = format!("goldsmith-test-{label}-{}", cx.clock().unix_seconds());
        seed::write(&path, &instance).map_err(failed(&path))?;
        spec.seeds.push(path);
    }
    Ok(spec)
}

/// What is known while a boot goes on.
struct Session<'a> {
    cx: &'a Cx,
    subject: &'a Subject,
    boot: Boot,
    started: Duration,
    console: goldsmith_exec::vm::Console,
}

impl<'a> Session<'a> {
    fn new(cx: &'a Cx, subject: &'a Subject, firmware: Firmware, spec: &VmSpec, vm: &Vm) -> Self {
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
    fn go(mut self, mut vm: Vm, extent: Extent) -> Result<Booted, Stop> {
        let mut facts = None;
        let went = self
            .reach(&mut vm, extent, &mut facts)
            .and_then(|()| match extent {
                Extent::Whole => self.whole(vm, facts.as_ref()),
                Extent::Identity { .. } => Ok(()),
            });
        if let Err(stop) = went {
            let error = match stop {
                Stop::Machine(error) if is_of_guest(&error) => error,
                stop => return Err(stop),
            };
            let name = if facts.is_some() {
                "machine"
            } else {
                "multi-user"
            };
            self.boot
                .checks
                .push(Check::new(name, false, error.to_string()));
        }
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
            // Says `running` or `degraded` when every job is done, those of cloud-init too.
            Extent::Whole => self.script(vm, "systemctl is-system-running --wait", left)?,
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
    fn whole(&mut self, mut vm: Vm, facts: Option<&Facts>) -> Result<(), Stop> {
        let Some(facts) = facts else { return Ok(()) };
        let times = self.boot.times;
        let mut first = check::multi_user(facts, times.as_ref());
        if !first.is_passed {
            first = first.details(self.lines(&mut vm, "systemctl list-jobs --no-pager")?);
        }
        let mut journal = Vec::new();
        let failed = facts.failed_units();
        if !failed.is_empty() {
            journal = self.lines(&mut vm, &journal_of(&failed))?;
        }
        let now = self.cx.clock().unix_seconds();
        let usage = usage(facts);
        let checks = &mut self.boot.checks;
        checks.extend([
            first,
            check::failed_units(facts, journal),
            check::network(facts),
            check::root_grown(facts),
            check::machine_id(facts),
            check::clock(facts, now),
        ]);
        checks.extend(check::cloud_init(facts));
        checks.extend(check::budgets(&self.subject.budget, times.as_ref(), &usage));
        self.boot.usage = Some(usage);

        for test in &self.subject.documents {
            if test.document.phases().any(|phase| phase == TEST) {
                self.document(&mut vm, test)?;
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

    /// The test phase of a document: a check per step.
    fn document(&mut self, vm: &mut Vm, test: &TestDocument) -> Result<(), Stop> {
        let TestDocument {
            document,
            parameters,
        } = test;
        let name = document.name();
        let guest = machine::Guest::new(vm);
        match run_document(self.cx, document, parameters, &[TEST], &guest) {
            Ok(report) => {
                self.boot
                    .checks
                    .extend(report.steps.iter().map(|step| of_step(name, step)));
                Ok(())
            }
            Err(RunError::Cancelled(cancelled)) => Err(Stop::Machine(cancelled.into())),
            Err(error @ RunError::Machine { .. }) => {
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
enum Stop {
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

/// Whether it was the guest that failed, not this host.
fn is_of_guest(error: &VmError) -> bool {
    matches!(
        error,
        VmError::Alarm(_) | VmError::TooLate { .. } | VmError::Protocol(_) | VmError::Exited { .. }
    )
}

/// The last lines of each unit's journal; names are the guest's, so they are quoted.
fn journal_of(units: &[&str]) -> String {
    let quoted: Vec<String> = units
        .iter()
        .take(10)
        .map(|unit| format!("'{}'", unit.replace('\'', r"'\''")))
        .collect();
    format!(
        "for unit in {}; do echo \"$unit:\"; journalctl -b -n 8 --no-pager -o cat -u \"$unit\"; done",
        quoted.join(" ")
    )
}

/// The times of a boot whose facts arrived `elapsed` after power-on; `None`: multi-user
/// was not reached. The guest's clock counts from its kernel's start, so what the host
/// measured tells how long firmware and loader took.
fn times(facts: &Facts, elapsed: Duration, agent: Duration) -> Option<Times> {
    let multi_user = facts.multi_user()?;
    let userspace = facts.userspace()?;
    let loader = elapsed.saturating_sub(facts.uptime()?);
    let settled = facts.settled().unwrap_or(multi_user);
    Some(Times {
        multi_user_ms: millis(loader + multi_user),
        loader_ms: millis(loader),
        kernel_ms: millis(userspace),
        userspace_ms: millis(multi_user.saturating_sub(userspace)),
        settled_ms: millis(loader + settled),
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
