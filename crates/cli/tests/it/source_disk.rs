//! A disk of ours, taken for one of others: read, changed, written with the boot set-up that it has,
//! and booted.

use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use goldsmith_build::assemble::{KeptRequest, Options, assemble_kept, scan};
use goldsmith_build::boot_test::{Subject, boot_test};
use goldsmith_build::source::SourceDisk;
use goldsmith_core::cx::Cx;
use goldsmith_core::recipe::Firmware;
use goldsmith_exec::clock::SystemClock;
use goldsmith_exec::vm::accel;
use goldsmith_inspect::sanitize::Settings;
use goldsmith_inspect::verify::verify_disk;

use crate::fixture;

#[expect(
    clippy::disallowed_methods,
    reason = "the oracle is a tool of the host"
)]
fn qemu_img(words: &[&str], from: &Path, to: &Path) {
    let done = Command::new("qemu-img")
        .args(words)
        .args([from, to])
        .output();
    let done = done.expect("this test needs `qemu-img` of package `qemu-utils`");
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "qemu-img {words:?}: {errors}");
}

#[test]
fn a_disk_of_others_is_changed_and_boots() {
    let env = fixture::with_layers();
    env.run(&["build", "web", "--offline"]).expect(0);
    let disk = env.home().join("images/web/1.0.0-1/disk.raw");
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (foreign, tree) = (scratch.path().join("foreign"), scratch.path().join("tree"));
    qemu_img(&["convert", "-c", "-O", "qcow2"], &disk, &foreign);
    fs::create_dir(&tree).unwrap();

    let cx = Cx::silent(Arc::new(SystemClock::start()));
    let source = SourceDisk::open(&foreign).unwrap();
    let unpacked = source.unpack(&cx, &tree).unwrap();
    let epoch = u32::try_from(unpacked.newest).unwrap();
    let firmwares = source.firmwares().unwrap();
    assert_eq!(firmwares, [Firmware::Bios, Firmware::Uefi]);
    let size = fs::metadata(&disk).unwrap().len();
    let write = |name: &str, size_bytes| {
        let root = File::open(&tree).unwrap();
        let nodes = scan(&cx, root.as_fd(), epoch).unwrap();
        let request = KeptRequest {
            tree: root.as_fd(),
            keep: &source.keep().unwrap(),
            size_bytes,
            epoch,
        };
        let path = scratch.path().join(name);
        let out = File::create(&path).unwrap();
        assemble_kept(&cx, &request, nodes, &out, Options::default()).unwrap();
        path
    };
    // Nothing but the text of the page changes.
    let page = tree.join("var/www/html/index.html");
    let text = fs::read_to_string(&page).unwrap();
    fs::write(&page, text.replace('H', "h")).unwrap();
    fs::set_permissions(&page, fs::Permissions::from_mode(0o644)).unwrap();
    let child = write("child.raw", size + (1 << 30));
    let verified = verify_disk(&child, &Settings::default(), &cx).unwrap();
    assert!(verified.passed, "{}", verified.summary());

    let guests = scratch.path().join("guests");
    fs::create_dir(&guests).unwrap();
    let probe = accel::probe(&cx, &guests).unwrap();
    let mut subject = Subject::new("child", &child, "amd64", probe, &guests);
    subject.firmwares = firmwares;
    subject.logs = scratch.path().join("logs");
    let report = boot_test(&cx, &subject).unwrap();
    let text = goldsmith_build::boot_test::text(&report);
    assert!(report.is_passed, "{text}");
}
