//! Where the result of another scanner differs from ours.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use goldsmith_advisory::external::{self, Explained, Foreign};
use goldsmith_core::finding::Finding;
use serde_json::{Value, json};

use crate::app::App;
use crate::escape::escape;
use crate::report::CmdError;

/// Names that are shown of one reason without `--all`.
const NAMES: usize = 6;

/// Reads the result of a tool.
pub(super) fn read(app: &App, path: &Path) -> Result<Foreign, CmdError> {
    let shown = path.display().to_string();
    let bytes = fs::read(app.env.working_directory.join(path))
        .map_err(|e| CmdError::io(format!("cannot read `{shown}`"), &e))?;
    Ok(external::read(&shown, &bytes)?)
}

/// The difference for people: by reason, the most first.
pub(super) fn text(ours: &[Finding], other: &Foreign, is_all: bool) -> String {
    let found = external::difference(ours, other);
    let mut text = format!(
        "\nagainst {}: {} in both, {} only here, {} only there\n",
        escape(&other.tool),
        found.both,
        found.ours.len(),
        found.theirs.len()
    );
    for (where_, list) in [("only here", &found.ours), ("only there", &found.theirs)] {
        let mut reasons: Vec<&[Explained]> = list.chunk_by(|a, b| a.why == b.why).collect();
        reasons.sort_by_key(|same| std::cmp::Reverse(same.len()));
        for same in reasons {
            let most = if is_all { usize::MAX } else { NAMES };
            let names = same.iter().take(most);
            let names: Vec<String> = names
                .map(|it| format!("{} in {}", it.id, it.place))
                .collect();
            let more = if same.len() > most { ", ..." } else { "" };
            let _ = writeln!(text, "  {:>6} {where_}: {}", same.len(), same[0].why);
            let _ = writeln!(text, "         {}{more}", escape(&names.join(", ")));
        }
    }
    text
}

/// Adds the difference to a scan's report.
pub(super) fn complete(mut report: Value, ours: &[Finding], other: Option<&Foreign>) -> Value {
    if let Some(other) = other {
        let found = external::difference(ours, other);
        let list = |list: &[Explained]| -> Vec<Value> {
            list.iter()
                .map(|it| json!({ "id": it.id, "place": it.place, "why": it.why }))
                .collect()
        };
        report["compared"] = json!({
            "tool": other.tool,
            "database": other.database,
            "both": found.both,
            "only_here": list(&found.ours),
            "only_there": list(&found.theirs),
        });
    }
    report
}
