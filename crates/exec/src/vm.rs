//! A virtual machine as a value: QEMU on a throw-away layer over a disk that is never
//! written. It is killed when the value is dropped, and by the kernel when this
//! program dies.
//!
//! ```text
//!            Vm ── keeper thread ── QEMU (own process group)
//!            │                       │ socket pairs, inherited: nothing in the file system
//!  Inbox ◄───┼── reader threads ◄────┼── QMP
//!            │                       ├── serial console ──► log file, last lines, alarms
//!            │                       └── three virtio-serial ports ◄──► the agent (`guest`)
//!  scratch directory of the caller: overlay.qcow2, UEFI variables, credentials, qemu.log
//! ```
//!
//! Nothing polls: every wait is on the inbox, and ends early when the machine ends, when
//! its console shows an alarm, or when the context is cancelled.

pub mod accel;
mod command;
mod console;
mod error;
pub mod firmware;
pub mod guest;
mod inbox;
mod overlay;
mod process;
mod qmp;
mod reboot;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::recipe::Firmware;
use serde_json::Value;

use command::{Channels, Files};
pub use console::Console;
use console::Taking;
pub use error::VmError;
use firmware::Uefi;
use guest::Guest;
use inbox::{Inbox, Next, Port, Signal};
use process::{Exit, Process};
use qmp::Qmp;

/// Architecture of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arch {
    /// x86-64.
    Amd64,
    /// `AArch64`.
    Arm64,
}

impl Arch {
    /// Debian's name of it; `None` for one that no machine is made for.
    pub fn from_debian(name: &str) -> Option<Self> {
        match name {
            "amd64" => Some(Self::Amd64),
            "arm64" => Some(Self::Arm64),
            _ => None,
        }
    }
}

/// What runs the guest's instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Accel {
    /// The processor, through KVM. Use it only after [`accel::probe`] said yes.
    Kvm,
    /// QEMU's translator: slower, works everywhere.
    Tcg,
}

impl Accel {
    /// QEMU's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        }
    }
}

/// The machine's disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// A raw disk; opened for reading only. Absolute path.
    pub base: PathBuf,
    /// What the machine sees: the size of `base` or more.
    pub size_bytes: u64,
}

/// The machine's network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// No card.
    None,
    /// One card behind QEMU's own NAT and DHCP; nothing can connect to the guest.
    User,
}

/// What a machine should be.
#[derive(Debug, Clone)]
pub struct VmSpec {
    /// Shown in the process list.
    pub name: String,
    /// Its architecture.
    pub arch: Arch,
    /// How it starts. `Bios` exists on amd64 only.
    pub firmware: Firmware,
    /// What runs it.
    pub accel: Accel,
    /// Virtual processors.
    pub cpus: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Its disk.
    pub disk: Disk,
    /// Further raw disks, read only.
    pub seeds: Vec<PathBuf>,
    /// Its network.
    pub network: Network,
    /// Whether the ports and credentials of the guest channel are there, for
    /// [`Vm::connect_guest`].
    pub has_guest_channel: bool,
    /// Texts on the console after which waiting is no use: each wait then fails with
    /// [`VmError::Alarm`].
    pub alarms: Vec<String>,
    /// Where the console log goes.
    pub console_log: PathBuf,
    /// A directory of this machine alone, made and removed by the caller. Absolute path.
    pub scratch: PathBuf,
}

impl VmSpec {
    /// A machine with two processors, 1 GiB of memory, TCG, the user network and the
    /// guest channel; its console log is `console.log` in `scratch`.
    pub fn new(
        name: &str,
        arch: Arch,
        firmware: Firmware,
        disk: Disk,
        scratch: impl Into<PathBuf>,
    ) -> Self {
        let scratch = scratch.into();
        Self {
            name: name.to_owned(),
            arch,
            firmware,
            accel: Accel::Tcg,
            cpus: 2,
            memory_mib: 1024,
            disk,
            seeds: Vec::new(),
            network: Network::User,
            has_guest_channel: true,
            alarms: Vec::new(),
            console_log: scratch.join("console.log"),
            scratch,
        }
    }
}

