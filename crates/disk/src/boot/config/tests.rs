use super::*;
use crate::tree::{Attributes, Node, Time};

fn tree(files: &[&str], links: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new(Attributes::default());
    for path in files {
        tree.insert_file(path, 0o644, Time::default(), vec![]);
    }
    for (path, target) in links {
        let kind = Kind::Symlink(target.as_bytes().to_vec());
        let attributes = Attributes::default();
        tree.insert(*path, Node { attributes, kind });
    }
    tree
}

fn check(files: &[&str], links: &[(&str, &str)], expected: &str) {
    let got = kernel(&tree(files, links)).map_or("none".to_owned(), |kernel| {
        format!(
            "{} {}",
            kernel.linux,
            kernel.initrd.as_deref().unwrap_or("-")
        )
    });
    assert_eq!(got, expected);
}

#[test]
fn finds_the_kernel() {
    let files = [
        "boot/vmlinuz-6.1.0-9-amd64",
        "boot/vmlinuz-6.1.0-50-amd64",
        "boot/initrd.img-6.1.0-50-amd64",
    ];
    let by_version = "/boot/vmlinuz-6.1.0-50-amd64 /boot/initrd.img-6.1.0-50-amd64";
    check(&[], &[], "none");
    check(&files, &[], by_version);
    check(&files[..2], &[], "/boot/vmlinuz-6.1.0-50-amd64 -");
    let link = ("vmlinuz", "boot/vmlinuz-6.1.0-50-amd64");
    let initrd = ("initrd.img", "/boot/initrd.img-6.1.0-50-amd64");
    check(&files, &[link, initrd], "/vmlinuz /initrd.img");
    // The link to the initrd is missing and the initrd is not: the kernel would not find its root.
    check(&files, &[link], by_version);
    check(&files[..2], &[link], "/vmlinuz -");
    check(&files, &[("vmlinuz", "boot/vmlinuz-gone")], by_version);
}

#[test]
fn writes_grub_cfg() {
    let ids = Ids::derive(&[1; 32]);
    let kernel = Kernel {
        linux: "/vmlinuz".into(),
        initrd: Some("/initrd.img".into()),
    };
    let arguments = ["net.ifnames=0".to_owned()];
    let text = grub_cfg(&ids, Architecture::X86_64, &kernel, &arguments).unwrap();
    let root = ids.root;
    assert_eq!(
        text,
        format!(
            "# Written by Goldsmith.\n\
             serial --unit=0 --speed=115200\n\
             terminal_input console serial\n\
             terminal_output console serial\n\
             set default=0\n\
             set timeout=0\n\
             \n\
             menuentry 'Debian GNU/Linux' {{\n  \
             search --no-floppy --fs-uuid --set=root {root}\n  \
             linux /vmlinuz root=UUID={root} ro console=tty0 console=ttyS0,115200 net.ifnames=0\n  \
             initrd /initrd.img\n\
             }}\n"
        )
    );
    for bad in ["", "a b", "a;reboot", "$x", "a\nb", "a'b", "{"] {
        let refused = grub_cfg(&ids, Architecture::X86_64, &kernel, &[bad.to_owned()]);
        assert_eq!(refused, Err(ArgumentError(bad.to_owned())));
    }
}

#[test]
fn writes_fstab() {
    let ids = Ids::derive(&[1; 32]);
    let root = format!(
        "UUID={} / ext4 rw,errors=remount-ro,x-systemd.growfs 0 1\n",
        ids.root
    );
    let esp = format!(
        "UUID={} /boot/efi vfat umask=0077,nofail 0 2\n",
        ids.esp_volume
    );
    assert_eq!(fstab(&ids, true, ""), format!("{root}{esp}"));
    assert_eq!(fstab(&ids, false, "# UNCONFIGURED\n"), root);
    let own = "/dev/sda1 / ext4 defaults 0 1\nLABEL=e /boot/efi vfat\ntmpfs /tmp tmpfs size=1g\n";
    assert_eq!(
        fstab(&ids, false, own),
        format!("{root}tmpfs /tmp tmpfs size=1g\n")
    );
    let once = fstab(&ids, true, own);
    assert_eq!(fstab(&ids, true, &once), once);
}
