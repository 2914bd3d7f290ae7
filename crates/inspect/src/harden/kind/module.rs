//! Kernel modules that modprobe refuses: `install NAME /bin/false` and `blacklist NAME`.

use std::collections::BTreeSet;

use super::sysctl::drop_ins;
use super::{Outcome, Ran, Wrong};
use crate::harden::facts::{Facts, rows};

const FOLDERS: [&str; 4] = [
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
];

pub(super) fn run(facts: &Facts<'_>, modules: &[&str]) -> Ran {
    let (mut refused, mut listed) = (BTreeSet::new(), BTreeSet::new());
    for path in drop_ins(facts.snapshot, &FOLDERS, ".conf") {
        for row in rows(&facts.snapshot.text(&path)?.unwrap_or_default()) {
            match row.split_whitespace().collect::<Vec<_>>()[..] {
                ["install", name, command, ..]
                    if ["false", "true"].iter().any(|end| command.ends_with(end)) =>
                {
                    refused.insert(name.replace('-', "_"));
                }
                ["blacklist", name, ..] => {
                    listed.insert(name.replace('-', "_"));
                }
                _ => {}
            }
        }
    }
    let kernels = facts.snapshot.select("/{usr/lib,lib}/modules/*/kernel");
    if kernels.is_empty() {
        return Ok(Outcome::skip("no kernel with modules"));
    }
    let mut wrong = Vec::new();
    for module in modules {
        let name = module.replace('-', "_");
        if refused.contains(&name) && listed.contains(&name) {
            continue;
        }
        let there = kernels
            .iter()
            .flat_map(|kernel| facts.snapshot.beneath(&kernel.path))
            .any(|node| {
                node.name()
                    .split_once(".ko")
                    .is_some_and(|(stem, _)| stem.replace('-', "_") == name)
            });
        if there {
            let what = if refused.contains(&name) {
                "is not on the blacklist"
            } else {
                "can be loaded"
            };
            wrong.push(Wrong::entry(
                "/etc/modprobe.d",
                Some(module),
                format!("module `{module}` {what}"),
            ));
        }
    }
    Ok(Outcome::of(wrong))
}

#[cfg(test)]
mod tests {
    use crate::harden::kind::Test;
    use crate::harden::testing::{fails, passes, skips};

    #[test]
    fn refused_or_not_there() {
        let test = Test::ModulesBlocked(&["usb-storage"]);
        skips(&test, &[]);
        let other = ("/usr/lib/modules/6.1/kernel/fs/ext4.ko", "x");
        let module = ("/usr/lib/modules/6.1/kernel/drivers/usb-storage.ko.xz", "x");
        passes(&test, &[other]);
        fails(&test, &[module]);
        fails(
            &test,
            &[
                module,
                ("/etc/modprobe.d/a.conf", "blacklist usb-storage\n"),
            ],
        );
        passes(
            &test,
            &[
                module,
                (
                    "/etc/modprobe.d/a.conf",
                    "install usb_storage /bin/false\nblacklist usb-storage\n",
                ),
            ],
        );
    }
}
