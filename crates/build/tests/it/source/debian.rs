//! A disk that nothing of ours has made: Debian by mmdebstrap, a master boot record, GRUB in the gap
//! behind it. It becomes a layer, is changed, written again, and boots.

use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use goldsmith_build::assemble::{KeptRequest, Options, assemble_kept, scan};
use goldsmith_build::boot_test::{Subject, boot_test, text as report_text};
use goldsmith_build::source::SourceDisk;
use goldsmith_core::cx::Cx;
use goldsmith_core::recipe::Firmware;
use goldsmith_exec::clock::SystemClock;
use goldsmith_exec::vm::accel;

use super::super::assemble::odd_tree::put;
use super::super::world;
use super::{place, run, text};

const INCLUDE: [&str; 9] = [
    "linux-image-cloud-amd64",
    "initramfs-tools",
    "systemd-sysv",
    "udev",
    "dbus",
    "e2fsprogs",
    "fdisk",
    "cloud-guest-utils",
    "iproute2",
];
const UUID: &str = "12345678-9abc-4def-8123-456789abcdef";
const MIB: u64 = 1 << 20;

/// What makes the tree a system: its disk by UUID, an address, and a root that grows.
fn finish(tree: &Path) {
    let write = |path: &str, text: &str| {
        drop(fs::remove_file(tree.join(path)));
        put(&tree.join(path), text.as_bytes(), 0o644);
    };
    write("etc/fstab", &format!("UUID={UUID} / ext4 defaults 0 1\n"));
    write("etc/hostname", "foreign\n");
    write("etc/machine-id", "");
    drop(fs::remove_file(tree.join("var/lib/dbus/machine-id")));
    write(
        "etc/systemd/network/80-dhcp.network",
        "[Match]\nName=en* eth*\n[Network]\nDHCP=yes\n",
    );
    write(
        "etc/systemd/system/grow.service",
        "[Unit]\nDescription=Grow the root\n[Service]\nType=oneshot\n\
         ExecStart=/bin/sh -c 'd=$(findmnt -no SOURCE /); growpart \"$${d%%1}\" 1 && resize2fs \"$$d\"'\n",
    );
    write(
        "boot/grub/grub.cfg",
        &format!(
            "serial --unit=0 --speed=115200\nterminal_output serial\n\
             search --no-floppy --fs-uuid --set=root {UUID}\n\
             linux /vmlinuz root=UUID={UUID} ro console=ttyS0,115200\n\
             initrd /initrd.img\nboot\n"
        ),
    );
    let wants = tree.join("etc/systemd/system/multi-user.target.wants");
    fs::create_dir_all(&wants).unwrap();
    for (unit, at) in [
        ("grow.service", "/etc/systemd/system/grow.service"),
        (
            "systemd-networkd.service",
            "/usr/lib/systemd/system/systemd-networkd.service",
        ),
    ] {
        std::os::unix::fs::symlink(at, wants.join(unit)).unwrap();
    }
}

/// Makes the disk, as qcow2.
fn disk(home: &Path) -> PathBuf {
    let (tree, raw) = (home.join("tree"), home.join("raw"));
    world::mmdebstrap(&INCLUDE, &tree, &home.join("debs"));
    finish(&tree);
    File::create(&raw).unwrap().set_len(1536 * MIB).unwrap();
    let script = home.join("script");
    let lines = "label: dos\nlabel-id: 0x0BADCAFE\nstart=2048, type=83, bootable\n";
    fs::write(&script, lines).unwrap();
    let sfdisk = format!("sfdisk -q {} < {}", text(&raw), text(&script));
    run("fdisk", "sh", &["-c", &sfdisk]);
    let root = super::ext4(home, "root.img", 1535, &tree, &["-U", UUID, "-L", "debian"]);
    place(&root, &raw, 1);
    fs::remove_file(&root).unwrap();
    let core = home.join("core.img");
    let words = [
        "-O",
        "i386-pc",
        "-d",
        "/usr/lib/grub/i386-pc",
        "-p",
        "(hd0,msdos1)/boot/grub",
        "-o",
        text(&core),
        "biosdisk",
        "part_msdos",
        "ext2",
        "normal",
        "configfile",
        "linux",
        "search",
        "search_fs_uuid",
        "serial",
        "terminal",
        "boot",
    ];
    run("grub-common", "grub-mkimage", &words);
    let to = format!("of={}", text(&raw));
    let boot = "if=/usr/lib/grub/i386-pc/boot.img";
    run(
        "coreutils",
        "dd",
        &[
            boot,
            &to,
            "bs=440",
            "count=1",
            "conv=notrunc",
            "status=none",
        ],
    );
    let core = format!("if={}", text(&core));
    run(
        "coreutils",
        "dd",
        &[
            &core,
            &to,
            "bs=512",
            "seek=1",
            "conv=notrunc",
            "status=none",
        ],
    );
    let packed = home.join("debian.img");
    run(
        "qemu-utils",
        "qemu-img",
        &["convert", "-O", "qcow2", text(&raw), text(&packed)],
    );
    fs::remove_file(&raw).unwrap();
    packed
}

#[test]
fn debian_by_other_tools_boots_again() {
    let home = world::home();
    // The guest's clock is compared with the host's.
    let cx = Cx::silent(Arc::new(SystemClock::start()));
    let packed = disk(home.path());
    let layer = home.path().join("layer");
    fs::create_dir(&layer).unwrap();
    let source = SourceDisk::open(&packed).unwrap();
    assert_eq!(source.firmwares().unwrap(), [Firmware::Bios]);
    let unpacked = source.unpack(&cx, &layer).unwrap();
    let changed = layer.join("etc/motd");
    put(&changed, b"Changed on the way\n", 0o644);

    let epoch = u32::try_from(unpacked.newest).unwrap();
    let root = File::open(&layer).unwrap();
    let nodes = scan(&cx, root.as_fd(), epoch).unwrap();
    let child = home.path().join("child.raw");
    let request = KeptRequest {
        tree: root.as_fd(),
        keep: &source.keep().unwrap(),
        size_bytes: 2048 * MIB,
        epoch,
    };
    let out = File::create(&child).unwrap();
    assemble_kept(&cx, &request, nodes, &out, Options::default()).unwrap();
    let table = run("fdisk", "sfdisk", &["-d", text(&child)]);
    assert!(
        table.contains("label-id: 0x0badcafe") && table.contains("bootable"),
        "{table}"
    );

    let guests = home.path().join("guests");
    fs::create_dir(&guests).unwrap();
    let probe = accel::probe(&cx, &guests).unwrap();
    let mut subject = Subject::new("child", &child, "amd64", probe, &guests);
    subject.firmwares = vec![Firmware::Bios];
    subject.has_datasource = false;
    let report = boot_test(&cx, &subject).unwrap();
    assert!(report.is_passed, "{}", report_text(&report));
}
