//! Running the packages' own programs in the tree: `preinst` scripts as dpkg
//! runs them, the batches of configuring by the tree's own dpkg, and one
//! initramfs per kernel at the end.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::{Event, Stream};
use goldsmith_exec::ns::{Command, Sandbox};

use super::layout::Layout;
use super::order::Stage;
use super::rooted::Rooted;
use super::{BootstrapError, divert};
use crate::deb::Decoded;
use crate::on_failure::OnFailure;

/// Where dpkg keeps the control members of the package it is unpacking.
const CONTROL_DIRECTORY: &str = "/var/lib/dpkg/tmp.ci";
/// Asked by invoke-rc.d before it starts or stops a service: 101 forbids it.
const POLICY: &str = "/usr/sbin/policy-rc.d";
/// Variables besides those of every command of a sandbox.
const ENVIRONMENT: [(&str, &str); 2] = [
    ("DEBIAN_PRIORITY", "critical"),
    // Else compiled Python depends on which script imports a module first.
    ("PYTHONDONTWRITEBYTECODE", "1"),
];

/// Commands of the package system in a tree.
#[derive(Clone, Copy)]
pub(super) struct Commands<'a> {
    pub(super) cx: &'a Cx,
    pub(super) sandbox: &'a Sandbox,
    /// Whether scripts that would make an initramfs do it, or leave it to the end.
    pub(super) makes_initramfs: bool,
    /// Processor time of those that have run.
    pub(super) cpu: &'a Cell<Duration>,
    /// Who gets to see the tree when one has failed.
    pub(super) on_failure: Option<&'a dyn OnFailure>,
}

/// What all scripts need.
pub(super) struct Scripts<'a> {
    pub(super) commands: Commands<'a>,
    pub(super) packages: &'a [Decoded],
    pub(super) layout: &'a Layout,
}

impl<'a> Commands<'a> {
    /// A command of the package system.
    pub(super) fn command<S: Into<String>>(
        self,
        argv: impl IntoIterator<Item = S>,
    ) -> Command<'static> {
        let mut command = Command::new(argv);
        command.env.extend(ENVIRONMENT.map(owned));
        let initrd = if self.makes_initramfs { "Yes" } else { "No" };
        command.env.extend([owned(("INITRD", initrd))]);
        command
    }

    /// Does something while no script may start a service.
    pub(super) fn without_services(
        self,
        work: impl FnOnce() -> Result<(), BootstrapError>,
    ) -> Result<(), BootstrapError> {
        let policy = self.rooted().place(POLICY).is_ok_and(|p| p.exists());
        if !policy {
            let script = b"#!/bin/sh\nexit 101\n";
            tree(POLICY, self.rooted().write(POLICY, script, 0o755))?;
        }
        work()?;
        if !policy {
            tree(POLICY, self.rooted().remove(POLICY))?;
        }
        Ok(())
    }

    /// Configures packages in one run of dpkg, with the triggers that this sets off. `each` is told
    /// of each of them.
    pub(super) fn configure(
        self,
        names: impl Iterator<Item = String>,
        mut each: impl FnMut(&str),
    ) -> Result<(), BootstrapError> {
        // dpkg's log is no part of an image.
        let options = [
            "dpkg",
            "--force-unsafe-io",
            "--log=/dev/null",
            "--configure",
            "--",
        ];
        let command = self.command(options.map(str::to_owned).into_iter().chain(names));
        self.run("dpkg --configure", &command, |line| {
            if line.starts_with("Setting up ") {
                each(line);
            }
        })
    }

    /// Runs a command to its end. `line` gets what it says on its standard output.
    pub(super) fn run(
        self,
        what: &str,
        command: &Command<'_>,
        mut line: impl FnMut(&str),
    ) -> Result<(), BootstrapError> {
        let exit = self.sandbox.run(self.cx, command, &mut |stream, text| {
            if stream == Stream::Stdout {
                line(text);
            }
            self.cx.emit(Event::Output {
                source: what.to_owned(),
                stream,
                text: text.to_owned(),
            });
        })?;
        self.cpu.set(self.cpu.get() + exit.cpu);
        if exit.status.is_success() {
            return Ok(());
        }
        let error = BootstrapError::Script {
            what: what.to_owned(),
            status: exit.status,
            tail: exit.tail,
        };
        if let Some(on_failure) = self.on_failure {
            on_failure.look(self.cx, self.sandbox, what, &error.to_string());
        }
        Err(error)
    }

    pub(super) fn rooted(self) -> Rooted<'a> {
        Rooted(self.sandbox.tree_fd())
    }
}

