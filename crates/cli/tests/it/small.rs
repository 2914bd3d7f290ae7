//! A project whose image is made in less than a second, by everything that makes a real one, and a
//! clock that can be set: for pipelines that are run many times over, and for years.

use std::fs;
use std::path::Path;
use std::process::Command;

use goldsmith_core::digest::Sha256;

use crate::env::{Ran, TestEnv};

/// Shows a program another time; `cargo xtask setup` installs it.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// The project, with a pipeline `tiny`.
pub(crate) fn project(pipeline: &str) -> TestEnv {
    let env = TestEnv::new();
    recipe(&env, "3.0.15-1", pipeline);
    env
}

/// Writes the recipe on a root file system with this version of its only package.
pub(crate) fn recipe(env: &TestEnv, openssl: &str, pipeline: &str) {
    let sha256 = root(env, openssl);
    let text = format!(
        r#"source "disk" "tiny" {{
  file   = "root.tar"
  sha256 = "{sha256}"
}}

recipe "tiny" {{
  version = "1.0.x"
  source  = source.disk.tiny
  purpose = "tiny"

  disk {{
    size = "256MiB"
    boot = ["uefi"]
  }}
}}

{pipeline}"#
    );
    env.write("tiny.gold.hcl", text);
}

/// Writes `root.tar`: what a disk cannot do without, with one package. Always the same bytes.
pub(crate) fn root(env: &TestEnv, openssl: &str) -> String {
    let tree = env.root().join("tree");
    drop(fs::remove_dir_all(&tree));
    let status = format!(
        "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: {openssl}\n\
         Maintainer: Debian <a@lists.debian.org>\nDescription: x\n\n"
    );
    let files = [
        (
            "etc/os-release",
            "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n",
        ),
        ("boot/vmlinuz-6.1.0-1-amd64", "a kernel\n"),
        ("boot/initrd.img-6.1.0-1-amd64", "its first root\n"),
        (
            "usr/lib/grub/x86_64-efi/monolithic/grubx64.efi",
            "a boot loader\n",
        ),
        ("var/lib/dpkg/status", &status),
    ];
    for (name, text) in files {
        let path = tree.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let archive = env.project().join("root.tar");
    tar(&tree, &archive);
    Sha256::of(&fs::read(archive).unwrap()).to_string()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the file of others is made by a tool of the host"
)]
fn tar(tree: &Path, archive: &Path) {
    let made = Command::new("tar")
        .args(["--sort=name", "--mtime=@1767225600", "--format=ustar"])
        .args(["--owner=0", "--group=0", "--numeric-owner"])
        .args(["--mode=u=rwX,go=rX", "-C"])
        .arg(tree)
        .arg("-cf")
        .arg(archive)
        .arg(".")
        .status();
    assert!(made.unwrap().success(), "tar");
}

/// A command that, with all it starts, sees a clock which stands still: `2026-02-02 06:00:00`, UTC.
pub(crate) fn at(mut command: Command, moment: &str) -> Command {
    clock(&mut command);
    command.env("FAKETIME", moment);
    command
}

/// A command whose clock shows what a file says, whenever it is looked at.
pub(crate) fn by(mut command: Command, file: &Path) -> Command {
    clock(&mut command);
    command
        .env("FAKETIME_TIMESTAMP_FILE", file)
        .env("FAKETIME_NO_CACHE", "1");
    command
}

fn clock(command: &mut Command) {
    assert!(
        Path::new(FAKETIME).exists(),
        "this test needs `{FAKETIME}` of package `libfaketime`"
    );
    command
        .env("LD_PRELOAD", FAKETIME)
        // Waits are as long as they are, and files as old.
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("NO_FAKE_STAT", "1")
        .env("TZ", "UTC");
}

/// Runs the binary at a moment.
pub(crate) fn run_at(env: &TestEnv, moment: &str, arguments: &[&str]) -> Ran {
    at(env.command(arguments), moment).output().unwrap().into()
}
