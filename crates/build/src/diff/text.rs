//! The differences for a person at a terminal.

use std::fmt::Write as _;
use std::time::Duration;

use goldsmith_core::size::{format_bytes, format_duration};
use goldsmith_plan::diff::files::{Change, File, Kind, What};

use super::{BlockDiff, Boot, Configuration, Finding, ImageDiff, Size};

/// Rows of a list that are shown unless all are asked for.
const SHOWN: usize = 20;

/// The differences of two images. Of long lists only the first rows, unless `all`.
pub fn text(diff: &ImageDiff, all: bool) -> String {
    let mut text = format!("{} -> {}\n", plain(&diff.old), plain(&diff.new));
    if diff.is_same_disk {
        text.push_str("\nthe disks hold the same bytes\n");
    }
    let most = if all { usize::MAX } else { SHOWN };
    packages(&mut text, diff, most);
    files(&mut text, diff, all, most);
    configuration(&mut text, &diff.configuration, most);
    section(
        &mut text,
        "size",
        diff.sizes.iter().filter_map(size),
        usize::MAX,
    );
    findings(&mut text, diff, most);
    section(
        &mut text,
        "boot, power-on to multi-user",
        diff.boots.iter().map(boot),
        most,
    );
    text
}

/// Adds a title and rows, if there are any.
fn section(text: &mut String, title: &str, rows: impl Iterator<Item = String>, most: usize) {
    let rows: Vec<String> = rows.collect();
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title}");
    for row in rows.iter().take(most) {
        let _ = writeln!(text, "  {row}");
    }
    if let Some(more) = rows.len().checked_sub(most).filter(|more| *more > 0) {
        let _ = writeln!(text, "  and {more} more; `--all` shows them");
    }
}

fn packages(text: &mut String, diff: &ImageDiff, most: usize) {
    let packages = &diff.packages;
    let title = format!(
        "packages: {} added, {} removed, {} changed",
        packages.added.len(),
        packages.removed.len(),
        packages.changed.len()
    );
    let row = |sign: char, p: &goldsmith_plan::diff::packages::Package| {
        plain(&format!("{sign} {} {} {}", p.name, p.version, p.arch))
    };
    let added = packages.added.iter().map(|p| row('+', p));
    let removed = packages.removed.iter().map(|p| row('-', p));
    let changed = packages.changed.iter().map(|p| {
        let sign = if p.is_downgrade { 'v' } else { '^' };
        plain(&format!("{sign} {} {} -> {}", p.name, p.old, p.new))
    });
    section(text, &title, added.chain(removed).chain(changed), most);
}

fn files(text: &mut String, diff: &ImageDiff, all: bool, most: usize) {
    let files = &diff.files;
    let mut title = format!(
        "files: {} added, {} removed, {} changed",
        files.added.len(),
        files.removed.len(),
        files.changed.len()
    );
    if diff.of_packages > 0 && !all {
        let _ = write!(
            title,
            "; {} of them of changed packages, not listed",
            diff.of_packages
        );
    }
    let is_shown = |file: &File| all || !diff.is_of_packages(&file.path);
    let list = |sign: char, list: &[File]| -> Vec<String> {
        let shown = list.iter().filter(|file| is_shown(file));
        shown
            .map(|file| format!("{sign} {}", described(file)))
            .collect()
    };
    let changed = files.changed.iter().filter(|c| is_shown(&c.new));
    let rows = list('+', &files.added)
        .into_iter()
        .chain(list('-', &files.removed))
        .chain(changed.map(|c| format!("~ {}  {}", plain(&c.new.path), change(c))));
    let rows: Vec<String> = rows.collect();
    if rows.is_empty() && !files.is_empty() {
        let _ = writeln!(text, "\n{title}");
    }
    section(text, &title, rows.into_iter(), most);
}

/// `/srv/x  12 B, 0644, 0:0`.
fn described(file: &File) -> String {
    let what = match (file.kind, &file.target) {
        (Kind::Directory, _) => "directory".to_owned(),
        (Kind::Link, Some(target)) => format!("-> {}", plain(target)),
        (Kind::File, _) => format_bytes(file.size),
        _ => "device, pipe or socket".to_owned(),
    };
    let (path, mode) = (plain(&file.path), file.mode);
    format!("{path}  {what}, {mode:04o}, {}:{}", file.uid, file.gid)
}