/// How a power-off went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoweredOff {
    /// From the request to the end of QEMU.
    pub time: Duration,
    /// Whether the guest shut itself down; else it was killed at the deadline.
    pub is_clean: bool,
}

/// A running machine.
///
/// Fields are dropped in order: the inbox first, so that no thread is stuck on a full
/// queue; then QEMU; then what only waits for its end.
#[derive(Debug)]
pub struct Vm {
    inbox: Inbox,
    qmp: Qmp,
    guest: Option<Guest>,
    console: Console,
    process: Process,
    /// Ends with QEMU.
    _taking: Taking,
    started: Duration,
    stderr: PathBuf,
}

impl Vm {
    /// Starts a machine. It is running when this returns.
    pub fn start(cx: &Cx, spec: &VmSpec) -> Result<Self, VmError> {
        cx.cancel.check()?;
        let program = firmware::qemu(spec.arch)?;
        let files = prepare(spec)?;
        let started = cx.clock().monotonic();
        let stderr = spec.scratch.join("qemu.log");
        let at = |path: &Path| {
            let path = path.to_path_buf();
            move |source| VmError::File { path, source }
        };
        let pair = || UnixStream::pair().map_err(at(&spec.scratch));

        let (sender, inbox) = inbox::inbox();
        let mut kept: Vec<OwnedFd> = Vec::new();
        let mut fd = |end: UnixStream| {
            let number = end.as_raw_fd();
            kept.push(end.into());
            number
        };
        let (qmp, qmp_end) = pair()?;
        let (console, console_end) = pair()?;
        let mut channels = Channels {
            qmp: fd(qmp_end),
            console: fd(console_end),
            ports: None,
        };
        let mut ours = Vec::new();
        if spec.has_guest_channel {
            let mut ends = [0; 3];
            for end in &mut ends {
                let (our, their) = pair()?;
                ours.push(our);
                *end = fd(their);
            }
            channels.ports = Some(ends);
        }

        let thread = |result: io::Result<()>| {
            result.map_err(|source| VmError::Start {
                program: program.clone(),
                source,
            })
        };
        let clone = |stream: &UnixStream| stream.try_clone().map_err(at(&spec.scratch));
        thread(inbox::pump(
            "qmp",
            clone(&qmp)?,
            sender.clone(),
            qmp::reader(),
        ))?;
        let mut guest = None;
        if let [control, stdout, stderr] = &ours[..] {
            for (port, stream) in [
                (Port::Control, control),
                (Port::Stdout, stdout),
                (Port::Stderr, stderr),
            ] {
                thread(inbox::pump(
                    "port",
                    clone(stream)?,
                    sender.clone(),
                    move |bytes| vec![Signal::Port(port, bytes.to_vec())],
                ))?;
            }
            guest = Some(Guest::new(clone(control)?).map_err(at(&spec.scratch))?);
        }
        let (console, taking) = console::start(
            console,
            &spec.console_log,
            cx.redactor.clone(),
            spec.alarms.clone(),
            sender.clone(),
        )
        .map_err(at(&spec.console_log))?;
        let process = Process::start(
            &program,
            &command::arguments(spec, &files, channels),
            &spec.scratch,
            File::create(&stderr).map_err(at(&stderr))?,
            kept,
            move |exit| {
                sender.send(Signal::Exited(exit)).ok();
            },
        )
        .map_err(|source| VmError::Start { program, source })?;

        let mut vm = Self {
            inbox,
            qmp: Qmp::new(qmp),
            guest,
            console,
            process,
            _taking: taking,
            started,
            stderr,
        };
        match vm.execute(cx, "qmp_capabilities", &Value::Null) {
            Ok(_) => Ok(vm),
            // A crash says nothing of the machine that was asked for: it is one as any later.
            Err(error @ VmError::Exited { .. }) if !error.is_crash() => Err(VmError::Setup {
                text: vm.complaint(),
            }),
            Err(error) => Err(error),
        }
    }

    /// The console.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// The moment of power-on on the context's monotonic clock.
    pub fn started(&self) -> Duration {
        self.started
    }

