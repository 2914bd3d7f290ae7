//! Other image builders. Those that are not on this machine run in root trees of their own below
//! the target directory; what cannot run here says why.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::setup;
use crate::sh::{self, Outcome};

/// Every script by its name.
const SCRIPTS: [(&str, &str); 8] = [
    ("amazon-ebs.sh", include_str!("peers/amazon-ebs.sh")),
    ("boot.sh", include_str!("peers/boot.sh")),
    ("customize.sh", include_str!("peers/customize.sh")),
    ("enter.sh", include_str!("peers/enter.sh")),
    ("mkosi.sh", include_str!("peers/mkosi.sh")),
    ("mmdebstrap.sh", include_str!("peers/mmdebstrap.sh")),
    ("packer.sh", include_str!("peers/packer.sh")),
    ("trees.sh", include_str!("peers/trees.sh")),
];

/// Where peers work: a directory of each, and the trees.
pub(super) struct Peers {
    place: PathBuf,
    mirror: String,
    /// The packages of the server, with commas.
    packages: String,
}

impl Peers {
    pub(super) fn new(packages: &[&str]) -> Result<Self, String> {
        let peers = Self {
            place: sh::target().join("bench/peers"),
            mirror: setup::mirror()?,
            packages: packages.join(","),
        };
        for (name, text) in SCRIPTS {
            put(&peers.place.join("scripts").join(name), text)?;
            for tree in ["mkosi", "packer", "customize", "amazon-ebs"] {
                put(&peers.place.join(tree).join("work").join(name), text)?;
            }
        }
        Ok(peers)
    }

    /// Makes the trees, once.
    pub(super) fn install(&self) -> Outcome {
        sh::check(&mut self.script("trees.sh", &[&self.mirror, &self.path("trees")]))
    }

    /// mmdebstrap and the usual tools; makes all of the disk, whatever changed.
    pub(super) fn mmdebstrap(&self) -> Command {
        let words = [
            &*self.mirror,
            &self.packages,
            &self.path("mmdebstrap"),
            &self.path("debs"),
        ];
        self.script("mmdebstrap.sh", &words)
    }

    /// mkosi with what it kept, or from its packages alone.
    pub(super) fn mkosi(&self, is_cold: bool) -> Command {
        let force = if is_cold { "-ff" } else { "-f" };
        let words = [&*self.mirror, &self.packages, force, "build"];
        self.inside("mkosi", "mkosi", "mkosi.sh", &words)
    }

    /// Changes a file that mkosi takes into its image.
    pub(super) fn change_for_mkosi(&self, text: &str) -> Outcome {
        put(&self.place.join("mkosi/work/mkosi.extra/etc/motd"), text)
    }

    /// Gives Packer a finished disk to begin with.
    pub(super) fn prepare_packer(&self, disk: &Path) -> Outcome {
        let work = self.place.join("packer/work");
        let (disk, base) = (disk.display().to_string(), work.join("base.qcow2"));
        sh::run(
            "qemu-img",
            &["convert", "-O", "qcow2", &disk, &base.display().to_string()],
        )?;
        sh::check(&mut self.inside("tools", "packer", "packer.sh", &["prepare"]))?;
        let seed = "truncate -s 8M seed.img && mkfs.vfat -n CIDATA seed.img > /dev/null && mcopy -o -i seed.img meta-data user-data ::/";
        sh::check(sh::command("sh", &["-ec", seed]).current_dir(work))
    }

    /// Packer with one provisioner that writes a file.
    pub(super) fn packer(&self) -> Command {
        self.inside("tools", "packer", "packer.sh", &["build"])
    }

    /// Packer with an instance that a server like AWS starts, and one provisioner that writes a file.
    pub(super) fn packer_on_instance(&self, url: &str, base: &str) -> Command {
        self.inside("tools", "amazon-ebs", "amazon-ebs.sh", &[url, base])
    }

    /// Installs coldsnap, once: it is no package of Debian's.
    pub(super) fn install_coldsnap(&self) -> Outcome {
        let root = self.path("coldsnap");
        if self.place.join("coldsnap/bin/coldsnap").exists() {
            return Ok(());
        }
        let wanted = [
            "install",
            "coldsnap",
            "--version",
            "0.12.0",
            "--locked",
            "--root",
            &root,
        ];
        sh::run("cargo", &wanted)
    }

    /// coldsnap against a server like AWS.
    pub(super) fn coldsnap(&self, url: &str, more: &[&str], disk: &Path) -> Command {
        let disk = disk.to_string_lossy();
        let words = [&["upload"], more, &[&*disk]].concat();
        let mut command = sh::command(self.place.join("coldsnap/bin/coldsnap"), &words);
        command
            .env("AWS_ENDPOINT_URL", url)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "bench")
            .env("AWS_SECRET_ACCESS_KEY", "bench");
        command
    }

    /// Gives virt-customize a finished disk to change.
    pub(super) fn prepare_customize(&self, disk: &Path) -> Outcome {
        let to = self
            .place
            .join("customize/work/disk.raw")
            .display()
            .to_string();
        sh::run("cp", &["--sparse=always", &disk.display().to_string(), &to])
    }

    /// virt-customize, which writes a file.
    pub(super) fn customize(&self) -> Command {
        self.inside("tools", "customize", "customize.sh", &[])
    }

    /// Bare QEMU, from power-on to the login prompt.
    pub(super) fn boot(&self, disk: &Path, firmware: &str) -> Command {
        let disk = disk.display().to_string();
        self.script("boot.sh", &[&disk, firmware, &self.path("boot")])
    }

    /// Bytes that the file a peer made takes on the host's disk.
    pub(super) fn written(&self, file: &str) -> Option<u64> {
        use std::os::unix::fs::MetadataExt as _;
        let meta = fs::metadata(self.place.join(file)).ok()?;
        Some(meta.blocks() * 512)
    }

    /// What runs, with versions.
    pub(super) fn versions(&self) -> Vec<String> {
        let mut versions = Vec::new();
        for (tree, package) in [
            ("mkosi", "mkosi"),
            ("tools", "packer"),
            ("tools", "guestfs-tools"),
            ("tools", "qemu-system-x86"),
        ] {
            let root = format!("--root={}", self.path(&format!("trees/{tree}")));
            let arguments = [&*root, "-W", "-f=${Version}", package];
            let version = sh::read("dpkg-query", &arguments);
            versions.push(format!(
                "{package} {}",
                version.unwrap_or_else(|_| "missing".to_owned())
            ));
        }
        versions
    }

    fn path(&self, name: &str) -> String {
        self.place.join(name).display().to_string()
    }

    fn script(&self, name: &str, words: &[&str]) -> Command {
        let mut command = sh::command("bash", &[&*self.path(&format!("scripts/{name}"))]);
        command.args(words);
        command
    }

    /// A script in a tree, in the directory of the peer.
    fn inside(&self, tree: &str, peer: &str, script: &str, words: &[&str]) -> Command {
        let (tree, work) = (
            self.path(&format!("trees/{tree}")),
            self.path(&format!("{peer}/work")),
        );
        self.script(
            "enter.sh",
            &[&[&*tree, &work, "bash", script], words].concat(),
        )
    }
}

fn put(path: &Path, text: &str) -> Outcome {
    let failed = |e: std::io::Error| format!("{}: {e}", path.display());
    fs::create_dir_all(path.parent().expect("a path below the target directory"))
        .map_err(failed)?;
    fs::write(path, text).map_err(failed)
}
