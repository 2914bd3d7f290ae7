//! What a bootable image needs and no package brings: a name, a network by
//! default, where cloud-init looks, host keys for a server of SSH. Every item
//! is one record; `/etc/fstab` comes with the disk. Nothing here is of one recipe:
//! every instance starts as `localhost` until something gives it a name.

use std::io;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Event;
use goldsmith_exec::ns::{Command, Sandbox};

use super::rooted::Rooted;
use super::{BootstrapError, MEMORY};
use crate::layer::{Made, Parts, Place, Stack, Wanted};

/// A file for trees that have what it is for.
struct Item {
    path: &'static str,
    content: &'static str,
    /// One of these paths is in the tree.
    with: &'static [&'static str],
    /// None of these is.
    without: &'static [&'static str],
    /// A unit to enable.
    unit: Option<&'static str>,
}

const ITEMS: [Item; 4] = [
    // Names come by DNS; answering to neighbours only opens a port.
    Item {
        path: "/etc/systemd/resolved.conf.d/10-goldsmith.conf",
        content: "[Resolve]\nLLMNR=no\nMulticastDNS=no\n",
        with: &["/usr/lib/systemd/systemd-resolved"],
        without: &[],
        unit: None,
    },
    // Read after the files that cloud-init and netplan write, which stay in charge.
    Item {
        path: "/etc/systemd/network/80-goldsmith-dhcp.network",
        content: "# An instance that nobody configures gets its address by DHCP.\n\
                  [Match]\nName=en* eth*\n\n[Network]\nDHCP=yes\n",
        with: &["/usr/lib/systemd/systemd-networkd"],
        without: &["/usr/sbin/ifup", "/usr/sbin/NetworkManager"],
        unit: Some("systemd-networkd.service"),
    },
    // Sources that need a network to be found stand behind those on a disk. `None` ends the search.
    Item {
        path: "/etc/cloud/cloud.cfg.d/90_goldsmith.cfg",
        content: "datasource_list: [ NoCloud, ConfigDrive, Ec2, Azure, GCE, VMware, OVF, None ]\n\
                  # The locale is the image's own; generating another at first boot takes long.\n\
                  locale: false\n",
        with: &["/usr/bin/cloud-init"],
        without: &[],
        unit: None,
    },
    // The image has no host keys; every instance makes its own before the server checks them.
    Item {
        path: "/etc/systemd/system/ssh.service.d/10-goldsmith-host-keys.conf",
        content: "[Service]\nExecStartPre=\nExecStartPre=/usr/bin/ssh-keygen -A\n\
                  ExecStartPre=/usr/sbin/sshd -t\n",
        with: &["/usr/sbin/sshd"],
        without: &[],
        unit: None,
    },
];

/// Files of every tree.
const FILES: [(&str, &str); 2] = [
    ("/etc/hostname", "localhost\n"),
    (
        "/etc/hosts",
        "127.0.0.1 localhost\n\n\
         ::1 localhost ip6-localhost ip6-loopback\n\
         ff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n",
    ),
];
const APT_SOURCES: &str = "/etc/apt/sources.list.d/goldsmith.sources";

/// Adds it all, as a layer. `apt_sources` is the content of the image's own list of repositories
/// (sources.list(5)); `None`: the image knows none.
pub fn finish(
    cx: &Cx,
    stack: &mut Stack<'_>,
    apt_sources: Option<&str>,
) -> Result<(), BootstrapError> {
    stack.layer(cx, &wanted(apt_sources), |place| {
        add(cx, place, apt_sources).map(|()| Made::default())
    })?;
    Ok(())
}

/// What the layer is a function of.
pub fn wanted(apt_sources: Option<&str>) -> Wanted {
    let mut parts = Parts::default();
    parts.add("apt sources", apt_sources.unwrap_or_default());
    for (path, content) in FILES {
        parts.add(path, content);
    }
    for item in &ITEMS {
        let words = [item.with, item.without].map(|paths| paths.join(" "));
        let text = format!("{}\n{}\n{:?}", words.join("\n"), item.content, item.unit);
        parts.add(item.path, &text);
    }
    Wanted {
        title: "base".to_owned(),
        parts,
        unnoticed: Vec::new(),
    }
}

fn add(cx: &Cx, place: &Place<'_>, apt_sources: Option<&str>) -> Result<(), BootstrapError> {
    let sandbox = place.sandbox(&MEMORY)?;
    let rooted = Rooted(sandbox.tree_fd());
    let write = |path: &str, content: &str| {
        rooted
            .write(path, content.as_bytes(), 0o644)
            .map_err(|source| BootstrapError::tree(path, source))
    };
    for (path, content) in FILES {
        write(path, content)?;
    }
    if let Some(sources) = apt_sources {
        write(APT_SOURCES, sources)?;
    }
    for item in &ITEMS {
        let has = |path: &&str| -> io::Result<bool> {
            match rooted.place(path) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
                place => Ok(place?.exists()),
            }
        };
        let any = |paths: &[&str]| {
            paths
                .iter()
                .try_fold(false, |found, path| Ok(found || has(path)?))
        };
        let wanted = any(item.with)
            .and_then(|with| Ok(with && !any(item.without)?))
            .map_err(|source| BootstrapError::tree(item.path, source))?;
        if !wanted {
            continue;
        }
        write(item.path, item.content)?;
        if let Some(unit) = item.unit {
            enable(cx, &sandbox, unit)?;
        }
    }
    Ok(())
}

/// Makes the links that say that a unit starts by itself.
fn enable(cx: &Cx, sandbox: &Sandbox, unit: &str) -> Result<(), BootstrapError> {
    let what = format!("systemctl enable {unit}");
    let command = Command::new(["systemctl", "--quiet", "enable", unit]);
    let exit = sandbox.run(cx, &command, &mut |stream, text| {
        cx.emit(Event::Output {
            source: what.clone(),
            stream,
            text: text.to_owned(),
        });
    })?;
    if exit.status.is_success() {
        return Ok(());
    }
    Err(BootstrapError::Script {
        what,
        status: exit.status,
        tail: exit.tail,
    })
}