    /// The process number of QEMU while it lives.
    pub fn process_id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Executes a QMP command and gives what it returned.
    pub fn execute(
        &mut self,
        cx: &Cx,
        command: &'static str,
        arguments: &Value,
    ) -> Result<Value, VmError> {
        self.qmp.execute(cx, &mut self.inbox, command, arguments)
    }

    /// Waits until QEMU ends by itself.
    pub fn wait_exit(&mut self, cx: &Cx, limit: Duration) -> Result<Exit, VmError> {
        let until = cx.clock().monotonic() + limit;
        match self.inbox.wait(cx, until, |_| Next::<()>::Drop) {
            Err(VmError::Exited { exit, .. }) => Ok(exit),
            Err(error) => Err(error),
            Ok(_) => Err(VmError::TooLate {
                what: "end of the machine",
                seconds: limit.as_secs(),
            }),
        }
    }

    /// Presses the power button and waits for the guest to shut down; kills the machine
    /// when it has not by then.
    pub fn power_off(&mut self, cx: &Cx, limit: Duration) -> Result<PoweredOff, VmError> {
        let pressed = cx.clock().monotonic();
        self.execute(cx, "system_powerdown", &Value::Null)?;
        let is_clean = match self.wait_exit(cx, limit) {
            Ok(exit) => exit.success(),
            Err(VmError::TooLate { .. }) => {
                self.process.kill();
                false
            }
            Err(error) => return Err(error),
        };
        let time = cx.clock().monotonic().saturating_sub(pressed);
        Ok(PoweredOff { time, is_clean })
    }

    /// What QEMU itself printed, a few lines.
    fn complaint(&self) -> String {
        let text = std::fs::read(&self.stderr).unwrap_or_default();
        let text = String::from_utf8_lossy(&text[..text.len().min(4096)]).into_owned();
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        match &lines[..] {
            [] => "it said nothing".to_owned(),
            lines => lines[..lines.len().min(5)].join("; "),
        }
    }
}

/// Checks the specification and writes the machine's files.
fn prepare(spec: &VmSpec) -> Result<Files, VmError> {
    let wrong = |text: String| Err(VmError::Spec(text));
    if spec.arch == Arch::Arm64 && spec.firmware == Firmware::Bios {
        return wrong("an arm64 machine has no BIOS".to_owned());
    }
    if !spec.disk.base.is_absolute() || !spec.scratch.is_absolute() {
        return wrong("the paths of a machine must be absolute".to_owned());
    }
    let base = &spec.disk.base;
    let length = std::fs::metadata(base)
        .map_err(|source| VmError::File {
            path: base.clone(),
            source,
        })?
        .len();
    if length > spec.disk.size_bytes {
        return wrong(format!(
            "the disk `{}` does not fit the machine",
            base.display()
        ));
    }

    let file = |name: &str| spec.scratch.join(name);
    let mut files = Files {
        overlay: file("overlay.qcow2"),
        ..Files::default()
    };
    let written = |path: &Path, result: io::Result<()>| {
        result.map_err(|source| VmError::File {
            path: path.to_path_buf(),
            source,
        })
    };
    written(
        &files.overlay,
        overlay::write(&files.overlay, base, spec.disk.size_bytes),
    )?;
    if spec.firmware == Firmware::Uefi {
        let uefi = firmware::uefi(spec.arch)?;
        let variables = file("uefi-variables.fd");
        written(
            &variables,
            std::fs::copy(&uefi.variables, &variables).map(drop),
        )?;
        files.uefi = Some(Uefi { variables, ..uefi });
    }
    if spec.has_guest_channel {
        for (name, value) in guest::credentials() {
            let smbios = file(&format!("smbios-{name}"));
            written(
                &smbios,
                std::fs::write(&smbios, guest::smbios(name, &value)),
            )?;
            files.smbios.push(smbios);
            let fw_cfg = file(&format!("fw-cfg-{name}"));
            written(&fw_cfg, std::fs::write(&fw_cfg, value))?;
            files.fw_cfg.push((name.to_owned(), fw_cfg));
        }
    }
    Ok(files)
}