/// What is different of a path: `content (12 B -> 14 B), mode 0644 -> 0600`.
pub(super) fn change(change: &Change) -> String {
    let Change { old, new, what } = change;
    let words = what.iter().map(|what| match what {
        What::Kind => format!("{} -> {}", kind(old.kind), kind(new.kind)),
        What::Content if new.kind == Kind::Link => {
            let target = |file: &File| plain(file.target.as_deref().unwrap_or_default());
            format!("{} -> {}", target(old), target(new))
        }
        What::Content if old.size == new.size => format!("content ({})", format_bytes(new.size)),
        What::Content => format!(
            "content ({} -> {})",
            format_bytes(old.size),
            format_bytes(new.size)
        ),
        What::Mode => format!("mode {:04o} -> {:04o}", old.mode, new.mode),
        What::Owner => format!("owner {}:{} -> {}:{}", old.uid, old.gid, new.uid, new.gid),
    });
    words.collect::<Vec<_>>().join(", ")
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Directory => "directory",
        Kind::Link => "link",
        Kind::Other => "device, pipe or socket",
    }
}

fn configuration(text: &mut String, files: &[Configuration], most: usize) {
    let rows = files.iter().map(|file| {
        let mut row = plain(&file.path);
        if let Some(why) = &file.hidden {
            let _ = write!(row, "  (lines not shown: {why})");
        }
        let lines = file.hunks.iter().flat_map(|hunk| {
            let head = format!("@@ -{} +{}", hunk.old, hunk.new);
            let lines = hunk.lines.iter();
            let lines = lines.map(|(mark, line)| format!("{}{}", mark.sign(), plain(line)));
            std::iter::once(head).chain(lines)
        });
        let lines: Vec<String> = lines.collect();
        for line in lines.iter().take(most) {
            let _ = write!(row, "\n    {line}");
        }
        let more = file.more + lines.len().saturating_sub(most);
        if more > 0 {
            let _ = write!(row, "\n    and {more} more lines");
        }
        row
    });
    section(text, "configuration", rows, most);
}

fn size(size: &Size) -> Option<String> {
    let shown = |amount: u64| match size.unit {
        "bytes" => format_bytes(amount),
        _ => amount.to_string(),
    };
    let (old, new) = (size.old?, size.new?);
    let name = size.name;
    if old == new {
        return Some(format!("{name:<20} {}", shown(new)));
    }
    let (sign, by) = if new > old {
        ('+', new - old)
    } else {
        ('-', old - new)
    };
    Some(format!(
        "{name:<20} {} -> {} ({sign}{})",
        shown(old),
        shown(new),
        shown(by)
    ))
}

fn findings(text: &mut String, diff: &ImageDiff, most: usize) {
    let row = |sign: char, found: &Finding| finding(sign, found);
    let new = diff.findings.new.iter().map(|found| row('+', found));
    let gone = diff.findings.gone.iter().map(|found| row('-', found));
    section(text, "findings", new.chain(gone), most);
}

pub(super) fn finding(sign: char, found: &Finding) -> String {
    let mut row = format!(
        "{sign} {} {}: {} ({}, {})",
        found.pass, found.rule, found.path, found.action, found.severity
    );
    if let Some(entry) = &found.entry {
        let _ = write!(row, " `{entry}`");
    }
    if !found.note.is_empty() {
        let _ = write!(row, ": {}", found.note);
    }
    plain(&row)
}

pub(super) fn boot(boot: &Boot) -> String {
    let shown = |time: Option<u64>, passed: Option<bool>| match (time, passed) {
        (_, None) => "not tested".to_owned(),
        (None, Some(_)) => "did not come up".to_owned(),
        (Some(ms), Some(passed)) => {
            let time = format_duration(Duration::from_millis(ms));
            format!("{time}{}", if passed { "" } else { " (FAILED)" })
        }
    };
    format!(
        "{:<5} {} -> {}",
        boot.firmware,
        shown(boot.old_ms, boot.old_passed),
        shown(boot.new_ms, boot.new_passed)
    )
}

/// How two disks differ in blocks.
pub fn blocks_text(diff: &BlockDiff, all: bool) -> String {
    let mut text = format!("{} -> {}\n\n", plain(&diff.old), plain(&diff.new));
    let _ = writeln!(
        text,
        "{} of {} blocks of {} differ: {:.2} %, {} to send; {} differ in pieces of 4 KiB",
        diff.changed,
        diff.allocated,
        format_bytes(diff.block_bytes),
        diff.share * 100.0,
        format_bytes(diff.changed * diff.block_bytes),
        format_bytes(diff.changed_bytes)
    );
    let rows = diff.of.iter().map(|share| {
        let (blocks, bytes) = (share.blocks, format_bytes(share.bytes));
        format!("{blocks:>6}  {bytes:>9}  {}", plain(&share.what))
    });
    let most = if all { usize::MAX } else { SHOWN };
    section(&mut text, "blocks      bytes  of", rows, most);
    text
}

/// Names come from the image: nothing in them may steer a terminal.
fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_default());
            let own = escaped.is_none().then_some(c);
            escaped.into_iter().flatten().chain(own)
        })
        .collect()
}
