//! A scan for a person: what is in the image by numbers, then findings in tables.

use std::fmt::Write as _;

use goldsmith_core::finding::{Finding, Kind, Severity};
use goldsmith_core::inventory::{Ecosystem, Inventory};
use goldsmith_inspect::harden::Report;

use crate::escape::escape;
use crate::output::table;

/// Rows of one rule that are shown without `--all`.
const ROWS: usize = 5;

/// The whole of it; `is_all` shows every package, and findings that are only told.
pub(super) fn text(
    name: &str,
    form: &str,
    inventory: &Inventory,
    findings: &[Finding],
    is_all: bool,
) -> String {
    let system = inventory.distribution.as_ref();
    let system = system.map_or("unknown system", |found| &found.title);
    let mut text = format!("{name}: {form}, {system}\n");
    for ecosystem in Ecosystem::ALL {
        let of = inventory
            .packages
            .iter()
            .filter(|p| p.ecosystem == ecosystem);
        match of.clone().count() {
            0 => {}
            count => {
                let _ = writeln!(text, "  {count:>6} {ecosystem} packages");
            }
        }
        if is_all {
            for package in of {
                let arch = package.arch.as_deref().unwrap_or_default();
                let _ = writeln!(text, "         {} {} {arch}", package.name, package.version);
            }
        }
    }
    text = escape(&text);
    let is_shown = |finding: &&Finding| is_all || finding.severity > Severity::Negligible;
    for kind in Kind::ALL {
        let of: Vec<&Finding> = findings
            .iter()
            .filter(|f| f.kind == kind)
            .filter(is_shown)
            .collect();
        if of.is_empty() {
            continue;
        }
        text.push('\n');
        text.push_str(&table(
            ["SEVERITY", "ID", "WHERE", kind.word()],
            rows(&of, is_all),
        ));
    }
    let hidden = findings.iter().filter(|finding| !is_shown(finding)).count();
    let shown = findings.len() - hidden;
    let _ = write!(text, "\n{shown} findings");
    if hidden > 0 {
        let _ = write!(text, ", {hidden} more that are only told (`--all`)");
    }
    text.push('\n');
    text
}

fn rows(findings: &[&Finding], is_all: bool) -> Vec<[String; 4]> {
    let mut rows = Vec::new();
    for same in findings.chunk_by(|a, b| (&a.id, a.severity) == (&b.id, b.severity)) {
        let most = if is_all { usize::MAX } else { ROWS };
        for finding in same.iter().take(most) {
            rows.push([
                finding.severity.to_string(),
                finding.id.clone(),
                finding.place.to_string(),
                finding.title.clone(),
            ]);
        }
        if let Some(more) = same.len().checked_sub(most).filter(|more| *more > 0) {
            let first = same[0];
            let more = format!("{more} more (`--all`)");
            rows.push([
                first.severity.to_string(),
                first.id.clone(),
                more,
                String::new(),
            ]);
        }
    }
    rows
}

/// How far a hardening profile is met, in a line.
pub(super) fn hardening(report: &Report) -> String {
    let [passed, failed, other, waived] = report.counts();
    format!(
        "{}: {} %, {passed} of {} checks passed, {other} do not apply, {waived} waived\n",
        report.profile.word(),
        report.score(),
        passed + failed,
    )
}
