//! What neither the compiler nor clippy sees: file sizes, module docs, words and paths
//! that have no place in the repository.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sh::{self, Outcome};

/// Lines in a Rust file, tests included.
const LINES_MAX: usize = 500;

/// Files that may be longer. The list may only shrink.
const LONGER: &[(&str, usize)] = &[];

/// Names that say nothing about what is in a module.
const EMPTY_NAMES: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "manager", "misc",
];

pub(crate) fn run(_arguments: &[String]) -> Outcome {
    let mut problems = Vec::new();
    let files = tracked()?;
    for path in &files {
        let name = path.to_string_lossy();
        let Ok(text) = fs::read_to_string(sh::root().join(path)) else {
            continue;
        };
        if path.extension().is_some_and(|e| e == "rs") {
            rust(&name, path, &text, &mut problems);
        }
        // Put together here so that this file does not find itself.
        for home in [["/ro", "ot/"], ["/ho", "me/"], ["/wo", "rk/"]].map(|parts| parts.concat()) {
            let places = text
                .lines()
                .enumerate()
                .filter(|(_, line)| is_machine_path(line, &home));
            problems.extend(places.map(|(at, line)| {
                format!("{name}:{}: a path of one machine: {}", at + 1, line.trim())
            }));
        }
    }
    if problems.is_empty() {
        println!("    {} files", files.len());
        return Ok(());
    }
    Err(format!(
        "{} problems\n  {}",
        problems.len(),
        problems.join("\n  ")
    ))
}

fn rust(name: &str, path: &Path, text: &str, problems: &mut Vec<String>) {
    let lines = text.lines().count();
    let limit = LONGER
        .iter()
        .find(|(file, _)| *file == name)
        .map_or(LINES_MAX, |(_, limit)| *limit);
    if lines > limit {
        problems.push(format!(
            "{name}: {lines} lines, {limit} allowed: split it by noun"
        ));
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    if EMPTY_NAMES.contains(&&*stem)
        || path
            .components()
            .any(|c| EMPTY_NAMES.contains(&&*c.as_os_str().to_string_lossy()))
    {
        problems.push(format!("{name}: the name says nothing about what is in it"));
    }
    if stem == "mod" {
        problems.push(format!("{name}: use `foo.rs` beside `foo/`"));
    }
    let is_test_file = stem == "tests" || name.contains("/tests/");
    if !is_test_file
        && !text.trim_start().starts_with("//!")
        && !text.trim_start().starts_with("#!")
    {
        problems.push(format!(
            "{name}: starts without a `//!` that says what it is for"
        ));
    }
    for (at, line) in text.lines().enumerate() {
        let ignored = ["#[igno", "re"].concat();
        let stub = ["tod", "o!("].concat();
        let unfinished = ["unimpl", "emented!("].concat();
        if [&ignored, &stub, &unfinished]
            .iter()
            .any(|word| line.contains(word.as_str()))
        {
            problems.push(format!("{name}:{}: {}", at + 1, line.trim()));
        }
    }
}

/// Homes of an image's own users stand in rules and tests; a path of the machine the work was
/// done on is deeper and names the project.
fn is_machine_path(line: &str, home: &str) -> bool {
    line.contains(home)
        && ["wt/", "main/", "shared/", "lab"]
            .iter()
            .any(|deep| line.contains(&format!("{home}{deep}")))
}

fn tracked() -> Result<Vec<PathBuf>, String> {
    let listed = sh::read(
        "git",
        &["ls-files", "--cached", "--others", "--exclude-standard"],
    )?;
    Ok(listed
        .lines()
        .map(PathBuf::from)
        .filter(|p| sh::root().join(p).is_file())
        .collect())
}
