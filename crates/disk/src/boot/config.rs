//! Texts that the boot loader and the booted system read: `grub.cfg`, `fstab`, and the rule by which
//! the root partition grows.

use std::fmt::Write as _;

use crate::id::{Guid, Ids};
use crate::image::Architecture;
use crate::tree::{Kind, Tree};

/// Rule for systemd-repart, which Debian's `systemd` brings and starts at every boot: the
/// partition of type "root" takes what is free behind it. The file system then grows by
/// `x-systemd.growfs` in [`fstab`].
pub const REPART_ROOT: &str = "[Partition]\nType=root\n";
/// Where [`REPART_ROOT`] goes.
pub const REPART_ROOT_PATH: &str = "usr/lib/repart.d/50-root.conf";
/// Where [`grub_cfg`] goes.
pub const GRUB_CFG_PATH: &str = "boot/grub/grub.cfg";
/// Where [`fstab`] goes.
pub const FSTAB_PATH: &str = "etc/fstab";

/// A kernel and its initrd, as paths on the root file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// `/vmlinuz` or `/boot/vmlinuz-6.1.0-50-cloud-amd64`.
    pub linux: String,
    /// `/initrd.img` or the like; `None` when there is none.
    pub initrd: Option<String>,
}

/// The kernel that a tree boots: the links `/vmlinuz` and `/initrd.img`, which Debian keeps at the
/// newest kernel, so that an upgrade needs no new configuration; else the newest in `/boot`.
pub fn kernel(tree: &Tree) -> Option<Kernel> {
    let leads = |link: &str, prefix: &str| match tree.get(link.as_bytes()).map(|node| &node.kind) {
        Some(Kind::Symlink(target)) => {
            let target = target.strip_prefix(b"/").unwrap_or(target);
            target.starts_with(prefix.as_bytes()) && tree.get(target).is_some()
        }
        _ => false,
    };
    let has_initrd = tree
        .names("boot")
        .any(|name| name.starts_with(b"initrd.img-"));
    let leads_to_initrd = leads("initrd.img", "boot/initrd.img-");
    // A kernel without the initrd that is there would start and not find its root.
    if leads("vmlinuz", "boot/vmlinuz-") && leads_to_initrd == has_initrd {
        return Some(Kernel {
            linux: "/vmlinuz".to_owned(),
            initrd: leads_to_initrd.then(|| "/initrd.img".to_owned()),
        });
    }
    let version = tree
        .names("boot")
        .filter_map(|name| name.strip_prefix(b"vmlinuz-"))
        .filter_map(|version| std::str::from_utf8(version).ok())
        .max_by_key(|version| version_key(version))?;
    let initrd = format!("boot/initrd.img-{version}");
    Some(Kernel {
        linux: format!("/boot/vmlinuz-{version}"),
        initrd: tree
            .get(initrd.as_bytes())
            .is_some()
            .then(|| format!("/{initrd}")),
    })
}

/// Orders `6.1.0-9` before `6.1.0-50`: runs of digits as numbers, the rest as text.
fn version_key(version: &str) -> Vec<(u64, String)> {
    version
        .split(['.', '-', '+', '~', '_'])
        .map(|part| {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let number = part[..digits].parse().unwrap_or(0);
            (number, part[digits..].to_owned())
        })
        .collect()
}

/// The text that leads GRUB to the root file system's own `grub.cfg`: the core image has it built
/// in, and it stands on the EFI system partition.
pub fn find_root(root: Guid) -> String {
    format!(
        "search.fs_uuid {root} root\n\
         set prefix=($root)/boot/grub\n\
         configfile ($root)/boot/grub/grub.cfg\n"
    )
}

/// An argument for the kernel that cannot be written into `grub.cfg`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("kernel argument `{}` has characters that GRUB would take for its own", .0.escape_default())]
pub struct ArgumentError(pub String);

/// The root file system's `grub.cfg`: one entry, started at once, on the screen and the first
/// serial port. `arguments` go to the kernel after Goldsmith's own, so that they win.
pub fn grub_cfg(
    ids: &Ids,
    architecture: Architecture,
    kernel: &Kernel,
    arguments: &[String],
) -> Result<String, ArgumentError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=.,:/+@%".contains(c);
    for word in arguments
        .iter()
        .chain([&kernel.linux])
        .chain(&kernel.initrd)
    {
        if word.is_empty() || !word.chars().all(plain) {
            return Err(ArgumentError(word.clone()));
        }
    }
    let serial = match architecture {
        Architecture::X86_64 => "ttyS0",
        Architecture::Arm64 => "ttyAMA0",
    };
    let root = ids.root;
    let mut text = String::from("# Written by Goldsmith.\n");
    if architecture == Architecture::X86_64 {
        text.push_str(
            "serial --unit=0 --speed=115200\n\
             terminal_input console serial\n\
             terminal_output console serial\n",
        );
    }
    text.push_str("set default=0\nset timeout=0\n\nmenuentry 'Debian GNU/Linux' {\n");
    write!(
        text,
        "  search --no-floppy --fs-uuid --set=root {root}\n  \
         linux {} root=UUID={root} ro console=tty0 console={serial},115200",
        kernel.linux
    )
    .expect("a string takes all");
    for argument in arguments {
        text.push(' ');
        text.push_str(argument);
    }
    text.push('\n');
    if let Some(initrd) = &kernel.initrd {
        writeln!(text, "  initrd {initrd}").expect("a string takes all");
    }
    text.push_str("}\n");
    Ok(text)
}

/// Mount points that [`fstab`] decides; lines of the tree's own table for others stay.
const OWN_MOUNT_POINTS: [&str; 2] = ["/", "/boot/efi"];

/// The table of file systems: root, which grows to its partition at boot, and the EFI system
/// partition, which nothing waits for; then the lines of the tree's own table for other places.
pub fn fstab(ids: &Ids, has_esp: bool, own: &str) -> String {
    let mut text = format!(
        "UUID={} / ext4 rw,errors=remount-ro,x-systemd.growfs 0 1\n",
        ids.root
    );
    if has_esp {
        writeln!(
            text,
            "UUID={} /boot/efi vfat umask=0077,nofail 0 2",
            ids.esp_volume
        )
        .expect("a string takes all");
    }
    text.push_str(&own_mounts(own));
    text
}

/// The lines of a tree's own table of file systems that a disk keeps: those for other places than
/// its own partitions, without comments.
pub fn own_mounts(own: &str) -> String {
    let mut text = String::new();
    for line in own.lines() {
        let is_comment = line.trim_start().starts_with('#');
        let place = line.split_whitespace().nth(1);
        if !is_comment && place.is_some_and(|place| !OWN_MOUNT_POINTS.contains(&place)) {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests;
