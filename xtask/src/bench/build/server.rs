//! Our side: a project of a server with two components, in a home of its own.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::of_json;
use crate::bench::example;
use crate::sh::{self, Outcome};

/// The server: the list that the peers install, and so does the recipe.
pub(super) const PACKAGES: &[&str] = &[
    "linux-image-cloud-amd64",
    "systemd",
    "systemd-sysv",
    "systemd-resolved",
    "udev",
    "dbus",
    "initramfs-tools",
    "zstd",
    "openssh-server",
    "cloud-init",
    "cloud-guest-utils",
    "qemu-guest-agent",
    "grub-pc-bin",
    "grub-efi-amd64-bin",
    "grub2-common",
    "systemd-boot",
    "e2fsprogs",
    "iproute2",
    "sudo",
    "netbase",
    "ca-certificates",
    "gdisk",
    "kmod",
    "locales",
    "less",
    "vim-tiny",
];

/// Small packages that a round adds one of.
const MORE: [&str; 5] = ["tree", "jq", "rsync", "file", "bzip2"];

/// What a build cannot do without.
#[derive(Default, Clone, Copy)]
pub(super) struct Limit {
    /// Bytes of the disk that are no holes.
    pub(super) written: Option<u64>,
    /// Processor time of the packages' and components' programs, in seconds.
    pub(super) scripts: Option<f64>,
}

impl Limit {
    pub(super) fn columns(&self) -> String {
        let written = self
            .written
            .map_or_else(String::new, |bytes| (bytes / 1_000_000).to_string());
        let scripts = self
            .scripts
            .map_or_else(String::new, |cpu| format!("{cpu:.2}"));
        format!("{written} | {scripts}")
    }
}

pub(super) fn build_goldsmith() -> Outcome {
    let package = ["--release", "--locked", "--package", "goldsmith-cli"];
    sh::run("cargo", &[&["build"], &package[..]].concat())
}

/// The project and its home.
pub(super) struct Server {
    place: PathBuf,
    /// Makes every line that is written another one.
    changes: Cell<u32>,
}

impl Server {
    /// With nothing built.
    pub(super) fn new(name: &str) -> Result<Self, String> {
        let server = Self {
            place: sh::target().join("bench").join(name),
            changes: Cell::new(0),
        };
        fs::create_dir_all(server.place.join("project/components")).map_err(|e| e.to_string())?;
        server.change_first()?;
        server.change_last()?;
        server.recipe(&[])?;
        Ok(server)
    }

    pub(super) fn place(&self) -> &Path {
        &self.place
    }

    /// Brings every package into the store that a round needs.
    pub(super) fn fill(&self) -> Outcome {
        self.recipe(&MORE)?;
        sh::check(&mut self.command("lock"))?;
        sh::check(&mut self.command("fetch+build"))?;
        self.recipe(&[])?;
        sh::check(&mut self.command("lock"))
    }

    /// Builds the image, however.
    pub(super) fn build(&self) -> Outcome {
        sh::check(&mut self.command("lock+build"))
    }

    /// Leaves nothing but the packages' files.
    pub(super) fn forget_all(&self) -> Outcome {
        self.recipe(&[])?;
        sh::check(&mut self.command("lock"))?;
        for made in ["images", "store/layers", "store/packages"] {
            drop(fs::remove_dir_all(self.place.join("home").join(made)));
        }
        Ok(())
    }

    /// Changes a line of the first component.
    pub(super) fn change_first(&self) -> Outcome {
        let word = self.next();
        self.component(
            "first",
            &[
                "useradd --system --create-home app",
                &format!("echo {word} > /etc/first"),
            ],
        )
    }

    /// Changes a line of the last component.
    pub(super) fn change_last(&self) -> Outcome {
        let word = self.next();
        self.component(
            "last",
            &[
                "echo PasswordAuthentication no > /etc/ssh/sshd_config.d/10-own.conf",
                &format!("echo {word} > /etc/motd"),
            ],
        )
    }

    /// Adds a package.
    pub(super) fn change_packages(&self, round: usize) -> Outcome {
        self.recipe(&[MORE[round % MORE.len()]])
    }

    /// `build` with options, `lock`, `test`, or the first two as a person runs them who has changed something.
    pub(super) fn command(&self, what: &str) -> Command {
        let script = match what {
            "lock" => "exec \"$0\" lock".to_owned(),
            "lock+build" => {
                "\"$0\" lock --offline && exec \"$0\" build server --offline".to_owned()
            }
            "fetch+build" => "exec \"$0\" build server".to_owned(),
            "test" => "exec \"$0\" test server".to_owned(),
            build => format!("exec \"$0\" {build} server --offline"),
        };
        let mut command = sh::command("sh", &["-ec", &script]);
        command
            .arg(sh::target().join("release/goldsmith"))
            .current_dir(self.place.join("project"))
            .env("GOLDSMITH_HOME", self.place.join("home"));
        command
    }

    /// The folder of the newest image.
    pub(super) fn newest(&self) -> Result<PathBuf, String> {
        example::newest(&self.place.join("home/images/server"))
    }

    fn record(&self) -> Result<PathBuf, String> {
        Ok(self.newest()?.join("record.json"))
    }

    /// What the newest build could not do without.
    pub(super) fn limit(&self) -> Result<Limit, String> {
        let filter = "(.artifacts[0].allocated_bytes | tostring) + \" \" + \
            (([.phases[].cpu_ms // 0] + [.steps[] | select(.kept | not) | .cpu_ms // 0] | add) / 1000 | tostring)";
        let text = of_json(&self.record()?, filter)?;
        let (written, scripts) = text.split_once(' ').unwrap_or((&text, ""));
        Ok(Limit {
            written: written.parse().ok(),
            scripts: scripts.parse().ok(),
        })
    }

    /// Where the time of the newest build went, by its record.
    pub(super) fn phases(&self) -> Result<String, String> {
        let filter = "[.phases[] | .name + \" \" + (.ms / 1000 | tostring)] | join(\", \")";
        of_json(&self.record()?, filter)
    }

    fn next(&self) -> String {
        self.changes.set(self.changes.get() + 1);
        // Another one than in any run before: layers of earlier runs are kept.
        format!("{}-{}", std::process::id(), self.changes.get())
    }

    fn component(&self, name: &str, lines: &[&str]) -> Outcome {
        let steps: String = lines
            .iter()
            .enumerate()
            .map(|(at, line)| {
                format!(
                    "      - name: Step{}\n        action: ExecuteBash\n        inputs:\n          commands:\n            - |\n              {line}\n",
                    at + 1
                )
            })
            .collect();
        let text = format!(
            "name: {name}\nschemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n{steps}"
        );
        let path = self.place.join(format!("project/components/{name}.yaml"));
        fs::write(path, text).map_err(|e| e.to_string())
    }

    fn recipe(&self, more: &[&str]) -> Outcome {
        let packages = [PACKAGES, more].concat();
        let text = format!(
            "source \"debian\" \"server\" {{\n  suite = \"bookworm\"\n  security = false\n  packages = {packages:?}\n}}\n\n\
             recipe \"server\" {{\n  version = \"1.0.x\"\n  source  = source.debian.server\n  component \"./components/first.yaml\" {{}}\n  \
             component \"./components/last.yaml\" {{}}\n  disk {{\n    size = \"2GiB\"\n    boot = [\"bios\", \"uefi\"]\n  }}\n}}\n"
        );
        fs::write(self.place.join("project/server.gold.hcl"), text).map_err(|e| e.to_string())
    }
}
