//! The steps of a build, a line each.

use std::fmt::Write as _;

use goldsmith_build::document::Loaded;
use goldsmith_core::recipe::{Infrastructure, Recipe};
use goldsmith_core::size::format_bytes;
use goldsmith_plan::lock::Section;

/// `missing` are the sizes of the packages that the store has not.
pub(super) fn text(
    recipe: &Recipe,
    section: &Section,
    documents: &[Loaded],
    missing: &[u64],
) -> String {
    let mut text = String::new();
    if recipe.infrastructure.is_none() {
        let _ = writeln!(
            text,
            "  fetch      {} of {} packages, {}",
            missing.len(),
            section.all_packages().count(),
            format_bytes(missing.iter().sum())
        );
    }
    if let Some(parent) = &section.parent {
        let _ = writeln!(text, "  start from {parent}");
    }
    if let Some(Infrastructure::Aws(place)) = &recipe.infrastructure {
        let types = place.types.join(", else ");
        let _ = writeln!(text, "  instance   {types}, in {}", place.region);
    }
    if !section.packages.is_empty() {
        let _ = writeln!(text, "  configure  {} packages", section.packages.len());
    }
    for loaded in documents {
        let phases: Vec<&str> = loaded
            .document
            .phases()
            .filter(|p| ["build", "validate"].contains(p))
            .collect();
        let _ = writeln!(
            text,
            "  component  {} ({}, {} steps)",
            loaded.path,
            phases.join(", "),
            loaded.document.step_count(&phases)
        );
    }
    if recipe.infrastructure.is_some() {
        text.push_str("  image      of all disks of the instance, sanitized and verified\n");
        let with_tests = documents.iter().filter(|loaded| loaded.has_phase("test"));
        for loaded in with_tests {
            let count = loaded.document.step_count(&["test"]);
            let (path, what) = (&loaded.path, "on an instance of it");
            let _ = writeln!(text, "  test       {path} ({count} steps, {what})");
        }
        return text;
    }
    let boot: Vec<_> = recipe
        .disk
        .boot
        .iter()
        .map(|firmware| firmware.name())
        .collect();
    let _ = writeln!(
        text,
        "  disk       {}, {}",
        format_bytes(recipe.disk.size_bytes),
        boot.join(" and ")
    );
    text
}