impl Scripts<'_> {
    /// Runs every stage. `progress` gets the number of packages configured so far.
    pub(super) fn run(
        &self,
        stages: &[Stage],
        mut progress: impl FnMut(u64),
    ) -> Result<(), BootstrapError> {
        let mut done = 0;
        self.commands.without_services(|| {
            for stage in stages {
                for package in &stage.preinst {
                    self.preinst(*package)?;
                }
                let configure = stage.configure.iter();
                let names = configure.map(|at| self.packages[*at].meta.info_name());
                self.commands.configure(names, |_| {
                    done += 1;
                    progress(done);
                })?;
            }
            Ok(())
        })
    }

    /// Runs a package's `preinst` and puts its held files where they belong then.
    fn preinst(&self, at: usize) -> Result<(), BootstrapError> {
        self.commands.cx.cancel.check()?;
        let package = &self.packages[at];
        let rooted = self.commands.rooted();
        let before = dpkg(divert::read(rooted))?;
        let control = package.path.join("control");
        if control.join("preinst").exists() {
            dpkg(rooted.remove_flat(CONTROL_DIRECTORY))?;
            dpkg(copy_control(rooted, &control))?;
            let script = format!("{CONTROL_DIRECTORY}/preinst");
            let mut command = self.commands.command([script.as_str(), "install"]);
            let variables = [
                ("DPKG_MAINTSCRIPT_PACKAGE", package.meta.name()),
                ("DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT", "1"),
                ("DPKG_MAINTSCRIPT_ARCH", package.meta.field("Architecture")),
                ("DPKG_MAINTSCRIPT_NAME", "preinst"),
                ("DPKG_MAINTSCRIPT_DEBUG", "0"),
                ("DPKG_RUNNING_VERSION", self.dpkg_version()),
                ("DPKG_ADMINDIR", "/var/lib/dpkg"),
                ("DPKG_FORCE", "security-mac,downgrade"),
                ("DPKG_ROOT", ""),
            ];
            command.env.extend(variables.map(owned));
            let what = format!("preinst of {}", package.meta.name());
            self.commands.run(&what, &command, |_| ())?;
            dpkg(rooted.remove_flat(CONTROL_DIRECTORY))?;
        }
        dpkg(divert::follow(rooted, self.packages, &before, at))?;
        dpkg(divert::place(rooted, self.layout, self.packages, at))??;
        Ok(())
    }

    /// Makes the initramfs of every kernel, where the tree has a maker of them; gives how many.
    pub(super) fn initramfs(&self) -> Result<usize, BootstrapError> {
        let maker = "usr/sbin/update-initramfs";
        if !self.layout.nodes.contains_key(maker) {
            return Ok(0);
        }
        let versions: Vec<&str> = self
            .layout
            .nodes
            .keys()
            .filter_map(|path| path.strip_prefix("boot/vmlinuz-"))
            .collect();
        for version in &versions {
            let image = format!("/boot/vmlinuz-{version}");
            self.kernel_command(&["update-initramfs", "-c", "-k", version])?;
            // The kernel's package made links to what was there when it was configured.
            if self
                .layout
                .nodes
                .contains_key("usr/bin/linux-update-symlinks")
            {
                self.kernel_command(&["linux-update-symlinks", "install", version, &image])?;
            }
        }
        Ok(versions.len())
    }

    fn kernel_command(&self, argv: &[&str]) -> Result<(), BootstrapError> {
        let mut command = self.commands.command(argv.iter().copied());
        command.env.insert("INITRD".to_owned(), "Yes".to_owned());
        self.commands.run(&argv.join(" "), &command, |_| ())
    }

    /// The version of the tree's dpkg without its revision, as dpkg tells scripts.
    fn dpkg_version(&self) -> &str {
        let dpkg = self.packages.iter().find(|p| p.meta.name() == "dpkg");
        let version = dpkg.map_or("", |p| p.meta.field("Version"));
        version
            .rsplit_once('-')
            .map_or(version, |(upstream, _)| upstream)
    }
}

/// Names the path in a failure.
fn tree<T>(path: &str, result: io::Result<T>) -> Result<T, BootstrapError> {
    result.map_err(|source| BootstrapError::tree(path, source))
}

fn dpkg<T>(result: io::Result<T>) -> Result<T, BootstrapError> {
    tree("/var/lib/dpkg", result)
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Puts a package's control members where its script looks for them.
fn copy_control(rooted: Rooted<'_>, control: &std::path::Path) -> io::Result<()> {
    let members: BTreeMap<_, _> = fs::read_dir(control)?
        .map(|entry| entry.map(|e| (e.file_name(), e.path())))
        .collect::<io::Result<_>>()?;
    for (name, path) in members {
        let mode = fs::metadata(&path)?.permissions().mode() & 0o777;
        let to = format!("{CONTROL_DIRECTORY}/{}", name.to_string_lossy());
        rooted.write(&to, &fs::read(path)?, mode)?;
    }
    Ok(())
}
