//! The report as people read it: a table of checks per boot, what the boots used, and
//! the end of the console when something failed.

use std::fmt::Write as _;
use std::time::Duration;

use goldsmith_core::size::{format_bytes, format_duration};

use super::format::{Boot, Check, Port, TestReport};

/// Writes the report as text.
pub fn text(report: &TestReport) -> String {
    let mut out = String::new();
    let width = report
        .all_checks()
        .map(|(_, check)| check.name.chars().count())
        .max();
    let width = width.unwrap_or(0);
    for boot in &report.boots {
        let total = format_duration(Duration::from_millis(boot.total_ms));
        push(
            &mut out,
            format_args!("{} boot, {total}", boot.firmware.name()),
        );
        table(&mut out, &boot.checks, width);
        usage(&mut out, boot);
        if !boot.console_tail.is_empty() {
            push(&mut out, format_args!("  last lines of the console:"));
            for line in &boot.console_tail {
                push(&mut out, format_args!("    | {line}"));
            }
        }
        if !boot.is_passed {
            push(
                &mut out,
                format_args!("  full console log: {}", boot.console_log.display()),
            );
        }
    }
    if !report.checks.is_empty() {
        push(&mut out, format_args!("image"));
        table(&mut out, &report.checks, width);
    }
    let failed = report
        .all_checks()
        .filter(|(_, check)| !check.is_passed)
        .count();
    let count = report.all_checks().count();
    let total = format_duration(Duration::from_millis(report.total_ms));
    let verdict = match failed {
        0 => format!("{count} checks passed"),
        failed => format!("{failed} of {count} checks failed"),
    };
    push(
        &mut out,
        format_args!(
            "{verdict} in {total} ({}: {})",
            report.accel.name(),
            report.accel_reason
        ),
    );
    out
}

fn table(out: &mut String, checks: &[Check], width: usize) {
    for check in checks {
        let mark = if check.is_passed { "ok    " } else { "FAILED" };
        push(
            out,
            format_args!("  {mark}  {:<width$}  {}", check.name, check.summary),
        );
        for line in &check.details {
            push(out, format_args!("            {line}"));
        }
    }
}

fn usage(out: &mut String, boot: &Boot) {
    if let Some(usage) = &boot.usage {
        push(
            out,
            format_args!(
                "  memory {} of {}, root file system {} of {}",
                format_bytes(usage.memory_bytes),
                format_bytes(usage.memory_total_bytes),
                format_bytes(usage.disk_bytes),
                format_bytes(usage.disk_total_bytes)
            ),
        );
        let ports: Vec<String> = usage.ports.iter().map(Port::shown).collect();
        if !ports.is_empty() {
            push(out, format_args!("  listening: {}", ports.join(", ")));
        }
    }
}

fn push(out: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(out, "{line}").expect("a string takes everything");
}
