//! Command lines of the kernels: entries of GRUB and of the boot loader specification.

use super::{Outcome, Wrong};
use crate::harden::facts::{Facts, rows};
use crate::snapshot::Snapshot;
use crate::view::ViewError;

/// One kernel's.
#[derive(Debug)]
pub(in crate::harden) struct Line {
    path: String,
    words: Vec<String>,
}

pub(in crate::harden) fn read(snapshot: &Snapshot<'_>) -> Result<Vec<Line>, ViewError> {
    let mut lines = Vec::new();
    let mut add = |path: &str, words: &str| {
        lines.push(Line {
            path: path.to_owned(),
            words: words.split_whitespace().map(str::to_owned).collect(),
        });
    };
    for node in snapshot.select("/boot/{grub,grub2,efi/EFI/debian,efi/EFI/ubuntu}/grub.cfg") {
        for row in rows(&snapshot.text(&node.path)?.unwrap_or_default()) {
            let command = ["linux ", "linuxefi ", "linux16 ", "linux\t"]
                .iter()
                .find_map(|start| row.strip_prefix(start));
            // Recovery entries are started by a person who stands in front of it.
            if let Some(words) = command.filter(|words| {
                !words
                    .split_whitespace()
                    .any(|word| ["single", "recovery", "rescue"].contains(&word))
            }) {
                add(&node.path, words);
            }
        }
    }
    for node in snapshot.select("/{boot,efi,boot/efi}/loader/entries/*.conf") {
        for row in rows(&snapshot.text(&node.path)?.unwrap_or_default()) {
            if let Some(words) = row.strip_prefix("options") {
                add(&node.path, words);
            }
        }
    }
    Ok(lines)
}

pub(super) fn present(facts: &Facts<'_>, word: &str) -> Outcome {
    let is_there = |line: &&Line| {
        line.words.iter().any(|one| {
            one == word
                || one
                    .strip_prefix(word)
                    .is_some_and(|rest| rest.starts_with('='))
        })
    };
    check(facts, |line| {
        if is_there(&line) {
            None
        } else {
            Some(format!("a kernel is started without `{word}`"))
        }
    })
}

pub(super) fn absent(facts: &Facts<'_>, words: &[&str]) -> Outcome {
    check(facts, |line| {
        let bad = words
            .iter()
            .find(|word| line.words.iter().any(|one| one == *word))?;
        Some(format!("a kernel is started with `{bad}`"))
    })
}

fn check(facts: &Facts<'_>, problem: impl Fn(&Line) -> Option<String>) -> Outcome {
    if facts.kernels.is_empty() {
        return Outcome::skip("no boot entry");
    }
    let mut wrong: Vec<Wrong> = facts
        .kernels
        .iter()
        .filter_map(|line| Some(Wrong::file(&line.path, problem(line)?)))
        .collect();
    wrong.dedup();
    Outcome::of(wrong)
}

#[cfg(test)]
mod tests {
    use crate::harden::kind::Test;
    use crate::harden::testing::{fails, passes, skips};

    #[test]
    fn entries() {
        let audit = Test::KernelWord("audit=1");
        let backlog = Test::KernelWord("audit_backlog_limit");
        skips(&audit, &[]);
        let with = "menuentry a {\n\tlinux /boot/vmlinuz root=UUID=1 ro audit=1 audit_backlog_limit=8192\n}\n";
        passes(&audit, &[("/boot/grub/grub.cfg", with)]);
        passes(&backlog, &[("/boot/grub/grub.cfg", with)]);
        let two = format!("{with}menuentry b {{\n  linux /boot/vmlinuz-old ro\n}}\n");
        fails(&audit, &[("/boot/grub/grub.cfg", &two)]);
        let recovery = format!("{with}menuentry b {{\n  linux /boot/vmlinuz ro single\n}}\n");
        passes(&audit, &[("/boot/grub/grub.cfg", &recovery)]);
        let entry = (
            "/boot/efi/loader/entries/a.conf",
            "title a\noptions root=x selinux=0\n",
        );
        fails(
            &Test::KernelWordsAbsent(&["selinux=0", "enforcing=0"]),
            &[entry],
        );
    }
}
