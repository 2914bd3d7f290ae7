//! The edges between crates, held against the table in ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::sh::{self, Outcome};

type Edges = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn run(_arguments: &[String]) -> Outcome {
    let page = fs::read_to_string(sh::root().join("ARCHITECTURE.md")).map_err(|e| e.to_string())?;
    let allowed = table(&page)?;
    let found = manifests()?;
    let mut problems = Vec::new();
    for (krate, edges) in &found {
        let Some(may) = allowed.get(krate) else {
            problems.push(format!("crate `{krate}` is missing from the table"));
            continue;
        };
        for edge in edges.difference(may) {
            problems.push(format!(
                "`{krate}` depends on `{edge}`, which the table does not allow"
            ));
        }
        for edge in may.difference(edges) {
            problems.push(format!(
                "the table lets `{krate}` depend on `{edge}`, but it does not: take it out"
            ));
        }
    }
    for krate in allowed.keys().filter(|k| !found.contains_key(*k)) {
        problems.push(format!("the table names `{krate}`, which does not exist"));
    }
    if problems.is_empty() {
        println!(
            "    {} crates, {} edges",
            found.len(),
            found.values().map(BTreeSet::len).sum::<usize>()
        );
        return Ok(());
    }
    Err(format!(
        "the layers in ARCHITECTURE.md do not hold:\n  {}",
        problems.join("\n  ")
    ))
}

/// Reads the table between the `layers` marks.
fn table(page: &str) -> Result<Edges, String> {
    let body = page
        .split_once("<!-- layers:begin -->")
        .and_then(|(_, rest)| rest.split_once("<!-- layers:end -->"))
        .map(|(body, _)| body)
        .ok_or("ARCHITECTURE.md has no table between `layers:begin` and `layers:end`")?;
    Ok(body
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| crate"))
        .filter_map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            let name = cells.next()?.to_owned();
            let edges = cells
                .next()?
                .split(',')
                .map(str::trim)
                .filter(|e| !e.is_empty());
            Some((name, edges.map(str::to_owned).collect()))
        })
        .collect())
}

/// Reads the `[dependencies]` of every crate; development dependencies are free.
fn manifests() -> Result<Edges, String> {
    let mut edges = Edges::new();
    let crates = sh::root().join("crates");
    let folders = fs::read_dir(&crates)
        .map_err(|e| e.to_string())?
        .flatten()
        .map(|e| e.path());
    for folder in folders.chain([sh::root().join("xtask")]) {
        let manifest = folder.join("Cargo.toml");
        let text =
            fs::read_to_string(&manifest).map_err(|e| format!("{}: {e}", manifest.display()))?;
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let mut section = "";
        let mut found = BTreeSet::new();
        for line in text.lines() {
            if line.starts_with('[') {
                section = line.trim();
            } else if section == "[dependencies]"
                && let Some(rest) = line.strip_prefix("goldsmith-")
            {
                found.extend(rest.split(['.', ' ', '=']).next().map(str::to_owned));
            }
        }
        edges.insert(name, found);
    }
    Ok(edges)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_table() {
        let page = "x <!-- layers:begin -->\n| crate | may |\n|---|---|\n| core | |\n| lang | core, disk |\n<!-- layers:end -->";
        let edges = table(page).unwrap();
        assert_eq!(edges["core"].len(), 0);
        assert_eq!(
            edges["lang"].iter().cloned().collect::<Vec<_>>(),
            ["core", "disk"]
        );
        assert!(table("nothing").is_err());
    }
}
